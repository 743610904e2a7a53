"""Which way a changed value of the policy moves what callers may do: wider, tighter, neither, or perhaps both.

Where a table entry is missing the answer is *both*: an emergency publish that claims only to tighten must never widen
by something that was not thought of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from governance.engine.call import Json
from governance.engine.compiled.entity import SENSITIVITIES
from governance.engine.principal import TIERS
from governance.policy.document.moments import moment
from governance.policy.schema.entities import CAPTURE


class Move(StrEnum):
    """What a change does to what callers may do, or to what protects them."""

    WIDENS = "widens"
    TIGHTENS = "tightens"
    NEUTRAL = "neutral"
    BOTH = "both"


def together(moves: Iterable[Move]) -> Move:
    """The move of several changes at once."""
    found = set(moves) - {Move.NEUTRAL}
    if not found:
        return Move.NEUTRAL
    return found.pop() if len(found) == 1 else Move.BOTH


def opposite(move: Move) -> Move:
    """What widening a deny does to callers, and the like."""
    return {Move.WIDENS: Move.TIGHTENS, Move.TIGHTENS: Move.WIDENS}.get(move, move)


Judge = Callable[[Json, Json], Move]
"""Takes the value before and after, None where it is not set."""


def _neutral(_old: Json, _new: Json) -> Move:
    return Move.NEUTRAL


def _ordered(rank: Callable[[Json], float], *, up: Move) -> Judge:
    """For values with an order: `up` is what a higher one does."""

    def judge(old: Json, new: Json) -> Move:
        before, after = rank(old), rank(new)
        if before == after:
            return Move.NEUTRAL
        return up if after > before else opposite(up)

    return judge


def _number(value: Json) -> float:
    return float(value) if isinstance(value, int | float) else float("-inf")


def _true(value: Json) -> float:
    return 1.0 if value is True else 0.0


def _time(value: Json) -> float:
    return moment(value).timestamp() if isinstance(value, str) else float("-inf")


def _bound(value: Json) -> float:
    """A ceiling on sensitivity; without one there is none."""
    return float(SENSITIVITIES.index(value)) if isinstance(value, str) else float("inf")


def _tier(value: Json) -> float:
    return float(TIERS[value]) if isinstance(value, str) else float("inf")


def _lowest_scope(value: Json) -> float:
    """A tier implies every lower one, so the lowest scope decides."""
    return min(float(TIERS[str(scope)]) for scope in value) if isinstance(value, list) and value else float("inf")


def _set(*, more: Move, unset_is_all: bool) -> Judge:
    """For sets: `more` is what a larger one does; a set that is not written holds everything or nothing."""

    def judge(old: Json, new: Json) -> Move:
        before, after = _members(old, unset_is_all), _members(new, unset_is_all)
        if before == after:
            return Move.NEUTRAL
        if before is None or (after is not None and after < before):
            return opposite(more)
        if after is None or before < after:
            return more
        return Move.BOTH

    return judge


def _members(value: Json, unset_is_all: bool) -> frozenset[str] | None:
    if value is None:
        return None if unset_is_all else frozenset()
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset()


def _capture(old: Json, new: Json) -> Move:
    """Less evidence is less protection; a tool without a level of its own has its server's, which is not known here."""
    levels = CAPTURE.values
    if old not in levels or new not in levels:
        return Move.BOTH
    return Move.TIGHTENS if levels.index(str(new)) > levels.index(str(old)) else Move.WIDENS


RAISES = _ordered(_number, up=Move.WIDENS)
LOWERS = _ordered(_number, up=Move.TIGHTENS)
WIDE_IF_TRUE = _ordered(_true, up=Move.WIDENS)
TIGHT_IF_TRUE = _ordered(_true, up=Move.TIGHTENS)
LATER = _ordered(_time, up=Move.WIDENS)
PERMITS = _set(more=Move.WIDENS, unset_is_all=False)
RESTRICTS = _set(more=Move.TIGHTENS, unset_is_all=False)
BOUNDARY = _set(more=Move.WIDENS, unset_is_all=True)
ENFORCED = _ordered(lambda value: 0.0 if value == "shadow" else 1.0, up=Move.TIGHTENS)

_COMMON: Mapping[str, Judge] = {
    **dict.fromkeys(
        ("name", "description", "tags", "keywords", "author", "licence", "category", "version", "examples", "example"),
        _neutral,
    ),
    "justification": _neutral,
    "capture": _capture,
    "enabled": WIDE_IF_TRUE,
    "scopes": _ordered(_lowest_scope, up=Move.TIGHTENS),
    "departments": BOUNDARY,
    "principal_kinds": BOUNDARY,
    "default_allow": WIDE_IF_TRUE,
    "sensitivity": _ordered(_bound, up=Move.TIGHTENS),
    "denial": _neutral,
}

JUDGES: Mapping[str, Mapping[str, Judge]] = {
    "departments": _COMMON,
    "groups": _COMMON,
    "roles": {
        **_COMMON,
        "tier": _ordered(_tier, up=Move.TIGHTENS),
        "max_sensitivity": _ordered(_bound, up=Move.WIDENS),
    },
    "agents": {
        **{key: judge for key, judge in _COMMON.items() if key != "departments"},
        "tier": _ordered(_tier, up=Move.WIDENS),
        "entities": BOUNDARY,
        "max_sensitivity": _ordered(_bound, up=Move.WIDENS),
    },
    "servers": {
        **_COMMON,
        "mode": _ordered(lambda value: ("required", "optional", "disabled").index(str(value)), up=Move.WIDENS),
        "agent_required": TIGHT_IF_TRUE,
        "server_requests": PERMITS,
        "names_on_clients": PERMITS,
        "accept_wording": WIDE_IF_TRUE,
    },
    "tools": {**_COMMON, "data_sources": RESTRICTS},
    "data_sources": {
        **_COMMON,
        "patterns.path": RESTRICTS,
        "patterns.host": RESTRICTS,
        "patterns.table": RESTRICTS,
    },
    "skills": _COMMON,
    "plugins": _COMMON,
    "blocklist": {"packs": RESTRICTS, "off": PERMITS, "shadow": PERMITS},
    "blocklist.entries": {"description": _neutral, "examples": _neutral, "mode": ENFORCED},
    "detectors": {
        "packs": RESTRICTS,
        "off": PERMITS,
        "shadow": PERMITS,
        "canaries": RESTRICTS,
        "action": _ordered(lambda value: 1.0 if value == "redact" else 0.0, up=Move.WIDENS),
    },
    "detectors.own": {"description": _neutral, "examples": _neutral, "mode": ENFORCED},
    "exemptions": {"until": LATER, "justification": _neutral},
    "layers": {"mode": ENFORCED, "until": LATER},
    "settings": {"stale_after": RAISES, "stale_after_restricted": RAISES, "two_person": TIGHT_IF_TRUE},
    "rate_limits": {
        "disabled": WIDE_IF_TRUE,
        "burst_multiplier": RAISES,
        "burst_multipliers": RAISES,
        "base_per_second": RAISES,
        "tier_multipliers": RAISES,
        "session.calls": RAISES,
        "session.window_seconds": LOWERS,
    },
    "hooks": {
        **dict.fromkeys(("name", "description", "version", "tags", "visible_to"), _neutral),
        "timeout": _ordered(_number, up=Move.TIGHTENS),
        "enabled": TIGHT_IF_TRUE,
        "mode": ENFORCED,
        "async": WIDE_IF_TRUE,
        "on_failure": _ordered(lambda value: 1.0 if value == "allow" else 0.0, up=Move.WIDENS),
    },
}
"""By the kind of object and the field in it: how a change of that field moves things."""

ARRIVAL: Mapping[str, Move] = {
    **dict.fromkeys(("departments", "groups", "roles", "principals", "tests"), Move.NEUTRAL),
    **dict.fromkeys(("servers", "tools", "data_sources", "skills", "plugins"), Move.NEUTRAL),
    "agents": Move.WIDENS,
    "bindings": Move.WIDENS,
    "exemptions": Move.WIDENS,
    "blocklist.entries": Move.TIGHTENS,
    "detectors.own": Move.TIGHTENS,
    "hooks": Move.TIGHTENS,
}
"""What a new object does by itself. An entity that an allow covers widens, whoever holds what the allow asks for today;
so does an agent, through which calls come that nobody could make before."""

DEPARTURE: Mapping[str, Move] = {
    **dict.fromkeys(("departments", "groups", "principals", "tests"), Move.NEUTRAL),
    **dict.fromkeys(("roles", "agents", "servers", "tools", "skills", "plugins"), Move.TIGHTENS),
    "data_sources": Move.WIDENS,
    "bindings": Move.TIGHTENS,
    "exemptions": Move.TIGHTENS,
    "blocklist.entries": Move.WIDENS,
    "detectors.own": Move.WIDENS,
    "hooks": Move.WIDENS,
}
"""What the removal of an object does: a data source that is gone protects nothing."""


def judge(kind: str, field: str, old: Json, new: Json) -> Move:
    """How one changed field of an object moves things; tests and principals decide nothing."""
    if kind in ("tests", "principals"):
        return Move.NEUTRAL
    found = JUDGES.get(kind, {})
    top = field.partition(".")[0]
    chosen = found.get(field) or found.get(top)
    return chosen(old, new) if chosen is not None else Move.BOTH

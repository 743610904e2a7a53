"""When a release takes a second person: two-person mode, less protection, or the author's own rights.

Everything is judged by the release in force, as the control stood before: a draft cannot vote on itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from accounts.models import User
from governance.engine.principal import TIERS, Tier
from governance.snapshot.diff import REMOVED, Change
from governance.snapshot.effects import Move
from governance.snapshot.shapes import Document

PROTECTION = frozenset(
    {"blocklist", "blocklist.entries", "detectors", "detectors.own", "exemptions", "hooks", "layers", "settings"}
)
"""Kinds of object whose widening is less protection, whoever it is for; so is switching the limits off.

What the installation wrote itself and takes away again is an ordinary change, like the removal of a deny rule: it is
gone for everyone to see. What is off, in shadow or exempted still looks like protection.
"""

MOST_REASONS = 20
_NAMING = ("users", "groups", "roles", "departments", "agents")


def second_person_reasons(
    before: Document | None, after: Document, *, changes: Sequence[Change], author: User | None
) -> list[str]:
    """Why `after` needs a second person, a sentence each; empty when it needs none.

    `before` is the document in force, None before the first release: then every call is denied and nothing is less.
    """
    if before is None:
        return []
    reasons: list[str] = []
    if cast(Mapping[str, Any], before.get("settings", {})).get("two_person"):
        reasons.append("Two-person mode is on.")
    reasons += [f"{change.path} protects less: {change.summary}." for change in changes if _protects_less(change)]
    reasons += [f"Rule {rule} restricts and goes into shadow." for rule in _into_shadow(before, after)]
    if author is not None:
        reasons += [f"{path} is about the author, {author.username}." for path in own_rights(before, after, author)]
    if len(reasons) > MOST_REASONS:
        reasons[MOST_REASONS:] = [f"And {len(reasons) - MOST_REASONS} more of the kind."]
    return reasons


def own_rights(before: Document, after: Document, author: User) -> list[str]:
    """What a draft changes that names its author: by id, group, role, department, agent, or as an administrator.

    What is for everyone, or for a tier that many hold, names nobody in particular.
    """
    found: list[str] = []
    for table, held in (("roles", author.roles), ("groups", author.groups), ("departments", author.departments)):
        old, new = _mapping(before, table), _mapping(after, table)
        found += [f"{table}.{name}" for name in sorted(held) if old.get(name) != new.get(name)]
    old, new = _mapping(before, "agents"), _mapping(after, "agents")
    own = {name for agents in (old, new) for name, agent in agents.items() if agent.get("owner") == author.username}
    found += [f"agents.{name}" for name in sorted(own) if old.get(name) != new.get(name)]
    rules, changed = _rules(before), _rules(after)
    for name in sorted({*rules, *changed}):
        sides = (rules.get(name), changed.get(name))
        if sides[0] != sides[1] and any(side is not None and _names(side["subjects"], author, own) for side in sides):
            found.append(f"rules.{name}")
    return found


def _protects_less(change: Change) -> bool:
    if change.effect not in (Move.WIDENS, Move.BOTH) or change.summary == REMOVED:
        return False
    return change.kind in PROTECTION or change.path == "rate_limits.disabled"


def _into_shadow(before: Document, after: Document) -> Iterable[str]:
    old = _rules(before)
    for name, rule in sorted(_rules(after).items()):
        was = old.get(name)
        if was is None or was["effect"] == "allow" or was.get("mode") == "shadow":
            continue
        if rule.get("mode") == "shadow":
            yield name


def _names(subjects: Mapping[str, Any], author: User, agents: set[str]) -> bool:
    held = {
        "users": {author.username},
        "groups": set(author.groups),
        "roles": set(author.roles),
        "departments": set(author.departments),
        "agents": agents,
    }
    named = [key for key in _NAMING if key in subjects]
    if named:
        return all(held[key] & set(subjects[key]) for key in named)
    words = [*subjects.get("tiers", ()), *([subjects["min_tier"]] if "min_tier" in subjects else [])]
    tiers = {TIERS[word] for word in words}
    return tiers == {Tier.ADMIN} and author.tier == Tier.ADMIN.word


def _mapping(document: Document, key: str) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], document.get(key, {}))


def _rules(document: Document) -> dict[str, Mapping[str, Any]]:
    return {rule["id"]: rule for rule in cast(list[Mapping[str, Any]], document.get("rules", []))}

"""Changed rights as people read them: `carol gains deploy/logs; 3 others through department engineering`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from governance.engine.asking.questions import Right
from governance.engine.call import EntityKind
from governance.engine.decision import Effect
from governance.engine.document.policy import PolicyDocument
from governance.engine.document.rules import RuleFields
from governance.engine.principal import ANONYMOUS, TIERS, Directory
from governance.policy.diff.affected import Entity
from governance.policy.diff.moves import Move
from governance.policy.diff.rights import ChangedCell, Standing, changed_cells

SHOWN = 5
"""Entities, people and agents that one line names."""

_RANK = {Effect.DENY: 0, Effect.ASK: 1, Effect.ALLOW: 2}
_GAINED = {
    (Effect.ALLOW, False): "",
    (Effect.ALLOW, True): ", if the arguments are right",
    (Effect.ASK, False): ", after asking",
    (Effect.ASK, True): ", after asking, if the arguments are right",
}
_MAY = {
    (Effect.ALLOW, False): "may call {}",
    (Effect.ALLOW, True): "may call {} if the arguments are right",
    (Effect.ASK, False): "must ask for {}",
    (Effect.ASK, True): "must ask for {}, if the arguments are right",
}

Who = frozenset[tuple[tuple[str, ...], str]]
"""People whom no policy tells apart, and what they have it through; empty where they are named themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedRight:
    """What changed for some people on some entities."""

    entity: str
    summary: str
    move: Move


def changed_rights(old: PolicyDocument, new: PolicyDocument, *, directory: Directory, now: float) -> list[ChangedRight]:
    """What changes for whom, a line for each change of the same people, sorted. `now` is in seconds, UTC."""
    found = changed_cells(old, new, directory=directory, now=now)
    rules = [{rule["id"]: rule for rule in document.get("rules", ())} for document in (old, new)]
    lines = list(_lines(found.cells, rules[0], rules[1], directory))
    if found.too_many:
        lines.append(ChangedRight(entity="**", summary=found.too_many, move=Move.BOTH))
    return sorted(lines, key=lambda line: (line.entity, line.summary))


def _lines(
    cells: tuple[ChangedCell, ...], old: dict[str, RuleFields], new: dict[str, RuleFields], directory: Directory
) -> Iterator[ChangedRight]:
    by_entity: dict[tuple[Standing, Standing, str, tuple[str, ...], Entity], set[tuple[tuple[str, ...], str]]] = {}
    for cell in cells:
        by, rules = _behind(cell, old, new)
        denied = ", ".join(by.rules) if by is not None and by.code == "rule.deny" else ""
        key = (cell.was, cell.now, denied, cell.agents, cell.entity)
        by_entity.setdefault(key, set()).add((cell.people, _through(by, rules, cell.people[0], directory)))
    by_people: dict[tuple[Standing, Standing, str, tuple[str, ...], Who], list[Entity]] = {}
    for (was, now, denied, agents, entity), who in by_entity.items():
        by_people.setdefault((was, now, denied, agents, frozenset(who)), []).append(entity)
    by_agent: dict[tuple[Standing, Standing, str, Who, tuple[Entity, ...]], list[str]] = {}
    for (was, now, denied, agents, group), entities in by_people.items():
        by_agent.setdefault((was, now, denied, group, tuple(sorted(entities))), []).extend(agents)
    for (was, now, denied, group, among), acting in by_agent.items():
        first, others = _people(group)
        said = _happens(was, now, few([_short(entity) for entity in among]))
        because = f", denied by {denied}" if denied else ""
        through = f"through agent {few(sorted(acting))}: " if acting else ""
        yield ChangedRight(
            entity=few([f"{kind.value}:{name}" for kind, name in among]),
            summary=f"{through}{first[0]} {said}{because}{first[1]}{others}",
            move=_move(was, now),
        )


def _behind(
    cell: ChangedCell, old: dict[str, RuleFields], new: dict[str, RuleFields]
) -> tuple[Right | None, dict[str, RuleFields]]:
    """The answer whose rules made the change: the new one, or the old one where what is new names no rule."""
    if cell.after is not None and cell.after.rules:
        return cell.after, new
    return (cell.before, old) if cell.before is not None and cell.before.rules else (cell.after, new)


def _through(by: Right | None, rules: dict[str, RuleFields], name: str, directory: Directory) -> str:
    """What somebody shares with everybody whom the rule behind a change means; empty where it names them."""
    subjects = rules[by.rules[0]]["subjects"] if by is not None and by.rules else {}
    if name in subjects.get("users", ()) or name == ANONYMOUS.id:
        return ""
    entry = directory[name]
    parts: list[str] = []
    for word, held, named in (
        ("role", entry.roles, subjects.get("roles", ())),
        ("group", entry.groups, subjects.get("groups", ())),
        ("department", entry.departments, subjects.get("departments", ())),
    ):
        parts += [f"{word} {' or '.join(sorted(held & set(named)))}"] if held & set(named) else []
    if "tiers" in subjects:
        parts.append(f"tier {entry.tier.word}")
    if "min_tier" in subjects:
        lowest = TIERS[subjects["min_tier"]].word
        parts.append(f"tier {lowest} or above")
    if not parts:
        return "as everyone" if by is not None and by.rules else "by its default"
    return f"through {' and '.join(parts)}"


def _people(group: Who) -> tuple[tuple[str, str], str]:
    """Whom a line names, with what they alone have it through, and how many others have it through what."""
    ways: dict[str, list[str]] = {}
    for names, way in group:
        ways.setdefault(way, []).extend(names)
    named = sorted(ways.pop("", []))
    alone = ""
    if not named:
        first = min((names for names in ways.values()), key=min)
        way = next(way for way, names in ways.items() if names is first)
        named = [min(first)]
        ways[way] = [name for name in first if name != named[0]]
        if not ways[way]:
            alone = f", {way}"
    counted = sorted(((len(names), way) for way, names in ways.items() if names), key=lambda one: (-one[0], one[1]))
    others = "".join(f"; {count} other{'s' if count > 1 else ''} {way}" for count, way in counted)
    return (few(named), alone), others


def _happens(was: Standing, now: Standing, entities: str) -> str:
    if now[0] is Effect.DENY:
        return f"loses {entities}"
    if was[0] is Effect.DENY:
        return f"gains {entities}{_GAINED[now]}"
    return f"{_MAY[now].format(entities)} (before: {_MAY[was].format('it')})"


def _move(was: Standing, now: Standing) -> Move:
    """Which way one right moves; where its effect goes one way and its conditions the other, both."""
    if Effect.DENY in (was[0], now[0]):
        return Move.WIDENS if was[0] is Effect.DENY else Move.TIGHTENS
    effect, freedom = _RANK[now[0]] - _RANK[was[0]], was[1] - now[1]
    if effect * freedom < 0:
        return Move.BOTH
    return Move.WIDENS if effect + freedom > 0 else Move.TIGHTENS


def few(words: list[str]) -> str:
    """The first of them, and how many more there are."""
    more = len(words) - SHOWN
    return ", ".join(words[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _short(entity: Entity) -> str:
    kind, name = entity
    return name if kind is EntityKind.TOOL else f"{kind.value}:{name}"

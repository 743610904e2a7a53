"""Who may do more, or less, under one policy than under another: worked out cell by cell with the engine itself.

A cell is a typical caller (somebody for whom a rule's subjects hold) and an entity. Conditions depend on the call, so
each policy is asked twice: at its widest, where conditions on allows hold and those on denies do not, and at its
narrowest, the other way round. Equal answers mean *may* or *may not*; different ones *under conditions*.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Literal, TypeAlias

from governance.engine.asking.posed_caller import PosedCaller, described
from governance.engine.call import EntityKind
from governance.engine.compiled.pattern import Pattern
from governance.engine.decision import Effect
from governance.engine.document.entities import ServerFields
from governance.engine.document.people import PrincipalFields
from governance.engine.document.policy import PolicyDocument
from governance.engine.document.rules import CallFields, PeopleFields, RuleFields, SubjectFields
from governance.engine.principal import ANONYMOUS
from governance.policy.diff.moves import Move, together
from governance.policy.document.entity_patterns import TABLES, entities_of, parse_selector
from governance.policy.document.reach import who
from governance.policy.testing import TestBench

MAX_CELLS = 20_000
"""Cells that a diff works out; beyond them it says so, and that anything may have changed."""

MAX_CALLERS_PER_RULE = 8
SHOWN_ENTITIES = 5
_RANK = {Effect.DENY: 0, Effect.ASK: 1, Effect.ALLOW: 2}
_WORDS = {
    (0, 0): "may not",
    (1, 0): "must ask, under conditions",
    (1, 1): "must ask",
    (2, 0): "may, under conditions",
    (2, 1): "may, under conditions after asking",
    (2, 2): "may",
}
_Conditional: TypeAlias = Literal["when", "parameters", "valid_from", "valid_until"]
_CONDITIONAL: tuple[_Conditional, ...] = ("when", "parameters", "valid_from", "valid_until")
_CLOCK = 1_750_000_000.0
"""Any moment: the variants that are asked hold no rule with a window."""

Cell = tuple[int, int]
Entity = tuple[EntityKind, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedRight:
    """What changed for one kind of caller on some entities."""

    entity: str
    summary: str
    move: Move


@dataclass(frozen=True, slots=True, kw_only=True)
class TypicalCaller:
    """A posed caller, and how people call it."""

    words: str
    posed: PosedCaller


def changed_rights(old: PolicyDocument, new: PolicyDocument) -> list[ChangedRight]:
    """What changed for whom, grouped by caller and change, sorted; conditions count as *under conditions*."""
    entities = _affected(old, new)
    callers = _callers(old, new, entities)
    if not entities or not callers:
        return []
    if len(entities) * len(callers) > MAX_CELLS:
        summary = f"{len(callers)} kinds of caller on {len(entities)} entities are too many to work out one by one"
        return [ChangedRight(entity="**", summary=summary, move=Move.BOTH)]
    before, after = _Asked(old), _Asked(new)
    groups: dict[tuple[str, Cell, Cell], list[str]] = {}
    for caller in callers:
        for entity in entities:
            was, now = before.cell(caller, entity), after.cell(caller, entity)
            if was != now:
                groups.setdefault((caller.words, was, now), []).append(f"{entity[0].value}:{entity[1]}")
    return [
        ChangedRight(
            entity=_listed(found), summary=f"{words}: {_WORDS[now]} (before: {_WORDS[was]})", move=_move(was, now)
        )
        for (words, was, now), found in sorted(groups.items())
    ]


def _move(was: Cell, now: Cell) -> Move:
    return together(
        Move.WIDENS if after > before else Move.TIGHTENS
        for before, after in zip(was, now, strict=True)
        if before != after
    )


def _listed(entities: list[str]) -> str:
    more = len(entities) - SHOWN_ENTITIES
    return ", ".join(entities[:SHOWN_ENTITIES]) + (f" and {more} more" if more > 0 else "")


class _Asked:
    """One policy at its widest and at its narrowest."""

    def __init__(self, document: PolicyDocument) -> None:
        self.widest = TestBench(_variant(document, widest=True))
        self.narrowest = TestBench(_variant(document, widest=False))
        self.agents = document.get("agents", {})

    def cell(self, caller: TypicalCaller, entity: Entity) -> Cell:
        if caller.posed.agent is not None and caller.posed.agent not in self.agents:
            return 0, 0
        call: CallFields = {"entity": f"{entity[0].value}:{entity[1]}"}
        answers = [bench.decide(caller.posed, call, at=_CLOCK) for bench in (self.widest, self.narrowest)]
        return _RANK[answers[0].effect], _RANK[answers[1].effect]


def _variant(document: PolicyDocument, *, widest: bool) -> PolicyDocument:
    """The document with nothing in it that depends on a call: only who may reach what by layer 1."""
    rules = [stripped for rule in document.get("rules", ()) if (stripped := _unconditional(rule, widest)) is not None]
    departments = sorted(document.get("departments", {}))
    known = {**_owners(document, departments), **document.get("principals", {})}
    principals: dict[str, PrincipalFields] = {name: {**fields, "status": "active"} for name, fields in known.items()}
    for rule in document.get("rules", ()):
        for user in rule["subjects"].get("users", ()):
            principals.setdefault(user, {"departments": departments})
    return {
        **document,
        "principals": principals,
        "servers": {name: _without_schemas(server) for name, server in document.get("servers", {}).items()},
        "bindings": [],
        "rules": rules,
        "blocklist": {"packs": []},
        "detectors": {"packs": []},
        "exemptions": [],
        "layers": {},
        "settings": {},
        "rate_limits": {"disabled": True},
        "hooks": [],
        "tests": [],
    }


def _without_schemas(server: ServerFields) -> ServerFields:
    tools = {name: tool.copy() for name, tool in server.get("tools", {}).items()}
    for tool in tools.values():
        tool.pop("schema", None)
    return {**server, "tools": tools}


def _owners(document: PolicyDocument, departments: list[str]) -> dict[str, PrincipalFields]:
    """Owners of agents, whom the policy need not know: people in every department."""
    agents = document.get("agents", {})
    return {agent["owner"]: {"departments": departments} for agent in agents.values() if "owner" in agent}


def _unconditional(rule: RuleFields, widest: bool) -> RuleFields | None:
    if rule.get("mode") == "shadow":
        return None
    conditional = any(key in rule for key in _CONDITIONAL)
    if conditional and (rule["effect"] == "allow") != widest:
        return None
    stripped = rule.copy()
    for key in _CONDITIONAL:
        stripped.pop(key, None)
    return stripped


def _changed_rules(old: PolicyDocument, new: PolicyDocument) -> list[RuleFields]:
    before = {rule["id"]: rule for rule in old.get("rules", ())}
    after = {rule["id"]: rule for rule in new.get("rules", ())}
    names = [name for name in {*before, *after} if before.get(name) != after.get(name)]
    return [side[name] for name in sorted(names) for side in (before, after) if name in side]


def _affected(old: PolicyDocument, new: PolicyDocument) -> list[Entity]:
    """Entities that a changed rule covers or that changed themselves; all of them where roles or agents changed."""
    everything = sorted({*entities_of(old), *entities_of(new)})
    if any(old.get(key) != new.get(key) for key in ("roles", "agents")):
        return everything
    patterns = [
        (parse_selector(text, fold=rule["effect"] != "allow"), rule["effect"] != "allow")
        for rule in _changed_rules(old, new)
        for text in rule["entities"]
    ]
    sources = _changed_keys(old, new, "data_sources")
    return [
        (kind, name)
        for kind, name in everything
        if _own(old, kind, name) != _own(new, kind, name)
        or (sources and not sources.isdisjoint(_sources(old, kind, name) | _sources(new, kind, name)))
        or _covered(patterns, kind, name)
    ]


def _covered(patterns: list[tuple[Pattern, bool]], kind: EntityKind, name: str) -> bool:
    return any(pattern.matches(kind, name.casefold() if fold else name) for pattern, fold in patterns)


def _own(document: PolicyDocument, kind: EntityKind, name: str) -> object:
    """What is written of an entity; for a tool with its server's own fields, which bound it."""
    if kind is not EntityKind.TOOL:
        table = next(key for key, of in TABLES.items() if of is kind)
        return document.get(table, {}).get(name)
    server, _, tool = name.partition("/")
    fields = document.get("servers", {}).get(server)
    if fields is None or tool not in fields.get("tools", {}):
        return None
    return fields["tools"][tool], {key: value for key, value in fields.items() if key != "tools"}


def _sources(document: PolicyDocument, kind: EntityKind, name: str) -> set[str]:
    if kind is not EntityKind.TOOL:
        return set()
    server, _, tool = name.partition("/")
    fields = document.get("servers", {}).get(server, {}).get("tools", {}).get(tool, {})
    return set(fields.get("data_sources", ()))


def _changed_keys(old: PolicyDocument, new: PolicyDocument, key: Literal["agents", "data_sources"]) -> set[str]:
    before, after = old.get(key, {}), new.get(key, {})
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def _callers(old: PolicyDocument, new: PolicyDocument, entities: Iterable[Entity]) -> list[TypicalCaller]:
    """Typical callers for the subjects of every rule that has to do with these entities, and through changed agents."""
    targets = list(entities)
    found: dict[TypicalCaller, None] = {}
    departments = sorted({*old.get("departments", ()), *new.get("departments", ())})
    agents = sorted(_changed_keys(old, new, "agents"))
    seen: set[str] = set()
    for document in (old, new):
        for rule in document.get("rules", ()):
            signature = json.dumps(rule["subjects"], sort_keys=True)
            if signature in seen or not _touches(rule, targets):
                continue
            seen.add(signature)
            for caller in islice(_typical(rule["subjects"], departments), MAX_CALLERS_PER_RULE):
                found[caller] = None
                for agent in agents if caller.posed.agent is None else ():
                    through = replace(caller.posed, agent=agent)
                    found[TypicalCaller(words=f"{caller.words} through {agent}", posed=through)] = None
    for caller in _typical({"everyone": True}, departments):
        found.setdefault(caller)
    return sorted(found, key=lambda caller: (caller.words, caller.posed.agent or ""))


def _touches(rule: RuleFields, targets: list[Entity]) -> bool:
    fold = rule["effect"] != "allow"
    patterns = [(parse_selector(text, fold=fold), fold) for text in rule["entities"]]
    return any(_covered(patterns, kind, name) for kind, name in targets)


def _typical(subjects: SubjectFields, departments: list[str]) -> Iterator[TypicalCaller]:
    """Callers that a rule's subjects name: one for each role, group, department and agent; people without a
    department named are taken to be in all, so that no boundary hides what changed."""
    tier = subjects.get("min_tier") or subjects.get("tiers", ["user"])[0]
    agents: tuple[str | None, ...] = tuple(subjects.get("agents", (None,)))
    if "users" in subjects:
        for user, agent in product(subjects["users"], agents):
            yield TypicalCaller(
                words=_words(subjects, {"users": [user]}, agent), posed=PosedCaller(principal=user, agent=agent)
            )
        return
    roles, groups = subjects.get("roles", (None,)), subjects.get("groups", (None,))
    for role, group, department, agent in product(roles, groups, subjects.get("departments", (None,)), agents):
        principal = described(
            {
                "tier": tier,
                "roles": [role] if role else [],
                "groups": [group] if group else [],
                "departments": [department] if department else departments,
            }
        )
        named: PeopleFields = {}
        if role:
            named["roles"] = [role]
        if group:
            named["groups"] = [group]
        if department:
            named["departments"] = [department]
        yield TypicalCaller(
            words=_words(subjects, named, agent),
            posed=PosedCaller(principal=principal, agent=agent),
        )
    if subjects.get("everyone"):
        yield TypicalCaller(words="anonymous", posed=PosedCaller(principal=ANONYMOUS.id))


def _words(subjects: SubjectFields, named: PeopleFields, agent: str | None) -> str:
    said: SubjectFields = {**subjects, **named}
    if agent is not None:
        said["agents"] = [agent]
    return who(said)

"""Who may do more, or less, under one policy than under another: asked of the engine for everybody there really is.

A cell is a principal, the agent it acts through if any, and an entity. Both policies are asked the question that
who-can asks, at the same moment and of the same directory, so that a review never says what who-can would not.
Principals whom no policy can tell apart are asked about once: the cost grows with what people share and not with how
many they are.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from governance.engine.asking.posed_caller import PosedCaller
from governance.engine.asking.questions import Right, rights
from governance.engine.compiled.compilation import compile_snapshot
from governance.engine.compiled.snapshot import EngineKeys
from governance.engine.decision import Effect
from governance.engine.document.entities import ServerFields
from governance.engine.document.policy import PolicyDocument
from governance.engine.principal import ANONYMOUS, Directory, DirectoryEntry
from governance.engine.world import World
from governance.policy.diff.affected import Entity, affected
from governance.policy.document.codec import digest
from governance.policy.document.entity_patterns import TABLES

MAX_CELLS = 40_000
"""Cells that a diff works out; beyond them it says so, and that anything may have changed."""

Standing: TypeAlias = tuple[Effect, bool]
"""What a right is worth: its effect, and whether arguments decide."""

_REFUSED: Standing = (Effect.DENY, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedCell:
    """What changes for people whom neither policy tells apart, through one of `agents` or, without any, by themselves.

    `people` are sorted ids. `before` and `after` are the answers of who-can, None where the entity does not exist.
    """

    people: tuple[str, ...]
    agents: tuple[str, ...]
    entity: Entity
    before: Right | None
    after: Right | None

    @property
    def was(self) -> Standing:
        """What it was worth."""
        return worth(self.before)

    @property
    def now(self) -> Standing:
        """What it is worth."""
        return worth(self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedCells:
    """Every cell that changes. `too_many` says what was left out because it was too much to work out."""

    cells: tuple[ChangedCell, ...]
    too_many: str = ""


def worth(right: Right | None) -> Standing:
    """What an answer of who-can is worth."""
    if right is None or right.effect is Effect.DENY:
        return _REFUSED
    return right.effect, right.conditional


def changed_cells(old: PolicyDocument, new: PolicyDocument, *, directory: Directory, now: float) -> ChangedCells:
    """What changes for the principals of the directory and for anonymous, and through the agents of both policies.

    A change through an agent is left out where it is the one that its principal has without any. `now` is in seconds,
    UTC: a rule out of its window takes no part.
    """
    entities = affected(old, new)
    if not entities:
        return ChangedCells(cells=())
    people = list(_people(old, new, directory).values())
    agents = list(_agents(old, new, directory).values())
    too_many = ""
    if len(entities) * len(people) * (1 + len(agents)) > MAX_CELLS:
        too_many = f"through {sum(map(len, agents))} agents it is too much to work out one by one"
        agents = []
    if len(entities) * len(people) > MAX_CELLS:
        return ChangedCells(
            cells=(), too_many=f"{len(people)} kinds of principal on {len(entities)} entities are too many to work out"
        )
    before, after = (_Side(document, directory) for document in (old, new))
    found: list[ChangedCell] = []
    for names in people:
        own = list(_row(before, after, names, (), entities, now))
        found += own
        known = {(cell.entity, cell.was, cell.now) for cell in own}
        for acting in agents:
            through = _row(before, after, names, acting, entities, now)
            found += [cell for cell in through if (cell.entity, cell.was, cell.now) not in known]
    return ChangedCells(cells=tuple(found), too_many=too_many)


class _Side:
    """One policy, compiled without what layer 1 does not look at, over a directory."""

    def __init__(self, document: PolicyDocument, directory: Directory) -> None:
        plain = _first_layer(document)
        self._snapshot = compile_snapshot(
            plain, release=0, digest=digest(plain), keys=EngineKeys(fingerprint=secrets.token_bytes(32))
        )
        self._world = World(directory=directory)

    def answers(self, name: str, agent: str | None, entities: Sequence[Entity], now: float) -> list[Right | None]:
        """What who-can answers for each entity; None for one that does not exist."""
        known = [self._snapshot.entity(kind.value, id) for kind, id in entities]
        caller = PosedCaller(principal=name, agent=agent).caller(self._world.directory)
        found = rights(self._snapshot, self._world, caller, [one for one in known if one is not None], now=now)
        return [None if one is None else next(found) for one in known]


def _row(
    before: _Side, after: _Side, people: list[str], agents: tuple[str, ...] | list[str], entities: list[Entity],
    now: float,
) -> Iterator[ChangedCell]:  # fmt: skip
    agent = agents[0] if agents else None
    was, is_now = (side.answers(people[0], agent, entities, now) for side in (before, after))
    for entity, old, new in zip(entities, was, is_now, strict=True):
        if worth(old) != worth(new):
            yield ChangedCell(people=tuple(people), agents=tuple(agents), entity=entity, before=old, after=new)


def _first_layer(document: PolicyDocument) -> PolicyDocument:
    """The document without what has no part in who-can, and is dear to compile."""
    return {
        **document,
        "servers": {name: _without_schemas(server) for name, server in document.get("servers", {}).items()},
        "bindings": [],
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


def _people(old: PolicyDocument, new: PolicyDocument, directory: Directory) -> dict[object, list[str]]:
    """The active principals, and anonymous, by what the policies can tell apart."""
    named = _named(old, new, "users")
    groups, departments = _named(old, new, "groups"), _bounding_departments(old, new)
    roles = {*_named(old, new, "roles"), *old.get("roles", ()), *new.get("roles", ())}
    found: dict[object, list[str]] = {}
    for name in sorted(directory):
        entry = directory[name]
        if entry.active:
            key = (
                entry.kind, entry.tier, entry.roles & roles, entry.groups & groups, entry.departments & departments,
                name if name in named else None,
            )  # fmt: skip
            found.setdefault(key, []).append(name)
    found[ANONYMOUS.id] = [ANONYMOUS.id]
    return found


def _agents(old: PolicyDocument, new: PolicyDocument, directory: Directory) -> dict[object, list[str]]:
    """The agents of both policies by their bounds, before and after."""
    named = _named(old, new, "agents")
    found: dict[object, list[str]] = {}
    for name in sorted({*old.get("agents", ()), *new.get("agents", ())}):
        bounds = tuple(_bounds(document, name, directory) for document in (old, new))
        found.setdefault((bounds, name if name in named else None), []).append(name)
    return found


def _bounds(document: PolicyDocument, name: str, directory: Directory) -> object:
    fields = document.get("agents", {}).get(name)
    if fields is None:
        return None
    owner: DirectoryEntry | None = directory.get(fields["owner"])
    said = {key: fields.get(key) for key in ("tier", "entities", "departments", "max_sensitivity", "enabled")}
    return json.dumps(said, sort_keys=True), owner is not None and owner.active, owner and owner.departments


_Kind: TypeAlias = Literal["users", "groups", "roles", "departments", "agents"]


def _named(old: PolicyDocument, new: PolicyDocument, kind: _Kind) -> set[str]:
    """What rules name of one kind, in their subjects or exceptions."""
    return {
        name
        for document in (old, new)
        for rule in document.get("rules", ())
        for subjects in (rule["subjects"], rule.get("except", {}))
        for name in subjects.get(kind, ())
    }


def _bounding_departments(old: PolicyDocument, new: PolicyDocument) -> set[str]:
    """The departments that rules or boundaries name."""
    found = _named(old, new, "departments")
    for document in (old, new):
        for table in TABLES:
            for fields in document.get(table, {}).values():
                found.update(fields.get("departments", ()))
        for server in document.get("servers", {}).values():
            for tool in server.get("tools", {}).values():
                found.update(tool.get("departments", ()))
    return found

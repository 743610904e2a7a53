"""The surface: every entity that exists for one caller. One function for lists, search, registries and plugins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from governance.engine.compiled.entity import CONFIDENTIAL, Entity, Profile
from governance.engine.compiled.index import candidates
from governance.engine.compiled.pattern import Pattern
from governance.engine.compiled.rule import Rule
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.compiled.standing import Standing, grants, restricts, stand
from governance.engine.deciding.boundaries import admits
from governance.engine.deciding.visibility import sound, visible
from governance.engine.decision import Effect
from governance.engine.principal import Caller, PrincipalKind, Tier
from governance.engine.world import World


class SurfaceEntity(NamedTuple):
    """One entity of a surface. `name` is what people call it, the id where the policy gives none."""

    kind: str
    id: str
    name: str
    description: str


def surface(
    snapshot: Snapshot, world: World, caller: Caller, *, now: float, label: str | None = None
) -> tuple[SurfaceEntity, ...]:
    """Every entity that layer 1 would let the caller see, leaving out `when` and `parameters`, by kind and id.

    `label` is an agent id that the caller only states. Rules are weighed once each against the caller and then spread
    over the entities they name, so that the cost is one pass over the entities and not one decision for each.
    """
    standing = stand(caller, label, snapshot.bounds, snapshot.roles, world.directory)
    if not sound(standing):
        return ()
    return tuple(
        SurfaceEntity(entity.kind, entity.id, entity.title or entity.id, entity.description)
        for entity in entities(snapshot, standing, now)
    )


def seen(snapshot: Snapshot, world: World, caller: Caller, kind: str, id: str, *, now: float) -> bool:
    """Whether one entity is on the surface: the same answer as `surface` at the cost of one entity."""
    entity = snapshot.entity(kind, id)
    if entity is None:
        return False
    standing = stand(caller, None, snapshot.bounds, snapshot.roles, world.directory)
    return visible(snapshot, standing, entity, now)


def entities(snapshot: Snapshot, standing: Standing, now: float) -> list[Entity]:
    """The entities of a sound standing's surface, in order."""
    open_profiles: dict[int, bool] = {}

    def admitted(profile: Profile) -> bool:
        known = open_profiles.get(id(profile))
        if known is None:
            known = open_profiles[id(profile)] = admits(profile, standing)
        return known

    tiers = (False, True) if standing.lowers else (False,)
    denied = _reach(
        snapshot,
        (
            pattern
            for rule in _applicable(snapshot, standing, now, restricting=True)
            if not rule.conditional
            and rule.effect is Effect.DENY
            and any(restricts(rule, standing, lowered=lowered) for lowered in tiers)
            for pattern in rule.patterns
        ),
        fold=True,
    )
    allowing = _applicable(snapshot, standing, now, restricting=False)
    allowed = [
        _reach(
            snapshot,
            (p for rule in allowing if grants(rule, standing, lowered=lowered) for p in rule.patterns),
            fold=False,
        )
        for lowered in tiers
    ]
    anyone = any(one.principal.kind is PrincipalKind.ANONYMOUS or one.own <= Tier.ANONYMOUS for one in standing.people)
    bounded = [
        _reach(snapshot, agent.bound.entities, fold=False)
        for agent in standing.agents
        if agent.bound.entities is not None
    ]

    def granted(entity: Entity) -> bool:
        if entity.default_allow and not anyone and entity.profile.sensitivity < CONFIDENTIAL:
            return True
        return all(entity in reach for reach in allowed)

    shut: dict[str, bool] = {}

    def touchable(source: str) -> bool:
        """Whether a declared data source lets the caller's call through."""
        known = shut.get(source)
        if known is None:
            entity = snapshot.entities["data_source", source]
            known = shut[source] = (
                admitted(entity.profile)
                and entity not in denied
                and (entity.profile.sensitivity < CONFIDENTIAL or granted(entity))
            )
        return known

    servers: dict[str, bool] = {}

    def reachable(id: str) -> bool:
        """Whether a tool's server lets the caller's call through."""
        known = servers.get(id)
        if known is None:
            server = snapshot.entities["server", id]
            known = servers[id] = admitted(server.profile) and server not in denied
        return known

    return [
        entity
        for entity in snapshot.ordered
        if admitted(entity.profile)
        and (entity.kind != "tool" or reachable(entity.server or ""))
        and granted(entity)
        and entity not in denied
        and all(map(touchable, entity.data_sources))
        and all(entity in reach for reach in bounded)
    ]


def _applicable(snapshot: Snapshot, standing: Standing, now: float, *, restricting: bool) -> list[Rule]:
    index, keys = (
        (snapshot.restricting, standing.restricting) if restricting else (snapshot.granting, standing.granting)
    )
    return [rule for rule in candidates((index.subjects,), keys) if not rule.shadow and rule.in_force(now)]


class NamedEntities:
    """The entities that a set of rules names, without listing them where a pattern names everything."""

    __slots__ = ("_all", "_named", "_servers")

    def __init__(self) -> None:
        self._all: set[str] = set()
        self._named: set[tuple[str, str]] = set()
        self._servers: set[str] = set()

    def __contains__(self, entity: Entity) -> bool:
        if self._all and ("" in self._all or entity.kind in self._all):
            return True
        if (entity.kind, entity.id) in self._named:
            return True
        return entity.kind == "tool" and (entity.server in self._servers or "server" in self._all)

    def everything(self, kind: str) -> None:
        self._all.add(kind)

    def name(self, kind: str, id: str) -> None:
        self._named.add((kind, id))

    def server(self, id: str) -> None:
        self._named.add(("server", id))
        self._servers.add(id)


def _reach(snapshot: Snapshot, patterns: Iterable[Pattern], *, fold: bool) -> NamedEntities:
    reach = NamedEntities()
    directory = snapshot.ids(fold)
    done: set[str] = set()
    for pattern in patterns:
        if pattern.text in done:
            continue
        done.add(pattern.text)
        if pattern.glob == "**":
            reach.everything(pattern.kind or "")
            continue
        for kind, id in directory.matching(pattern):
            if kind == "server" and pattern.kind == "server":
                reach.server(id)
            else:
                reach.name(kind, id)
    return reach

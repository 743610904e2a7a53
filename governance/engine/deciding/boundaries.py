"""Boundaries: what an entity asks of whoever comes, and what an agent's bounds leave of it. They only narrow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from governance.engine.call import Json
from governance.engine.compiled.entity import SENSITIVITIES, Entity, Profile
from governance.engine.compiled.standing import Acting, Person, Standing
from governance.engine.principal import Tier


class Fault(NamedTuple):
    """A boundary that does not hold: its code, the entity that has it, and what `Detail` tells of it.

    `holder` is the principal or the agent that it does not let in; empty where it lets in nobody.
    """

    code: str
    entity: Entity
    path: str
    required: Json
    actual: Json
    fix: str
    holder: str = ""


def admits(profile: Profile, standing: Standing) -> bool:
    """Whether an entity of this profile is open to every principal and every agent's departments and sensitivity."""
    departments, kinds, sensitivity = profile.departments, profile.kinds, profile.sensitivity
    for one in standing.people:
        if (
            one.lowered < profile.threshold
            or sensitivity > one.max_sensitivity
            or (kinds is not None and one.principal.kind not in kinds)
            or (departments is not None and departments.isdisjoint(one.principal.departments))
        ):
            return False
    for agent in standing.agents:
        most = agent.bound.max_sensitivity
        if (most is not None and sensitivity > most) or (
            departments is not None and departments.isdisjoint(agent.departments)
        ):
            return False
    return profile.enabled


def fault(touched: Iterable[Entity], standing: Standing) -> Fault | None:
    """The first boundary that does not hold, in the order of the codes; None when all do.

    The entity that is called stands first in `touched`; agents' `entities` bound only that one.
    """
    entities = tuple(touched)
    return (
        _disabled(entities)
        or _scope(entities, standing.people)
        or _kind(entities, standing.people)
        or _department(entities, standing.people)
        or _sensitivity(entities, standing.people)
        or _bound(entities, standing.agents)
    )


def _disabled(entities: tuple[Entity, ...]) -> Fault | None:
    for entity in entities:
        if not entity.profile.enabled:
            return Fault("entity.disabled", entity, "entity.enabled", True, False, "Ask for it to be enabled.")
    return None


def _scope(entities: tuple[Entity, ...], people: tuple[Person, ...]) -> Fault | None:
    for entity in entities:
        for one in people:
            if one.lowered < entity.profile.threshold:
                return Fault(
                    "scope.insufficient",
                    entity,
                    "principal.tier",
                    list(entity.scopes),
                    Tier(one.lowered).word,
                    "Call with one of the required tiers.",
                    one.principal.id,
                )
    return None


def _kind(entities: tuple[Entity, ...], people: tuple[Person, ...]) -> Fault | None:
    for entity in entities:
        kinds = entity.profile.kinds
        for one in people:
            if kinds is not None and one.principal.kind not in kinds:
                required: list[Json] = [*sorted(kinds)]
                return Fault(
                    "scope.insufficient",
                    entity,
                    "principal.kind",
                    required,
                    one.principal.kind.value,
                    "Call as one of the required kinds of principal.",
                    one.principal.id,
                )
    return None


def _department(entities: tuple[Entity, ...], people: tuple[Person, ...]) -> Fault | None:
    for entity in entities:
        departments = entity.profile.departments
        for one in people:
            if departments is not None and departments.isdisjoint(one.principal.departments):
                required: list[Json] = [*sorted(departments)]
                actual: list[Json] = [*sorted(one.principal.departments)]
                return Fault(
                    "department.outside",
                    entity,
                    "principal.departments",
                    required,
                    actual,
                    "Call as a member of one of the required departments.",
                    one.principal.id,
                )
    return None


def _sensitivity(entities: tuple[Entity, ...], people: tuple[Person, ...]) -> Fault | None:
    for entity in entities:
        for one in people:
            if entity.profile.sensitivity > one.max_sensitivity:
                return Fault(
                    "sensitivity.exceeded",
                    entity,
                    "principal.max_sensitivity",
                    SENSITIVITIES[entity.profile.sensitivity],
                    SENSITIVITIES[one.max_sensitivity],
                    "Call with a role that reaches this sensitivity.",
                    one.principal.id,
                )
    return None


def _bound(entities: tuple[Entity, ...], agents: tuple[Acting, ...]) -> Fault | None:
    fix = "Use an agent whose bounds include this."
    for agent in agents:
        if not agent.bound.covers(entities[0]):
            return Fault("agent.bound", entities[0], "agent.entities", entities[0].id, None, fix, agent.bound.id)
        for entity in entities:
            departments = entity.profile.departments
            if departments is not None and departments.isdisjoint(agent.departments):
                required: list[Json] = [*sorted(departments)]
                actual: list[Json] = [*sorted(agent.departments)]
                return Fault("agent.bound", entity, "agent.departments", required, actual, fix, agent.bound.id)
            most = agent.bound.max_sensitivity
            if most is not None and entity.profile.sensitivity > most:
                return Fault(
                    "agent.bound",
                    entity,
                    "agent.max_sensitivity",
                    SENSITIVITIES[entity.profile.sensitivity],
                    SENSITIVITIES[most],
                    fix,
                    agent.bound.id,
                )
    return None

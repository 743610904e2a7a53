"""Whether one entity exists for one caller: layer 1 without conditions and parameters."""

from __future__ import annotations

from governance.engine.compiled.entity import Entity
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.compiled.standing import Standing
from governance.engine.deciding.boundaries import admits
from governance.engine.deciding.verdict import verdict


def sound(standing: Standing) -> bool:
    """Whether layer 1 knows everybody in the call as active, and every agent as enabled."""
    return (
        standing.unknown_agent is None
        and all(one.principal.known and one.principal.active for one in standing.people)
        and all(agent.bound.enabled and not agent.orphaned for agent in standing.agents)
    )


def visible(snapshot: Snapshot, standing: Standing, entity: Entity, now: float) -> bool:
    """Whether the entity is on the surface: some call to it could pass layer 1, whatever its arguments.

    A conditional allow may let such a call pass and a conditional deny may spare it, so the one counts and the other
    does not; schema and audience depend on the call and do not count.
    """
    if not sound(standing):
        return False
    plan = snapshot.plan(entity)
    if not all(admits(one.profile, standing) for one in plan.touched):
        return False
    if not all(agent.bound.covers(entity) for agent in standing.agents):
        return False
    found = verdict(standing, plan, None, now)
    return not found.denies and found.ungranted is None

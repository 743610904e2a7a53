"""Who asks, as rules and boundaries see it: every principal, every agent, own and lowered tier."""

from __future__ import annotations

from typing import Any, NamedTuple

from governance.engine.compiled.entity import INTERNAL, Bound
from governance.engine.compiled.rule import EVERYONE, Rule, Subjects
from governance.engine.principal import Caller, Directory, Principal, PrincipalKind


class Person(NamedTuple):
    """A principal of the call. `lowered` is its tier under every agent's ceiling.

    `held` are all its roles, for what restricts; `roles` those whose tier it reaches, for what grants: a role never
    raises a tier, and who lacks its tier does not hold it.
    """

    principal: Principal
    own: int
    lowered: int
    held: frozenset[str]
    roles: frozenset[str]
    max_sensitivity: int


class Acting(NamedTuple):
    """An agent of the call with its departments: its own, or its owner's."""

    bound: Bound
    departments: frozenset[str]
    orphaned: bool


class Standing(NamedTuple):
    """The caller, resolved against a release and the directory.

    `links` pairs each link's principal with its agent; `signed` says whether a verified claim names an agent: a label
    narrows as an agent does and never stands in for one. `restricting` and `granting` are subject keys.
    """

    people: tuple[Person, ...]
    agents: tuple[Acting, ...]
    agent_ids: frozenset[str]
    links: tuple[tuple[Person, str | None], ...]
    signed: bool
    lowers: bool
    restricting: tuple[str, ...]
    granting: tuple[str, ...]
    unknown_agent: str | None
    memo: dict[Any, Any]
    """What was worked out for this standing and holds as long as it does."""


def stand(
    caller: Caller,
    label: str | None,
    bounds: dict[str, Bound],
    roles: dict[str, tuple[int, int]],
    directory: Directory,
) -> Standing:
    """The standing of a caller whose call carries `label` as agent id. `roles` gives (tier, max_sensitivity)."""
    ids: list[str] = [] if caller.agent is None else [caller.agent]
    ids += [link.agent for link in caller.chain if link.agent is not None]
    signed = bool(ids)
    if label is not None and label in bounds and label not in ids:
        ids.append(label)
    else:
        label = None
    unknown: str | None = None
    agents: list[Acting] = []
    ceiling = 1_000
    for agent in ids:
        bound = bounds.get(agent)
        if bound is None:
            unknown = unknown or agent
            continue
        ceiling = min(ceiling, bound.tier)
        owner = directory.get(bound.owner) if bound.owner is not None else None
        departments = bound.departments
        if departments is None:
            departments = frozenset() if owner is None else owner.departments
        agents.append(Acting(bound, departments, owner is None or not owner.active))
    first = person(caller.principal, ceiling, roles)
    people = [first]
    links: list[tuple[Person, str | None]] = [(first, caller.agent)]
    for link in caller.chain:
        if link.principal is not None:
            people.append(person(link.principal, ceiling, roles))
        # An agent that the chain names without a principal acts for the principal of the link before it.
        links.append((people[-1], link.agent))
    if label is not None:
        links.append((first, label))
    return Standing(
        people=tuple(people),
        agents=tuple(agents),
        agent_ids=frozenset(ids),
        links=tuple(links),
        signed=signed,
        lowers=any(one.lowered != one.own for one in people),
        restricting=_keys(people, ids, every=True),
        granting=_keys([first], ids, every=False),
        unknown_agent=unknown,
        memo={},
    )


def person(principal: Principal, ceiling: int, roles: dict[str, tuple[int, int]]) -> Person:
    """A principal with what its roles give it under this ceiling."""
    own = int(principal.tier)
    held = principal.roles
    best = -1
    reached = held
    for role in held:
        known = roles.get(role)
        if known is None or known[0] > own:
            reached = reached - {role}
        elif known[1] > best:
            best = known[1]
    anonymous = principal.kind is PrincipalKind.ANONYMOUS
    return Person(
        principal=principal,
        own=own,
        lowered=own if own < ceiling else ceiling,
        held=held,
        roles=reached,
        max_sensitivity=INTERNAL if best < 0 or anonymous else best,
    )


def _keys(people: list[Person], agents: list[str], *, every: bool) -> tuple[str, ...]:
    keys = {EVERYONE}
    keys.update([f"a:{agent}" for agent in agents])
    for one in people:
        principal = one.principal
        keys.add("u:" + principal.id)
        keys.add(f"t:{one.own}")
        keys.add(f"t:{one.lowered}")
        keys.update(["g:" + group for group in principal.groups])
        keys.update(["r:" + role for role in (one.held if every else one.roles)])
        keys.update(["d:" + department for department in principal.departments])
    return tuple(keys)


def restricts(rule: Rule, standing: Standing, *, lowered: bool) -> bool:
    """Whether a deny or an ask means this caller: any link suffices, read at its own tier or at the lowered one."""
    for one, agent in standing.links:
        tier = one.lowered if lowered else one.own
        if _link(rule.subjects, one, one.held, agent, tier) and not (
            rule.excepted is not None and _link(rule.excepted, one, one.roles, agent, tier)
        ):
            return True
    return False


def grants(rule: Rule, standing: Standing, *, lowered: bool) -> bool:
    """Whether an allow means this caller: it must hold for every principal, and `agents` for every agent."""
    subjects = rule.subjects
    if not subjects.people:
        return False
    if subjects.agents is not None and not (standing.signed and standing.agent_ids <= subjects.agents):
        return False
    for one in standing.people:
        tier = one.lowered if lowered else one.own
        if not subjects.names(one.principal, one.roles, tier):
            return False
        if rule.excepted is not None:
            agents = rule.excepted.agents
            if (agents is None or not standing.agent_ids.isdisjoint(agents)) and rule.excepted.names(
                one.principal, one.held, tier
            ):
                return False
    return True


def _link(subjects: Subjects, one: Person, roles: frozenset[str], agent: str | None, tier: int) -> bool:
    return (subjects.agents is None or agent in subjects.agents) and subjects.names(one.principal, roles, tier)

"""What undoes a denial that is about a principal or an agent: in the directory, in the policy, in the token."""

from __future__ import annotations

from dataclasses import replace

from governance.engine.asking.remedies.step import Step, Tried
from governance.engine.asking.trial import Trial
from governance.engine.compiled.entity import SENSITIVITIES, Bound
from governance.engine.compiled.pattern import Pattern
from governance.engine.compiled.standing import Acting, Person, Standing
from governance.engine.deciding.boundaries import Fault
from governance.engine.deciding.layers.scope import MAX_LINKS
from governance.engine.decision import Decision, Effect
from governance.engine.principal import DirectoryEntry, Principal, PrincipalKind, Tier

MOST_AGENTS = 50
"""Registered agents that are tried for a call that needs one."""


def add_principal(trial: Trial, decision: Decision) -> Tried:
    """For `principal.unknown`."""
    name = next(one.principal.id for one in _standing(trial).people if not one.principal.known)

    def apply(tried: Trial) -> None:
        entry = DirectoryEntry(kind=PrincipalKind.USER, active=True, tier=Tier.USER, epoch=0)
        tried.enter(name, entry)
        tried.person_with(name, known=True, active=True, tier=Tier.USER, rate_tier="user")

    fix = f"The principal '{name}' is not in the directory: add it, or check the subject of the token"
    return Step(path="directory", of=name, value={"kind": "user", "tier": "user"}, fix=fix), apply


def activate_principal(trial: Trial, decision: Decision) -> Tried:
    """For `principal.inactive`."""
    name = next(one.principal.id for one in _standing(trial).people if not one.principal.active)
    fix = f"The principal '{name}' is not active: activate it in the directory"
    return Step(path="principal.status", of=name, value="active", fix=fix), lambda tried: tried.person_with(
        name, active=True
    )


def know_agent(trial: Trial, decision: Decision) -> Tried:
    """For `agent.unknown`: one that is not registered, or none where there must be one."""
    standing = _standing(trial)
    name = standing.unknown_agent
    if name is None:
        return _name_agent(trial)
    owner, tier = trial.caller.principal.id, Tier(max(one.own for one in standing.people)).word
    fix = f"The agent '{name}' is not in the policy: register it, owned by '{owner}', or check the token's agent"
    bound = Bound(id=name, owner=owner, tier=max(one.own for one in standing.people), enabled=True)
    step = Step(path="agents", of=name, value={"owner": owner, "tier": tier}, fix=fix)
    return step, lambda tried: tried.bound_with(bound)


def _name_agent(trial: Trial) -> Tried:
    """A registered agent with which this denial is gone and nothing else denies; else the first there is."""
    there = sorted(trial.snapshot.bounds)[:MOST_AGENTS]

    def passes(name: str) -> bool:
        tried = trial.copy()
        tried.caller_with(agent=name)
        return tried.decide().effect is not Effect.DENY

    name = next((one for one in there if passes(one)), there[0] if there else "")
    if not name:
        fix = (
            "A call through this door must be made by an agent, and none is registered: register one, and use its token"
        )
        return Step(path="agents", fix=fix), None
    fix = f"A call through this door must be made by an agent: use a token that names one, such as '{name}'"
    return Step(path="token.agent", value=name, fix=fix), lambda tried: tried.caller_with(agent=name)


def enable_agent(trial: Trial, decision: Decision) -> Tried:
    """For `agent.disabled`: the agent itself, or its owner."""
    agent = next(one for one in _standing(trial).agents if not one.bound.enabled or one.orphaned)
    bound, owner = agent.bound, agent.bound.owner
    if not bound.enabled:
        step = Step(path="agent.enabled", of=bound.id, value=True, fix=f"Enable the agent '{bound.id}'")
        return step, lambda tried: tried.bound_with(bound, enabled=True)
    if owner is None:
        return Step(path="agent.owner", of=bound.id, fix=f"Give the agent '{bound.id}' an owner who is active"), None
    entry = trial.world.directory.get(owner)
    if entry is None:
        fix = f"The owner '{owner}' of the agent '{bound.id}' is not in the directory: add them, or name another owner"
        made = DirectoryEntry(kind=PrincipalKind.USER, active=True, tier=Tier.USER, epoch=0)
        step = Step(path="directory", of=owner, value={"kind": "user", "tier": "user"}, fix=fix)
        return step, lambda tried: tried.enter(owner, made)
    fix = f"The owner '{owner}' of the agent '{bound.id}' is not active: activate them, or name another owner"
    awake = replace(entry, active=True)
    return Step(path="principal.status", of=owner, value="active", fix=fix), lambda tried: tried.enter(owner, awake)


def widen_agent(trial: Trial, found: Fault | None) -> Tried:
    """For `agent.bound`: what the fault says; without one the chain is too long."""
    if found is None:
        chain = trial.caller.chain
        fix = f"Delegate over at most {MAX_LINKS} links: this chain has {len(chain)}"
        return Step(path="token.act", value=MAX_LINKS, fix=fix), lambda tried: tried.caller_with(
            chain=chain[:MAX_LINKS]
        )
    agent = _acting(trial, found.holder)
    bound, entity = agent.bound, found.entity
    other = "or use another agent"
    if found.path == "agent.entities":
        selector = f"{entity.kind}:{entity.id}"
        step = Step(
            path=found.path,
            of=bound.id,
            value=selector,
            fix=f"Add {selector} to what the agent '{bound.id}' may use, {other}",
        )
        return step, lambda tried: tried.bound_with(bound, entities=(*(bound.entities or ()), Pattern.parse(selector)))
    if found.path == "agent.departments":
        wanted = sorted(entity.profile.departments or ())[0]
        held = sorted({*agent.departments, wanted})
        fix = f"Let the agent '{bound.id}' act for the department '{wanted}', {other}"
        step = Step(path=found.path, of=bound.id, value=[*held], fix=fix)
        return step, lambda tried: tried.bound_with(bound, departments=frozenset(held))
    level = SENSITIVITIES[entity.profile.sensitivity]
    fix = f"Let the agent '{bound.id}' reach {level}, {other}"
    step = Step(path=found.path, of=bound.id, value=level, fix=fix)
    return step, lambda tried: tried.bound_with(bound, max_sensitivity=entity.profile.sensitivity)


def raise_tier(trial: Trial, found: Fault) -> Tried:
    """For `scope.insufficient`: the tier, what lowers it, or the kind of principal."""
    one, wanted = _person(trial, found.holder), Tier(found.entity.profile.threshold)
    if found.path == "principal.kind":
        return _as_kind(trial, found, one)
    if one.principal.kind is PrincipalKind.ANONYMOUS:
        return _sign_in(found.path, f"of tier '{wanted.word}' or above", wanted.word)
    if one.own >= wanted:
        bound = min((agent.bound for agent in _standing(trial).agents), key=lambda bound: bound.tier)
        fix = f"Raise the tier ceiling of the agent '{bound.id}' to '{wanted.word}', or call without it"
        step = Step(path="agent.tier", of=bound.id, value=wanted.word, fix=fix)
        return step, lambda tried: tried.bound_with(bound, tier=int(wanted))
    return give_tier(one.principal, wanted, found.path)


def _as_kind(trial: Trial, found: Fault, one: Person) -> Tried:
    """Another kind of principal, which everything that is touched takes; anonymous only where it takes nobody else."""
    plan = trial.resolved().plan
    assert plan is not None
    asked = [entity.profile.kinds for entity in plan.touched if entity.profile.kinds is not None]
    kinds = sorted(frozenset.intersection(*asked), key=lambda kind: (kind == PrincipalKind.ANONYMOUS, kind))
    if not kinds:
        fix = "Nobody can do this: what is touched asks for different kinds of principal"
        return Step(path=found.path, fix=fix), None
    kind = PrincipalKind(kinds[0])
    if kind is PrincipalKind.ANONYMOUS:
        fix = "Only callers without a token may do this: call without one"
        return Step(path=found.path, value=kind.value, fix=fix), None
    if one.principal.kind is PrincipalKind.ANONYMOUS:
        return _sign_in(found.path, f"of the kind '{kind.value}'", kind.value)
    fix = f"Call as a {kind.value}: '{one.principal.id}' is none"
    step = Step(path=found.path, of=one.principal.id, value=kind.value, fix=fix)
    return step, lambda tried: tried.person_with(one.principal.id, kind=kind)


def give_tier(principal: Principal, wanted: Tier, path: str = "principal.tier") -> Tried:
    """A higher tier in the directory."""
    fix = f"Give '{principal.id}' the tier '{wanted.word}', or call as somebody who has it"
    step = Step(path=path, of=principal.id, value=wanted.word, fix=fix)
    return step, lambda tried: tried.person_with(principal.id, tier=wanted)


def join_department(trial: Trial, found: Fault) -> Tried:
    """For `department.outside`."""
    names = sorted(found.entity.profile.departments or ())
    one = _person(trial, found.holder)
    among = " or ".join(f"'{name}'" for name in names)
    if one.principal.kind is PrincipalKind.ANONYMOUS:
        return _sign_in(found.path, f"of the department {among}", names[0])
    fix = f"Make '{one.principal.id}' a member of the department {among}"
    step = Step(path=found.path, of=one.principal.id, value=names[0], fix=fix)
    return step, lambda tried: tried.person_with(one.principal.id, add={"departments": names[0]})


def reach_sensitivity(trial: Trial, found: Fault) -> Tried:
    """For `sensitivity.exceeded`: a role that reaches it, the tier that a held one asks for, or a wider role."""
    one, roles = _person(trial, found.holder), trial.snapshot.roles
    needed, name = found.entity.profile.sensitivity, found.holder
    level = SENSITIVITIES[needed]
    if one.principal.kind is PrincipalKind.ANONYMOUS:
        return _sign_in(found.path, f"with a role that reaches {level}", level)
    reaching = sorted((tier, role) for role, (tier, most) in roles.items() if most >= needed)
    held = [(tier, role) for tier, role in reaching if role in one.held]
    if held:
        step, apply = give_tier(one.principal, Tier(held[0][0]))
        return replace(step, fix=f"{step.fix}: its role '{held[0][1]}', which reaches {level}, asks for it"), apply
    if reaching:
        role = reaching[0][1]
        fix = f"Give '{name}' a role that reaches {level}, such as '{role}'"
        step = Step(path="principal.roles", of=name, value=role, fix=fix)
        return step, lambda tried: tried.person_with(name, add={"roles": role})
    if one.roles:
        role = min(one.roles)
        fix = f"No role reaches {level}: let the role '{role}' of '{name}' reach it"
        step = Step(path="role.max_sensitivity", of=role, value=level, fix=fix)
        tier = roles[role][0] if role in roles else int(Tier.ANONYMOUS)
        return step, lambda tried: tried.role_with(role, tier=tier, max_sensitivity=needed)
    role = f"reaches-{level}"
    fix = f"No role reaches {level}: make one"
    step = Step(path="roles", of=role, value={"max_sensitivity": level}, fix=fix)
    return step, lambda tried: tried.role_with(role, tier=int(Tier.ANONYMOUS), max_sensitivity=needed)


def _sign_in(path: str, who: str, value: str) -> Tried:
    fix = f"Anonymous can never do this: call with the token of a principal {who}"
    return Step(path=path, of="anonymous", value=value, fix=fix), None


def _standing(trial: Trial) -> Standing:
    standing = trial.resolved().standing
    assert standing is not None
    return standing


def _person(trial: Trial, name: str) -> Person:
    return next(one for one in _standing(trial).people if one.principal.id == name)


def _acting(trial: Trial, name: str) -> Acting:
    return next(one for one in _standing(trial).agents if one.bound.id == name)

"""What the rules say of a call: deny over ask over allow, whatever their order, and default deny."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from governance.engine.call import Call, Json
from governance.engine.conditions import Activation
from governance.engine.decision import Effect
from governance.engine.entity import CONFIDENTIAL, Entity
from governance.engine.index import candidates
from governance.engine.principal import Caller, PrincipalKind, Tier
from governance.engine.rule import Rule
from governance.engine.snapshot import Plan
from governance.engine.standing import Person, Standing, grants, restricts

BOTH = (False, True)
OWN = (False,)


class View:
    """The arguments of one call as conditions see them, at the principal's own tier or at the lowered one."""

    __slots__ = ("_activations", "_call", "_caller", "_now", "_plan", "_standing", "unevaluable")

    def __init__(self, call: Call, caller: Caller, standing: Standing, plan: Plan, now: float) -> None:
        self._call, self._caller, self._standing, self._plan, self._now = call, caller, standing, plan, now
        self._activations: dict[bool, Activation] = {}
        self.unevaluable: dict[str, None] = {}

    def value(self, rule: Rule, *, lowered: bool) -> bool | None:
        """The value of a rule's condition; one that cannot be evaluated is noted."""
        if rule.condition is None:
            return True
        activation = self._activations.get(lowered)
        if activation is None:
            activation = self._activations[lowered] = self._activate(lowered)
        value = rule.condition.value(activation)
        if value is None:
            self.unevaluable[rule.id] = None
        return value

    def violation(self, rule: Rule) -> str | None:
        """The pointer of the argument that a rule's parameters refuse, or None."""
        return None if rule.parameters is None else rule.parameters.violation(self._call.arguments)

    def _activate(self, lowered: bool) -> Activation:
        labels = self._call.labels
        signed = self._caller.agent
        call: dict[str, Json] = {"door": self._call.door.value}
        if self._caller.session_id is not None:
            call["session_id"] = self._caller.session_id
        client = self._caller.client_id or labels.client_id
        if client is not None:
            call["client_id"] = client
        agent: dict[str, Json] = {}
        for acting in self._standing.agents:
            if acting.bound.id == signed:
                agent = {"id": signed, "tier": Tier(acting.bound.tier).word, "owner": acting.bound.owner}
        return Activation(
            args=self._call.arguments,
            size=self._call.size,
            variables={
                "principal": _facts(self._standing.people[0], lowered),
                "agent": agent,
                "entity": self._plan.variables,
                "call": call,
            },
            now=self._now,
        )


class Verdict(NamedTuple):
    """Which rules match. `ungranted` is the entity that no allow is for; None when layer 1 may pass."""

    denies: tuple[Rule, ...]
    asks: tuple[Rule, ...]
    allows: tuple[Rule, ...]
    shadows: tuple[Rule, ...]
    ungranted: Entity | None


def verdict(standing: Standing, plan: Plan, view: View | None, now: float) -> Verdict:
    """Weigh the rules. Without a view conditions are left out: a conditional allow counts, a conditional deny does not.

    A deny or an ask matches at the own tier or at the lowered one. An agent never grants: where a ceiling lowers the
    tier, an allow is needed at both, so that nothing opens that would be shut without the agent.
    """
    tiers = BOTH if standing.lowers else OWN
    denies: list[Rule] = []
    asks: list[Rule] = []
    shadows: list[Rule] = []
    for rule in candidates(plan.restricting, standing.restricting):
        if rule.in_force(now) and _bites(rule, standing, view, tiers):
            (shadows if rule.shadow else denies if rule.effect is Effect.DENY else asks).append(rule)
    allows: list[Rule] = []
    ungranted: Entity | None = None
    for entity, buckets in plan.owning:
        granted = [False] * len(tiers)
        for rule in candidates(buckets, standing.granting):
            if not rule.in_force(now):
                continue
            holding = [_opens(rule, standing, view, lowered) for lowered in tiers]
            if True not in holding:
                continue
            if rule.shadow:
                shadows.append(rule)
                continue
            granted = [a or b for a, b in zip(granted, holding, strict=True)]
            allows.append(rule)
        if not all(granted) and not _by_default(entity, standing):
            ungranted = ungranted or entity
    return Verdict(tuple(denies), tuple(asks), tuple(allows), tuple(shadows), ungranted)


def _bites(rule: Rule, standing: Standing, view: View | None, tiers: tuple[bool, ...]) -> bool:
    if view is None and rule.conditional:
        return False
    for lowered in tiers:
        if not restricts(rule, standing, lowered=lowered):
            continue
        if view is None or (
            (rule.parameters is None or view.violation(rule) is not None)
            and view.value(rule, lowered=lowered) is not False
        ):
            return True
    return False


def _opens(rule: Rule, standing: Standing, view: View | None, lowered: bool) -> bool:
    if not grants(rule, standing, lowered=lowered):
        return False
    return view is None or (view.violation(rule) is None and view.value(rule, lowered=lowered) is True)


def _by_default(entity: Entity, standing: Standing) -> bool:
    """`default_allow`: the entity's own, never from confidential up, never for anonymous."""
    return (
        entity.default_allow
        and entity.profile.sensitivity < CONFIDENTIAL
        and all(
            one.principal.kind is not PrincipalKind.ANONYMOUS and one.own > Tier.ANONYMOUS for one in standing.people
        )
    )


def _facts(one: Person, lowered: bool) -> Mapping[str, Json]:
    principal, tier = one.principal, one.lowered if lowered else one.own
    return {
        "id": principal.id,
        "kind": principal.kind.value,
        "tier": Tier(tier).word,
        "level": tier,
        "roles": [*sorted(principal.roles)],
        "groups": [*sorted(principal.groups)],
        "departments": [*sorted(principal.departments)],
    }

"""What the rules say of a call: deny over ask over allow, whatever their order, and default deny."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from governance.engine.call import Call, Json
from governance.engine.compiled.entity import CONFIDENTIAL, Entity
from governance.engine.compiled.index import candidates
from governance.engine.compiled.rule import Rule
from governance.engine.compiled.snapshot import Plan
from governance.engine.compiled.standing import Person, Standing, grants, restricts
from governance.engine.conditions.condition import Activation
from governance.engine.decision import Effect
from governance.engine.principal import Caller, PrincipalKind, Tier

BOTH = (False, True)
OWN = (False,)


class View:
    """The arguments of one call as conditions see them, at the principal's own tier or at the lowered one."""

    __slots__ = ("_activations", "_call", "_caller", "_now", "_plan", "_standing", "unevaluable")

    def __init__(self, call: Call, caller: Caller, standing: Standing, plan: Plan, now: float) -> None:
        self._call, self._caller, self._standing, self._plan, self._now = call, caller, standing, plan, now
        self._activations: dict[tuple[bool, int], Activation] = {}
        self.unevaluable: dict[str, None] = {}

    def value(self, rule: Rule, *, lowered: bool) -> bool | None:
        """The value of a rule's condition; one that cannot be evaluated is noted.

        In a chain one that names the principal is asked of each: an allow must hold for all, of a deny or an ask one
        that matches is enough.
        """
        condition = rule.condition
        if condition is None:
            return True
        value = condition.value(self.activation(lowered=lowered))
        if value is None:
            self.unevaluable[rule.id] = None
        if len(self._standing.people) > 1 and "principal" in condition.uses:
            settled = rule.effect is not Effect.ALLOW  # what one link's word is enough for
            for link in range(1, len(self._standing.people)):
                if value is settled:
                    break
                other = condition.value(self.activation(lowered=lowered, link=link))
                if other is None:
                    self.unevaluable[rule.id] = None
                if other is settled or other is None:
                    value = other
        return value

    def activation(self, *, lowered: bool, link: int = 0) -> Activation:
        """The activation at one of the tiers for one principal of the chain, made when it is first needed."""
        activation = self._activations.get((lowered, link))
        if activation is None:
            activation = self._activations[lowered, link] = self._activate(lowered, link)
        return activation

    def violation(self, rule: Rule) -> str | None:
        """The pointer of the argument that a rule's parameters refuse, or None."""
        return None if rule.parameters is None else rule.parameters.violation(self._call.arguments)

    def _activate(self, lowered: bool, link: int) -> Activation:
        labels = self._call.labels
        signed = self._caller.agent
        call: dict[str, Json] = {"door": self._call.door._value_}
        if self._caller.session_id is not None:
            call["session_id"] = self._caller.session_id
        client = self._caller.client_id or labels.client_id
        if client is not None:
            call["client_id"] = client
        memo = self._standing.memo
        key = ("facts", lowered, link)
        facts = memo.get(key)
        if facts is None:
            facts = memo[key] = (_facts(self._standing.people[link], lowered), _acting(self._standing, signed))
        return Activation(
            args=self._call.arguments,
            size=self._call.size,
            variables={
                "principal": facts[0],
                "agent": facts[1],
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
    relevant = relevant_rules(standing, plan)
    denies: list[Rule] = []
    asks: list[Rule] = []
    shadows: list[Rule] = []
    for rule, tiers in relevant.restricting:
        if rule.valid_from <= now < rule.valid_until and (not rule.conditional or _bites(rule, view, tiers)):
            (shadows if rule.shadow else denies if rule.effect is Effect.DENY else asks).append(rule)
    allows: list[Rule] = []
    ungranted: Entity | None = None
    for entity, by_default, granting in relevant.granting:
        own = low = by_default
        for rule, tiers in granting:
            if not rule.valid_from <= now < rule.valid_until:
                continue
            if rule.conditional and view is not None:
                if len(tiers) == 1:  # the common case, without a list
                    if not _opens(rule, view, tiers[0]):
                        continue
                else:
                    tiers = tuple([lowered for lowered in tiers if _opens(rule, view, lowered)])
                    if not tiers:
                        continue
            if rule.shadow:
                shadows.append(rule)
                continue
            own = own or False in tiers
            low = low or True in tiers
            allows.append(rule)
        if not own or (standing.lowers and not low):
            ungranted = ungranted or entity
    return Verdict(tuple(denies), tuple(asks), tuple(allows), tuple(shadows), ungranted)


class Relevant(NamedTuple):
    """The rules that mean a caller on a plan whatever the call and the time: each with the tiers it does so at."""

    plan: Plan
    restricting: tuple[tuple[Rule, tuple[bool, ...]], ...]
    granting: tuple[tuple[Entity, bool, tuple[tuple[Rule, tuple[bool, ...]], ...]], ...]


def relevant_rules(standing: Standing, plan: Plan) -> Relevant:
    """Worked out once for a standing and a plan: neither ever changes."""
    known: Relevant | None = standing.memo.get(id(plan))
    if known is None or known.plan is not plan:
        tiers = BOTH if standing.lowers else OWN
        known = standing.memo[id(plan)] = Relevant(
            plan,
            tuple(
                (rule, meant)
                for rule in candidates(plan.restricting, standing.restricting)
                if (meant := tuple(lowered for lowered in tiers if restricts(rule, standing, lowered=lowered)))
            ),
            tuple(
                (
                    entity,
                    _by_default(entity, standing),
                    tuple(
                        (rule, meant)
                        for rule in candidates(buckets, standing.granting)
                        if (meant := tuple(lowered for lowered in tiers if grants(rule, standing, lowered=lowered)))
                    ),
                )
                for entity, buckets in plan.owning
            ),
        )
    return known


def _bites(rule: Rule, view: View | None, tiers: tuple[bool, ...]) -> bool:
    """Whether a conditional deny or ask matches the call; without a call it does not."""
    if view is None or (rule.parameters is not None and view.violation(rule) is None):
        return False
    return any(view.value(rule, lowered=lowered) is not False for lowered in tiers)


def _opens(rule: Rule, view: View, lowered: bool) -> bool:
    return view.violation(rule) is None and view.value(rule, lowered=lowered) is True


def _by_default(entity: Entity, standing: Standing) -> bool:
    """`default_allow`: the entity's own, never from confidential up, never for anonymous."""
    return (
        entity.default_allow
        and entity.profile.sensitivity < CONFIDENTIAL
        and all(
            one.principal.kind is not PrincipalKind.ANONYMOUS and one.own > Tier.ANONYMOUS for one in standing.people
        )
    )


def _acting(standing: Standing, signed: str | None) -> Mapping[str, Json]:
    """The agent as conditions see it: without one it has no members, so that naming one cannot be evaluated."""
    for acting in standing.agents:
        if acting.bound.id == signed:
            return {"id": signed, "tier": Tier(acting.bound.tier).word, "owner": acting.bound.owner}
    return {}


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

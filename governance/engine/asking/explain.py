"""Why a call is decided as it is: each layer, the rules considered part by part, and what would have to change."""

from __future__ import annotations

from dataclasses import dataclass

from governance.engine.asking.considered import Considered, consider, means, named_rules
from governance.engine.asking.nearest import Remedy, nearest
from governance.engine.asking.trial import Trial
from governance.engine.call import Call
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.deciding.verdict import View
from governance.engine.decision import Decision
from governance.engine.principal import Caller
from governance.engine.world import World

MOST_RULES = 200
"""Rules that one explanation shows; those that mean the caller come first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The decision, the rules considered (`omitted` more were left out) and the nearest change, None for an allow.

    Buckets are taken as fresh and hooks as passing: an explanation spends and runs nothing.
    """

    decision: Decision
    considered: tuple[Considered, ...]
    omitted: int
    nearest: Remedy | None


def explain(snapshot: Snapshot, world: World, caller: Caller, call: Call, *, now: float) -> Explanation:
    """Explain one call without any effect."""
    trial = Trial(snapshot, world, caller, call, now)
    decision, run = trial.decide(), trial.resolved()
    considered: list[Considered] = []
    omitted = 0
    plan, standing = run.plan, run.standing
    if plan is not None and standing is not None:
        view = View(call, caller, standing, plan, now)
        rules = named_rules((*plan.restricting, *(bucket for _, buckets in plan.owning for bucket in buckets)))
        meant = [(rule, means(rule, standing)) for rule in rules]
        meant.sort(key=lambda pair: (not pair[1], pair[0].order))
        omitted = max(0, len(meant) - MOST_RULES)
        considered = [consider(rule, subjects, view, standing, now) for rule, subjects in meant[:MOST_RULES]]
    return Explanation(
        decision=decision,
        considered=tuple(considered),
        omitted=omitted,
        nearest=nearest(trial, decision),
    )

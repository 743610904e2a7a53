"""The nearest change that would make a call pass, found by trying: what is told here was decided with.

Each step undoes the denial that is met, in the words of whoever can do it, and the call is decided again, until
nothing denies it or the next step is nobody's but the caller's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from governance.engine.asking.remedies.step import Step
from governance.engine.asking.remedies.table import STEPS
from governance.engine.asking.trial import Trial
from governance.engine.decision import Decision, Effect

MOST_STEPS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """The nearest change that would make the call pass: where it begins, in words, and the rule that it is about.

    `steps` are its parts in their order. `proven`: with all of them the call was decided and was not denied.
    """

    path: str
    fix: str
    rule: str | None = None
    steps: tuple[Step, ...] = ()
    proven: bool = False


def nearest(trial: Trial, decision: Decision) -> Remedy | None:
    """What would have to change for a call that was decided so; None for an allow. What is handed in stays as it is."""
    if decision.effect is Effect.ALLOW:
        return None
    trying, denied = trial.copy(), True
    steps: list[Step] = []
    while denied and len(steps) < MOST_STEPS:
        found, apply = _step(trying, decision)
        if any((one.path, one.of, one.value) == (found.path, found.of, found.value) for one in steps):
            break  # it was tried and did not help
        steps.append(found)
        if apply is None:
            break
        apply(trying)
        decision = trying.decide()
        denied = decision.effect is Effect.DENY
    told = [f"{step.fix}." for step in steps]
    if not denied and decision.effect is Effect.ASK:
        told.append("Then somebody has to approve it.")
    elif denied and apply is not None:
        told.append(f"Then it is still denied ({decision.code}): nothing nearer was found.")
    first = steps[0]
    rule = next((step.rule for step in steps if step.rule is not None), None)
    return Remedy(path=first.path, fix=" ".join(told), rule=rule, steps=tuple(steps), proven=not denied)


def _step(trial: Trial, decision: Decision) -> tuple[Step, Callable[[Trial], None] | None]:
    make = STEPS.get(decision.code or "")
    if make is None:
        return Step(path=decision.layer or "", fix=decision.reason.rstrip(".")), None
    return make(trial, decision)

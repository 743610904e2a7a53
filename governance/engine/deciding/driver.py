"""Drives the pipeline: one step of it, the whole way for whoever answers at once, and what stands in for the world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from governance.engine.deciding.pipeline import Deciding
from governance.engine.decision import Decision
from governance.engine.need import (
    Answer,
    Approval,
    Buckets,
    HookRun,
    HookRuns,
    Need,
    NeedApproval,
    NeedBuckets,
    NeedHooks,
)


def advance(steps: Deciding, answer: Answer | None = None) -> Need | Decision:
    """One step: what is needed next, or the decision. `answer` is to the last need, None at the beginning."""
    try:
        return next(steps) if answer is None else steps.send(answer)
    except StopIteration as done:
        decision: Decision = done.value
        return decision


def run(steps: Deciding, answer: Callable[[Need], Answer]) -> Decision:
    """The decision, with `answer` called for each need as it comes. What it raises passes through."""
    step = advance(steps)
    while not isinstance(step, Decision):
        step = advance(steps, answer(step))
    return step


def fresh_buckets(need: NeedBuckets) -> Buckets:
    """Nothing has been spent yet: only a bucket that never holds a token refuses."""
    return Buckets(principal=need.rate > 0 and need.burst > 0, session=need.session is None or need.session_calls > 0)


def passing_hooks(need: NeedHooks) -> HookRuns:
    """Every hook lets the call pass."""
    return HookRuns(runs=tuple(HookRun(hook=hook.id) for hook in need.hooks))


def failing_hooks(need: NeedHooks, *, reason: str) -> HookRuns:
    """No hook can be run, for this reason: what each one's `on_failure` says decides."""
    return HookRuns(runs=tuple(HookRun(hook=hook.id, verdict="error", reason=reason) for hook in need.hooks))


def no_approval(need: NeedApproval) -> Approval:
    """Nobody has approved anything yet."""
    return Approval(state="required")


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """Answers in place of the world, for decisions that spend, run and use up nothing."""

    buckets: Callable[[NeedBuckets], Buckets] = fresh_buckets
    hooks: Callable[[NeedHooks], HookRuns] = passing_hooks
    approval: Callable[[NeedApproval], Approval] = no_approval

    def __call__(self, need: Need) -> Answer:
        """The answer to one need."""
        if isinstance(need, NeedBuckets):
            return self.buckets(need)
        if isinstance(need, NeedHooks):
            return self.hooks(need)
        return self.approval(need)

"""The pipeline: seven layers in fixed order, fail-fast, deciding one call."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Protocol

from governance.engine.call import Call, EntityKind
from governance.engine.decision import Decision
from governance.engine.layers import approval, blocklist, hooks, kill_switch, rate_limit, scope, secrets
from governance.engine.need import (
    Answer,
    Approval,
    Buckets,
    Hook,
    HookRun,
    HookRuns,
    Need,
    NeedApproval,
    NeedBuckets,
    NeedHooks,
)
from governance.engine.principal import Caller
from governance.engine.run import Run, Stop
from governance.engine.snapshot import Snapshot
from governance.engine.world import World


class Plain(Protocol):
    """A layer that needs nothing from outside."""

    NAME: str

    def check(self, run: Run) -> Stop | None: ...


class Asking(Protocol):
    """A layer that may need something."""

    NAME: str

    def check(self, run: Run) -> Generator[Need, Answer, Stop | None]: ...


VALID_FOR = 30.0
"""Seconds that an allow is good for, counted from `now`; it is good for one execution."""

Deciding = Generator[Need, Answer, Decision]


def decide(
    snapshot: Snapshot,
    world: World,
    caller: Caller,
    call: Call,
    *,
    now: float,
    clock: Callable[[], int] = time.perf_counter_ns,
) -> Deciding:
    """Decide one call. Yields each `Need`, is sent its `Answer`, and returns the Decision.

    `now` is in epoch seconds, `clock` in nanoseconds and used for layer times only. Anything but a tool has no
    arguments to look into: such a call meets the layers kill_switch and scope, and approval when a rule asks.
    An exception anywhere is a deny with `engine.error`.
    """
    run = Run(snapshot, world, caller, call, now, clock)
    try:
        stop = _pass(run, kill_switch) or _pass(run, scope)
        if call.kind is EntityKind.TOOL:
            stop = (
                stop
                or _pass(run, secrets)
                or _pass(run, blocklist)
                or (yield from _ask(run, rate_limit))
                or (yield from _ask(run, hooks))
            )
            if stop is None and run.redacted:  # what a hook takes out of the call is decided again without it
                stop = _pass(run, scope) or _pass(run, secrets) or _pass(run, blocklist)
        if stop is None and (run.asks or call.kind is EntityKind.TOOL):
            stop = yield from _ask(run, approval)
    except Exception as error:
        stop = _broken(run, error)
    return run.decision(stop)


def _pass(run: Run, layer: Plain) -> Stop | None:
    """One layer that needs nothing from outside."""
    run.started = layer.NAME
    began = run.clock()
    stop = layer.check(run)
    run.spent[layer.NAME] = run.spent.get(layer.NAME, 0) + run.clock() - began
    return stop


def _ask(run: Run, layer: Asking) -> Generator[Need, Answer, Stop | None]:
    """One layer that may need something; waiting for it counts as its time."""
    run.started = layer.NAME
    began = run.clock()
    stop = yield from layer.check(run)
    run.spent[layer.NAME] = run.spent.get(layer.NAME, 0) + run.clock() - began
    return stop


def _broken(run: Run, error: Exception) -> Stop:
    """An exception is a deny. Its type goes to the record; its text may hold a caller's value and does not."""
    layer = run.started or kill_switch.NAME
    run.note(layer, "error", type(error).__name__)
    run.spent.setdefault(layer, 0)
    return Stop(layer, "engine.error", "The decision could not be made.")


__all__ = [
    "VALID_FOR",
    "Answer",
    "Approval",
    "Buckets",
    "Deciding",
    "Hook",
    "HookRun",
    "HookRuns",
    "Need",
    "NeedApproval",
    "NeedBuckets",
    "NeedHooks",
    "decide",
]

"""The pipeline: seven layers in fixed order, fail-fast, deciding one call."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Protocol

from governance.engine.call import Call, EntityKind
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.deciding.layers import approval, blocklist, hooks, kill_switch, rate_limit, scope, secrets
from governance.engine.deciding.run import Run, Stop
from governance.engine.decision import Decision
from governance.engine.need import Answer, Need
from governance.engine.principal import Caller
from governance.engine.world import World


class Layer(Protocol):
    """One layer. `check` passes (None), stops the call, or needs something, whose answer `settle` weighs."""

    NAME: str

    def check(self, run: Run) -> Stop | Need | None: ...


class Asking(Layer, Protocol):
    """A layer that may need something from outside."""

    def settle(self, run: Run, answer: Answer) -> Stop | None: ...


TOOL_LAYERS: tuple[Layer, ...] = (kill_switch, scope, secrets, blocklist, rate_limit, hooks, approval)
OTHER_LAYERS: tuple[Layer, ...] = (kill_switch, scope, approval)
"""Anything but a tool has no arguments to look into."""

TEXT_LAYERS: tuple[Layer, ...] = (kill_switch, secrets)

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
    text: bool = False,
) -> Deciding:
    """Decide one call. Yields each `Need`, is sent its `Answer`, and returns the Decision; `driver` drives it.

    `text` says that it is no call of a tool (a prompt): layers 0 and 2 alone, which need nothing, the others skipped.
    `now` is in epoch seconds, `clock` in nanoseconds and used for layer times only; waiting for an answer counts as
    the layer's time. An exception anywhere is a deny with `engine.error`.
    """
    run = Run(snapshot, world, caller, call, now, clock)
    stop: Stop | None = None
    spent = run.spent
    try:
        began = clock()
        for layer in TEXT_LAYERS if text else TOOL_LAYERS if call.kind is EntityKind.TOOL else OTHER_LAYERS:
            run.entered = layer.NAME
            found = layer.check(run)
            if found is not None:
                stop = found if type(found) is Stop else _asking(layer).settle(run, (yield _need(found)))
            ended = clock()
            spent[layer.NAME] = ended - began
            began = ended
            if stop is None and run.redacted:
                stop = _again(run)
            if stop is not None:
                break
    except Exception as error:
        stop = _broken(run, error)
    return run.decision(stop)


def _pass(run: Run, layer: Layer) -> Stop | None:
    """One layer that needs nothing from outside."""
    run.enter(layer.NAME)
    found = layer.check(run)
    run.leave()
    if found is not None and type(found) is not Stop:
        raise TypeError(f"{layer.NAME} needs something where nothing can be asked for")
    return found


def _again(run: Run) -> Stop | None:
    """What a hook takes out of a call is decided once more without it."""
    run.redacted.clear()
    return _pass(run, scope) or _pass(run, secrets) or _pass(run, blocklist)


def _asking(layer: Layer) -> Asking:
    return layer  # type: ignore[return-value]  # a layer that needed something settles it


def _need(found: Stop | Need) -> Need:
    return found  # type: ignore[return-value]


def _broken(run: Run, error: Exception) -> Stop:
    """An exception is a deny. Its type goes to the record; its text may hold a caller's value and does not."""
    layer = run.entered or kill_switch.NAME
    run.note(layer, "error", type(error).__name__)
    run.spent.setdefault(layer, 0)
    return Stop(layer, "engine.error", "The decision could not be made.")

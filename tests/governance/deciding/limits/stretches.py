"""What was admitted when, and whether any stretch of time got more than its bucket and its rate allow."""

from __future__ import annotations

from collections.abc import Sequence

from governance.engine.budget import Charge, MemoryBudgets, Quota

Admitted = list[tuple[float, float]]
"""Moments (seconds) and costs (tokens) of what was admitted, in order."""


def admitted_at(budgets: MemoryBudgets, quota: Quota, pauses: Sequence[float], costs: Sequence[int]) -> Admitted:
    """Ask after each pause; a call counts as one at least, and a cost above the burst as the burst."""
    now, found = 1_000.0, Admitted()
    for pause, cost in zip(pauses, costs, strict=False):
        now += pause
        if budgets.admit((Charge("alice", quota, "rate.principal", cost),), now).admitted:
            found.append((now, min(cost, max(1.0, quota.burst))))
    return found


def assert_within(admitted: Admitted, *, rate: float, burst: float) -> None:
    """At most burst + rate × time from any admitted call to any later one, both counted; rounding forgiven."""
    for first, (start, _) in enumerate(admitted):
        spent = 0.0
        for end, cost in admitted[first:]:
            spent += cost
            allowed = burst + rate * (end - start + 1e-5)
            assert spent <= allowed * (1 + 1e-9) + 1e-6, f"{spent} in {end - start} s at {rate}/s, burst {burst}"

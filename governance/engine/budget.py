"""Budgets: how much a principal, a network or a session may spend, and what is left of it.

A token bucket is kept as one number, the moment at which it will be full again (the generic cell rate algorithm):
it needs no refilling, so nothing can drift, and a bucket whose moment has passed need not be kept at all. A session's
sliding window keeps the moments of what it admitted, so that no stretch of the window's length ever holds more than
its count. All times are seconds of one clock; the caller hands them in.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

EXAMINED = 8
"""How many entries one new key may look at for one that can be dropped: constant work, whatever the table holds."""

SLACK = 1e-6
"""Seconds of rounding forgiven, so that a bucket refilled for exactly one token's time holds that token."""


@dataclass(frozen=True, slots=True)
class Quota:
    """A token bucket's measure: `rate` tokens a second, at most `burst` at once. A rate or burst of 0 admits nothing.

    A bucket holds one call at least: in a smaller one a call would cost less than a call, and a slow rate be no limit.
    """

    rate: float
    burst: float
    interval: float = field(init=False, repr=False)
    depth: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        usable = self.rate > 0 and self.burst > 0
        if usable and self.burst < 1.0:
            object.__setattr__(self, "burst", 1.0)
        object.__setattr__(self, "interval", 1.0 / self.rate if usable else inf)
        object.__setattr__(self, "depth", self.burst / self.rate if usable else 0.0)

    def shared(self, among: int) -> Quota:
        """One process's share of this quota when `among` processes divide it without talking to each other."""
        return self if among <= 1 else Quota(self.rate / among, self.burst / among)


@dataclass(frozen=True, slots=True)
class Window:
    """A sliding window's measure: at most `calls` admitted in any `seconds`."""

    calls: int
    seconds: float

    def shared(self, among: int) -> Window:
        """One process's share of this window when `among` processes divide it."""
        return self if among <= 1 else Window(max(1, self.calls // among), self.seconds)


class Charge(NamedTuple):
    """What one call would spend: `cost` tokens of the bucket, or one entry of the window, that `key` names.

    A named tuple, as is the verdict: both are made for every call, and a frozen dataclass takes three times as long.
    `code` is what a refusal is called (`rate.principal`, `rate.session`). A cost above the burst counts as the burst,
    so that it can be paid at all.
    """

    key: str
    measure: Quota | Window
    code: str
    cost: float = 1.0


class BudgetVerdict(NamedTuple):
    """What a check said. `code` and `retry_after` (seconds) tell of the charge that refused, else they are None and 0.

    `limit`, `remaining` (calls) and `reset` (seconds until all is there again) describe the scarcest charge.
    """

    admitted: bool
    code: str | None = None
    retry_after: float = 0.0
    limit: float = inf
    remaining: float = inf
    reset: float = 0.0
    degraded: bool = False


class BucketTable:
    """Token buckets by key, at most `capacity` of them.

    Room for a new key is made by dropping a full bucket, else one partly used; one that is exhausted is never dropped,
    or a caller could refill its own by inventing keys. Where nothing can go, new keys share a single bucket.
    """

    __slots__ = ("_cells", "capacity", "overflow")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.overflow: list[float] = [0.0, 0.0, 0.0]
        self._cells: OrderedDict[str, list[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._cells)

    def cell(self, key: str, now: float) -> list[float]:
        """The bucket of `key`, to be changed in place: [moment it is full, seconds a token, seconds of its burst]."""
        found = self._cells.get(key)
        if found is not None:
            return found
        if len(self._cells) >= self.capacity and not self._make_room(now):
            return self.overflow
        made = [now, 0.0, 0.0]
        self._cells[key] = made
        return made

    def _make_room(self, now: float) -> bool:
        cells = self._cells
        spare: str | None = None
        for _ in range(min(EXAMINED, len(cells))):
            key, cell = cells.popitem(last=False)
            if cell[0] <= now:
                return True
            cells[key] = cell
            if spare is None and cell[0] - now + cell[1] <= cell[2]:
                spare = key
        if spare is None:
            return False
        del cells[spare]
        return True


class WindowTable:
    """Sliding windows by key, at most `capacity` of them, dropped by the same order as buckets."""

    __slots__ = ("_windows", "capacity", "overflow")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.overflow: tuple[deque[float], list[Window]] = (deque(), [])
        self._windows: OrderedDict[str, tuple[deque[float], list[Window]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._windows)

    def moments(self, key: str, window: Window, now: float) -> deque[float]:
        """When `key` was admitted within the window that ends `now`, oldest first, to be changed in place."""
        entry = self._windows.get(key)
        if entry is None:
            if len(self._windows) >= self.capacity and not self._make_room(now):
                entry = self.overflow
            else:
                entry = self._windows[key] = (deque(), [])
        moments, measure = entry
        if not measure or measure[0] is not window:
            measure[:] = [window]
        if moments and moments[-1] > now:
            # The clock was put back: what lies ahead counts as of now, so that nobody waits longer than the window.
            if moments[-1] > now + window.seconds:
                moments.clear()
            for place, at in enumerate(moments):
                moments[place] = min(at, now)
        oldest = now - window.seconds
        while moments and moments[0] <= oldest:
            moments.popleft()
        return moments

    def _make_room(self, now: float) -> bool:
        windows = self._windows
        spare: str | None = None
        for _ in range(min(EXAMINED, len(windows))):
            key, entry = windows.popitem(last=False)
            moments, measure = entry
            if not moments or moments[-1] <= now - measure[0].seconds:
                return True
            windows[key] = entry
            if spare is None and len(moments) < measure[0].calls:
                spare = key
        if spare is None:
            return False
        del windows[spare]
        return True


class MemoryBudgets:
    """Every budget of one process, in memory: all charges of a check are paid, or none is."""

    __slots__ = ("buckets", "windows")

    def __init__(self, *, buckets: int = 100_000, windows: int = 20_000) -> None:
        self.buckets = BucketTable(buckets)
        self.windows = WindowTable(windows)

    def admit(self, charges: Sequence[Charge], now: float) -> BudgetVerdict:
        """Pay every charge at `now`, or none and say which refused. Without charges everything is admitted."""
        limit = remaining = inf
        reset = 0.0
        before: list[float] = []
        for paid, charge in enumerate(charges):
            key, measure, code, cost = charge
            if type(measure) is Quota:
                interval, depth = measure.interval, measure.depth
                if depth <= 0.0:
                    self._give_back(charges[:paid], before, now)
                    return BudgetVerdict(False, code, inf, measure.burst, 0.0, inf)
                cell = self.buckets.cell(key, now)
                held = cell[0]
                if held > now + depth:
                    # Never emptier than empty: a clock that was put back must not lock anybody out.
                    cell[0] = held = now + depth
                before.append(held)
                full = (held if held > now else now) + (cost if cost < measure.burst else measure.burst) * interval
                over = full - now - depth
                if over > SLACK:
                    self._give_back(charges[:paid], before, now)
                    return BudgetVerdict(False, code, max(0.0, over), measure.burst, 0.0, full - now)
                cell[0], cell[1], cell[2] = full, interval, depth
                left = -over / interval
                size = measure.burst
            elif type(measure) is Window:
                moments = self.windows.moments(key, measure, now)
                left = measure.calls - len(moments) - 1
                if left < 0:
                    # Counted from the newest: when the policy has just lowered the count, older entries are over it.
                    first = moments[-measure.calls] if measure.calls else inf
                    self._give_back(charges[:paid], before, now)
                    return BudgetVerdict(
                        False, code, first + measure.seconds - now, measure.calls, 0.0, measure.seconds
                    )
                moments.append(now)
                before.append(0.0)
                size = measure.calls
                full = now + measure.seconds
            if left < remaining:
                limit, remaining, reset = size, left, full - now
        return BudgetVerdict(True, None, 0.0, limit, max(0.0, remaining), reset)

    def _give_back(self, charges: Sequence[Charge], before: list[float], now: float) -> None:
        for charge, held in zip(reversed(charges), reversed(before[: len(charges)]), strict=True):
            if isinstance(charge.measure, Quota):
                self.buckets.cell(charge.key, now)[0] = held
            else:
                self.windows.moments(charge.key, charge.measure, now).pop()

    def debit(self, charge: Charge, now: float) -> None:
        """Take `charge` whether or not it is there: the bucket goes down to empty at most, never into debt."""
        quota = charge.measure
        if not isinstance(quota, Quota) or quota.depth <= 0.0:
            return
        cell = self.buckets.cell(charge.key, now)
        cell[0] = min(max(cell[0], now) + charge.cost * quota.interval, now + quota.depth)
        cell[1], cell[2] = quota.interval, quota.depth

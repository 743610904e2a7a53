"""A few values that a process keeps because making them again is dear: bounded, for all of its threads."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """At most `most` values, each for at most `seconds`; where there is no room, the longest unused goes.

    A key must name the content: what is kept under it is never made again while it is there.
    """

    def __init__(self, *, most: int, seconds: float = math.inf) -> None:
        self._most, self._seconds = most, seconds
        self._lock = threading.Lock()
        self._values: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """What is kept under a key; None where nothing is, or it is too old."""
        with self._lock:
            return self._get(key)

    def put(self, key: K, value: V) -> V:
        """Keep a value; what another thread kept meanwhile stands, so that all have the same one."""
        with self._lock:
            known = self._get(key)
            if known is not None:
                return known
            self._values[key] = time.monotonic(), value
            while len(self._values) > self._most:
                self._values.popitem(last=False)
            return value

    def once(self, key: K, make: Callable[[], V]) -> V:
        """What is kept under a key, made now where nothing is. Threads that come at the same time may each make it."""
        known = self.get(key)
        return known if known is not None else self.put(key, make())

    def forget(self) -> None:
        """Make everything anew."""
        with self._lock:
            self._values.clear()

    def _get(self, key: K) -> V | None:
        at, value = self._values.get(key, (-math.inf, None))
        if value is None or time.monotonic() - at >= self._seconds:
            self._values.pop(key, None)
            return None
        self._values.move_to_end(key)
        return value

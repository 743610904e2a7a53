"""How much a journal may still take: refuse early and fairly, before the disk does it at the worst moment."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

CAP = 1 << 30
RESERVE = 256 << 20
REFRESH_SECONDS = 0.25
MAXIMUM_SHARES = 10_000
_OVERFLOW = ""


class AuditUnavailable(Exception):
    """A record cannot be made durable, so what it records must not happen: answer 503 `audit.unavailable`.

    `reason` is one of `disk` (the error is the cause), `cap`, `reserve`, `share`, `closed`.
    """

    code = "audit.unavailable"

    def __init__(self, reason: str, problem: str) -> None:
        super().__init__(f"the audit journal cannot take this record: {problem}")
        self.reason = reason


class Allowance:
    """The room left in one journal folder, all processes together; measured at most every 250 ms, estimated between."""

    __slots__ = ("_cap", "_folder", "_free", "_monotonic", "_next", "_reserve", "_shares", "used")

    def __init__(
        self,
        folder: Path,
        *,
        cap: int = CAP,
        reserve: int = RESERVE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`cap` bytes of journal at most, `reserve` bytes of the disk kept free."""
        self._folder, self._cap, self._reserve, self._monotonic = folder, cap, reserve, monotonic
        self._shares: dict[str, int] = {}
        self._next = 0.0
        self._free = 0
        self.used = 0

    def due(self) -> bool:
        """Whether it is time to measure again."""
        return self._monotonic() >= self._next

    def measure(self) -> None:
        """Look at the folder and its disk. Raises OSError when there is none."""
        used = 0
        with os.scandir(self._folder) as entries:
            for entry in entries:
                try:
                    used += entry.stat(follow_symlinks=False).st_size
                except FileNotFoundError:  # shipped and deleted meanwhile
                    continue
        disk = os.statvfs(self._folder)
        self.used, self._free = used, disk.f_bavail * disk.f_frsize
        self._next = self._monotonic() + REFRESH_SECONDS
        if used <= self._cap // 2:
            self._shares.clear()

    def take(self, principal: str, size: int) -> None:
        """Count `size` bytes to `principal`. Raises AuditUnavailable when there is no room, or more than a fair share.

        Above half the cap nobody may use more than a tenth of what is left: one principal cannot fill the journal
        for all. Principals beyond 10,000 share one bucket.
        """
        if self.used + size > self._cap:
            raise AuditUnavailable("cap", f"{self.used} of {self._cap} bytes wait to be shipped")
        if self._free - size < self._reserve:
            raise AuditUnavailable("reserve", f"{self._free} bytes of disk are free, {self._reserve} are kept back")
        if self.used > self._cap // 2:
            key = principal if principal in self._shares or len(self._shares) < MAXIMUM_SHARES else _OVERFLOW
            share = self._shares.get(key, 0) + size
            if share > (self._cap - self.used) // 10:
                if share == size:  # not even one record for somebody new: that is full
                    raise AuditUnavailable("cap", f"{self.used} of {self._cap} bytes wait to be shipped")
                raise AuditUnavailable("share", "the journal is over half full and this principal has had its share")
            self._shares[key] = share
        self.used += size
        self._free -= size

    def give_back(self, size: int) -> None:
        """`size` bytes were counted and then not written."""
        self.used -= size
        self._free += size

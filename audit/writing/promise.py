"""What a journal promises of a record, and what it says of it and of itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Durability(StrEnum):
    """What an acknowledged record survives: the process's death, or (shared or own fdatasync) the loss of power too."""

    PROCESS = "process"
    GROUP = "group"
    EACH = "each"


class FailMode(StrEnum):
    """What happens to a call whose record cannot be made durable: denied, or answered, counted and alarmed."""

    CLOSED = "closed"
    OPEN = "open"


class Receipt(NamedTuple):
    """Where a record stands. `digest` is its leaf hash (hex), `at` its time in µs. Not `recorded`: mode open only."""

    id: str
    node: str
    boot: str
    n: int
    digest: str
    at: int
    recorded: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalStatus:
    """For readyz and metrics: `refused` and `unrecorded` count since this process started, `used` is in bytes."""

    healthy: bool
    boot: str | None
    n: int
    used: int
    refused: int
    unrecorded: int
    problem: str | None

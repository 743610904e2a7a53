"""The gate: one process at a time starts, stops or removes a cluster."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def gate(owner: Path) -> Iterator[None]:
    """Only one process at a time may start, stop or remove a cluster."""
    descriptor = open_private(owner / "postgres.gate")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def open_private(path: Path) -> int:
    """A file for locks that only its user may open, made where it is missing."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

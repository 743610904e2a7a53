"""The boots of one host: which processes wrote a journal, which of them ended, and whether they said so.

Each boot keeps `<boot>.boot`, locked for its life. The next boot to open names every one that has ended in its first
record (last counter, last mac, closed or not) and removes its file, so that a cut-off tail cannot go unnoticed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from audit.writing.frames import Frame, FrameBroken, split_frames

NAMED_AT_ONCE = 32
"""Ended boots named in one record; more wait for the next boot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedBoot:
    """How far an ended boot came: `n` is None when nothing is left that says so; not `closed`: its tail is unproven."""

    boot: str
    n: int | None
    mac: str | None
    closed: bool

    def told(self) -> dict[str, Any]:
        """As it stands in a record."""
        return {"boot": self.boot, "n": self.n, "mac": self.mac, "closed": self.closed}


@contextlib.contextmanager
def _register_lock(folder: Path) -> Iterator[None]:
    fd = os.open(folder / ".boots.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def is_free(path: Path) -> bool:
    """Whether no process holds the lock on `path`: its writer has ended. Raises FileNotFoundError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True


def enter(folder: Path, *, boot: str) -> tuple[int, list[EndedBoot]]:
    """Register `boot`: the locked descriptor to keep for life, and the boots that ended unnamed. Raises OSError."""
    with _register_lock(folder):
        ended: list[EndedBoot] = []
        for path in sorted(folder.glob("*.boot"))[: NAMED_AT_ONCE * 4]:
            if len(ended) < NAMED_AT_ONCE and is_free(path):
                ended.append(_end_of(folder, path))
        fd = os.open(folder / f"{boot}.boot", os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return fd, ended


def forget(folder: Path, ended: list[EndedBoot]) -> None:
    """Remove the files of boots that a durable record has named."""
    for boot in ended:
        (folder / f"{boot.boot}.boot").unlink(missing_ok=True)


def note_end(descriptor: int, *, n: int, mac: bytes, closed: bool) -> None:
    """Write into a boot's own file how far it came."""
    text = orjson.dumps({"n": n, "mac": mac.hex(), "closed": closed})
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text, 0)


def note_end_of_dead(folder: Path, *, boot: str, n: int, mac: bytes) -> None:
    """The shipper's note before it deletes a dead writer's last segment, unless the writer left its own."""
    with _register_lock(folder):
        path = folder / f"{boot}.boot"
        try:
            if path.stat().st_size or not is_free(path):
                return
        except FileNotFoundError:
            return
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            note_end(fd, n=n, mac=mac, closed=False)
        finally:
            os.close(fd)


def _end_of(folder: Path, path: Path) -> EndedBoot:
    boot = path.stem
    try:
        told = orjson.loads(path.read_bytes())
        return EndedBoot(boot=boot, n=int(told["n"]), mac=str(told["mac"]), closed=bool(told["closed"]))
    except (ValueError, KeyError, TypeError):
        pass
    for segment in sorted(folder.glob(f"{boot}-*.log"), reverse=True):
        n, mac = _last_of(segment)
        if mac is not None:
            return EndedBoot(boot=boot, n=n, mac=mac.hex(), closed=False)
    return EndedBoot(boot=boot, n=None, mac=None, closed=False)


def _last_of(segment: Path) -> tuple[int | None, bytes | None]:
    last: Frame | None = None
    n: int | None = None
    try:
        for frame in split_frames(segment.read_bytes()):
            last = frame
            body = orjson.loads(frame.json)
            if "journal" in body:
                n = int(body["first_n"]) - 1
            elif "n" in body:
                n = int(body["n"])
    except (FrameBroken, OSError, ValueError):
        pass  # what follows was never acknowledged, or the shipper reports it
    return n, last.mac if last is not None else None

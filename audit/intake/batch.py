"""A batch of frames on its way from the shipper to a worker, checked again where it arrives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from audit.intake.columns import NoRow, Row
from audit.intake.mending import UNPROVEN, Mended, Piece
from audit.writing.frames import NO_MAC, Frame, FrameBroken, KeyFor, boot_key, check_macs, split_frames

MAXIMUM_FRAMES = 512
MAXIMUM_BYTES = 1 << 20


class BatchBroken(Exception):
    """A batch that is not what the journal holds: nothing of it is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Frames `start` to `end` (byte positions) of one segment; `previous` is the mac before the first, hex."""

    segment: str
    node: str
    kid: str
    start: int
    end: int
    previous: str
    frames: str

    def message(self) -> dict[str, Any]:
        """As the arguments of a Celery task (JSON)."""
        return {name: getattr(self, name) for name in Batch.__slots__}


@dataclass(frozen=True, slots=True)
class Poison:
    """A frame that cannot be stored: `position` is in its segment, `n` its counter where one can be read."""

    position: int
    n: int | None
    reason: str
    frame: bytes
    record: str | None = None


@dataclass(slots=True, kw_only=True)
class Checked:
    """A batch with macs checked: rows to store, keys beside them, poison set aside; `n` is 0 without any record."""

    batch: Batch
    boot: str
    rows: list[Row]
    day_keys: list[dict[str, Any]]
    poison: list[Poison]
    first_n: int
    n: int
    mac: bytes


def check_batch(batch: Batch, key_for: KeyFor) -> Checked:
    """Check sizes, macs and counters of a batch and make rows of its records. Raises BatchBroken."""
    data = batch.frames.encode("utf-8")
    boot = batch.segment.rpartition("-")[0]
    if len(data) != batch.end - batch.start or not data:
        raise BatchBroken(f"{len(data)} bytes where {batch.end - batch.start} are announced")
    try:
        key, previous = boot_key(key_for(batch.kid), boot), bytes.fromhex(batch.previous)
        frames = list(split_frames(data))
        mac = check_macs(key, NO_MAC if batch.start == 0 else previous, frames)
    except (FrameBroken, LookupError, ValueError) as error:
        raise BatchBroken(str(error)) from error
    checked = Checked(batch=batch, boot=boot, rows=[], day_keys=[], poison=[], first_n=0, n=0, mac=mac)
    for index, frame in enumerate(frames):
        if batch.start == 0 and index == 0:
            checked.n = _check_header(batch, boot, frame) - 1
        elif (n := _take(checked, frame)) is not None:
            if (checked.n or batch.start == 0) and n != checked.n + 1:
                raise BatchBroken(f"counter {n} follows {checked.n}")
            checked.first_n = checked.first_n or n
            checked.n = n
    return checked


def check_stretch(batch: Batch, mended: Mended, data: bytes) -> Checked:
    """Rows of what is proven in a damaged stretch, poison of all the rest of its bytes (`data` is the stretch).

    Counters need not follow one another, what is missing is told when the segment ends. Raises BatchBroken for another
    segment's header. Such a batch has no `frames` and goes to no worker: who sees the file says what is damaged in it.
    """
    boot = batch.segment.rpartition("-")[0]
    checked = Checked(batch=batch, boot=boot, rows=[], day_keys=[], poison=[], first_n=0, n=0, mac=mended.mac)
    for frame in mended.proven:
        if batch.start == 0 and frame.start == 0:
            checked.n = _check_header(batch, boot, frame) - 1
        else:
            checked.n = max(checked.n, _take(checked, frame) or 0)
    for piece in mended.unproven:
        checked.poison.append(_unproven(batch, piece, data))
    return checked


def _unproven(batch: Batch, piece: Piece, data: bytes) -> Poison:
    n = None if piece.json is None else _counter_of(piece.json)
    return Poison(batch.start + piece.start, n, piece.damage or UNPROVEN, data[piece.start : piece.end])


def _check_header(batch: Batch, boot: str, frame: Frame) -> int:
    """The counter that the segment's first record must have."""
    header = orjson.loads(frame.json)
    number = int(batch.segment.rpartition("-")[2])
    expected = {"journal": 1, "boot": boot, "node": batch.node, "segment": number, "kid": batch.kid}
    if {name: header.get(name) for name in expected} != expected:
        raise BatchBroken("the segment's header is another's")
    return int(header["first_n"])


def _take(checked: Checked, frame: Frame) -> int | None:
    """Make a row, a key or poison of a frame; the record's counter where it has one."""
    position = checked.batch.start + frame.start
    if frame.json.startswith(b'{"attach":'):
        attachment = orjson.loads(frame.json)
        if attachment["attach"] == "day_key":
            checked.day_keys.append(attachment)
        else:
            checked.poison.append(Poison(position, None, "an attachment of an unknown kind", frame.json))
        return None
    n: int | None = None
    try:
        row = Row(frame.json)
        n = row.n
        if row.boot != checked.boot:
            raise NoRow("it names another boot than its segment")
        if n is None:
            raise NoRow("it has no counter")
        checked.rows.append(row)
    except NoRow as problem:
        n = n if n is not None else _counter_of(frame.json)
        checked.poison.append(Poison(position, n, str(problem), frame.json))
    return n


def _counter_of(json: bytes) -> int | None:
    try:
        n = orjson.loads(json)["n"]
    except (ValueError, KeyError, TypeError):
        return None
    return n if type(n) is int and 0 < n < 1 << 63 else None

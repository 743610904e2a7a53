"""One segment as the shipper sees it: what was read of it, what is under way, what is in the trail."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from audit.intake.batch import MAXIMUM_BYTES, MAXIMUM_FRAMES, Batch
from audit.intake.mending import MEND_BYTES, Mended, mend, walk
from audit.writing.frames import (
    MAXIMUM_JSON,
    NO_MAC,
    PREFIX,
    Frame,
    FrameBroken,
    KeyFor,
    boot_key,
    check_macs,
    leaf_of,
    split_frames,
)

READ_BYTES = MAXIMUM_BYTES
_KID = re.compile(rb'"kid":"([^"\\]{1,64})"')


class SegmentBroken(Exception):
    """A segment that does not hold at byte `position`, in its middle or with a mac that does not follow."""

    def __init__(self, position: int, problem: str) -> None:
        super().__init__(f"at byte {position}: {problem}")
        self.position = position


@dataclass(slots=True)
class Sent:
    """A batch under way: `times` it was sent, last at `at` (monotonic seconds)."""

    batch: Batch
    mac: bytes
    at: float
    times: int = 1


class ShippedSegment:
    """Reading position and chain of one segment file."""

    __slots__ = (
        "_key", "boot", "first_n", "kid", "mac", "name", "node", "number", "path", "position", "previous", "sent",
        "torn",
    )  # fmt: skip

    def __init__(self, path: Path, key_for: KeyFor, *, kids: Iterable[str] = ()) -> None:
        """Reads and checks the header; one that is damaged is made up for by what is proven after it under one of
        `kids`, or the key that is still named. `first_n` and `previous` are None where the header is lost.

        Raises SegmentBroken, LookupError for an unknown key, OSError.
        """
        self.path, self.name = path, path.stem
        self.boot, _, number = self.name.rpartition("-")
        self.number = int(number)
        self.first_n: int | None = None
        self.previous: bytes | None = None
        with path.open("rb") as file:
            head = file.read(4096)
        try:
            frame = next(split_frames(head, limit=1))
            self._say(orjson.loads(frame.json))
            self._key = boot_key(key_for(self.kid), self.boot)
            check_macs(self._key, NO_MAC, [frame])
        except (FrameBroken, StopIteration, ValueError, KeyError, TypeError) as error:
            self._recover(key_for, [*_kids_in(head), *kids], error)
        self.position, self.mac = 0, NO_MAC
        self.sent: deque[Sent] = deque()
        self.torn = False

    def _say(self, header: dict[str, Any]) -> None:
        self.kid, self.node, self.first_n = str(header["kid"]), str(header["node"]), int(header["first_n"])
        self.previous = bytes.fromhex(header["previous"])

    def _recover(self, key_for: KeyFor, kids: Iterable[str], problem: Exception) -> None:
        """What the header said, from a header that is proven all the same, or from the first record that is."""
        self.first_n = self.previous = None
        with self.path.open("rb") as file:
            data = file.read(MEND_BYTES)
        for kid in dict.fromkeys(kids):
            with suppress(LookupError):
                self._key = boot_key(key_for(kid), self.boot)
                for frame in walk(self._key, data)[0]:
                    body = orjson.loads(frame.json)
                    if frame.start == 0:
                        self._say(body)
                        return
                    if "id" in body and "node" in body:
                        self.kid, self.node = kid, str(body["node"])
                        return
        raise SegmentBroken(0, f"the header does not hold: {problem}") from problem

    def resume(self, position: int, mac: bytes) -> None:
        """Go on after `position`, which the trail has; what was under way is forgotten."""
        self.position, self.mac = position, mac
        self.sent.clear()

    def next_batch(self, *, complete: bool) -> tuple[Batch, bytes] | None:
        """The next frames to send, at most 512 and 1 MiB, and the mac after them; None when there is nothing yet.

        `complete` says that the writer was known to have ended before this call: then a frame cut short is a torn
        tail, which nobody was told was recorded. Raises SegmentBroken, OSError.
        """
        with self.path.open("rb") as file:
            file.seek(self.position)
            data = file.read(READ_BYTES)
            if len(data) >= PREFIX and (short := _missing(data)):
                data += file.read(short)
            at_end = not file.read(1)
        if not data:
            return None
        frames: list[Frame] = []
        try:
            for frame in split_frames(data, limit=MAXIMUM_FRAMES):
                if frames and frame.end > MAXIMUM_BYTES:
                    break
                frames.append(frame)
        except FrameBroken as broken:
            cut = broken.torn and at_end and b"\n" not in data[broken.position :]
            if broken.torn and not at_end:
                cut = True  # the frame goes on beyond what was read
            if not cut and not frames:
                raise SegmentBroken(self.position + broken.position, broken.problem) from broken
            self.torn = cut and at_end and complete and not frames
        if not frames:
            return None
        try:
            mac = check_macs(self._key, self.mac, frames)
        except FrameBroken as broken:
            good = [frame for frame in frames if frame.start < broken.position]
            if not good:
                raise SegmentBroken(self.position + broken.position, broken.problem) from broken
            frames, mac = good, good[-1].mac
        end = frames[-1].end
        batch = Batch(
            segment=self.name,
            node=self.node,
            kid=self.kid,
            start=self.position,
            end=self.position + end,
            previous=self.mac.hex(),
            frames=data[:end].decode("utf-8"),
        )
        return batch, mac

    def advance(self, batch: Batch, mac: bytes, *, at: float) -> None:
        """Count `batch` as sent at `at`."""
        self.sent.append(Sent(batch, mac, at))
        self.position, self.mac = batch.end, mac

    def mend(self, *, complete: bool) -> tuple[Batch, Mended, bytes] | None:
        """The damaged stretch at the position, to be stored in place of a batch, and its bytes.

        None while a living writer has written nothing after it that holds. Raises OSError.
        """
        with self.path.open("rb") as file:
            file.seek(self.position)
            data = file.read(MEND_BYTES)
            at_end = not file.read(1)
        mended = mend(self._key, self.mac, data, last=complete and at_end)
        if mended is None:
            return None
        batch = Batch(
            segment=self.name,
            node=self.node,
            kid=self.kid,
            start=self.position,
            end=self.position + mended.end,
            previous=self.mac.hex(),
            frames="",
        )
        return batch, mended, data[: mended.end]

    def examined(self) -> tuple[dict[int, tuple[str, bytes]], bool]:
        """Id and leaf of every proven record in the file by counter, for the comparison before it is deleted; and
        whether nothing in the file is damaged."""
        found: dict[int, tuple[str, bytes]] = {}
        frames, whole = walk(self._key, self.path.read_bytes())
        for frame in frames:
            body = orjson.loads(frame.json)
            if "n" in body and "id" in body:  # neither header nor attachment
                found[body["n"]] = (body["id"], leaf_of(frame.json))
        return found, whole


def _kids_in(head: bytes) -> Iterator[str]:
    """The key that a damaged header may still name."""
    if found := _KID.search(head):
        yield found.group(1).decode("utf-8", "replace")


def _missing(data: bytes) -> int:
    """How many bytes the first frame has beyond `data`: one frame alone may exceed what is read at once."""
    try:
        whole = PREFIX + int(data[:8], 16) + 1
    except ValueError:
        return 0
    return max(0, min(whole - len(data), MAXIMUM_JSON))

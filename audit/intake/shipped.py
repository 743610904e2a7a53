"""One segment as the shipper sees it: what was read of it, what is under way, what is in the trail."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path

import orjson

from audit.intake.batch import MAXIMUM_BYTES, MAXIMUM_FRAMES, Batch
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

    def __init__(self, path: Path, key_for: KeyFor) -> None:
        """Reads and checks the header. Raises SegmentBroken, LookupError for an unknown key, OSError."""
        self.path, self.name = path, path.stem
        self.boot, _, number = self.name.rpartition("-")
        self.number = int(number)
        with path.open("rb") as file:
            head = file.read(4096)
        try:
            frame = next(split_frames(head, limit=1))
            header = orjson.loads(frame.json)
            self.kid, self.node, self.first_n = str(header["kid"]), str(header["node"]), int(header["first_n"])
            self.previous = bytes.fromhex(header["previous"])
            self._key = boot_key(key_for(self.kid), self.boot)
            check_macs(self._key, NO_MAC, [frame])
        except (FrameBroken, StopIteration, ValueError, KeyError, TypeError) as error:
            raise SegmentBroken(0, f"the header does not hold: {error}") from error
        self.position, self.mac = 0, NO_MAC
        self.sent: deque[Sent] = deque()
        self.torn = False

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

    def leaves(self) -> dict[int, tuple[str, bytes]]:
        """Id and leaf of every record in the file by counter, for the comparison before it is deleted."""
        found: dict[int, tuple[str, bytes]] = {}
        try:
            for frame in split_frames(self.path.read_bytes()):
                body = orjson.loads(frame.json)
                if "n" in body and "id" in body:  # neither header nor attachment
                    found[body["n"]] = (body["id"], leaf_of(frame.json))
        except FrameBroken:
            pass  # the torn tail
        return found


def _missing(data: bytes) -> int:
    """How many bytes the first frame has beyond `data`: one frame alone may exceed what is read at once."""
    try:
        whole = PREFIX + int(data[:8], 16) + 1
    except ValueError:
        return 0
    return max(0, min(whole - len(data), MAXIMUM_JSON))

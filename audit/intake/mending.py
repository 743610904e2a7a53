"""What of a damaged segment is proven all the same, and where its chain goes on: the smallest stretch to set aside.

A frame is proven when its mac is the one that the boot's key makes over a mac before it and its JSON. Which of the macs
before it that was does not matter: nobody without the key can make any such pair, so what is proven was written by that
boot, byte for byte. From that follows what a damage costs:

- in a frame's JSON: that record. The mac it carries still proves the frame after it.
- in its mac, length, checksum or line end: nothing. Its JSON is proven by its own mac, or by the frame after it.
- in between, put in: nothing. Cut out, or no mac left to read: what was cut, and the one frame after it, which nothing
  proves; that frame's own mac proves the next.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from audit.writing.frames import (
    MAXIMUM_JSON,
    NO_MAC,
    PREFIX,
    Frame,
    FrameBroken,
    check_macs,
    mac_of,
    split_frames,
)

MEND_BYTES = 3 * MAXIMUM_JSON
"""Looked through for the end of one stretch: what is longer is set aside in several."""
PIECES = 512
"""Pieces that one stretch is set aside in; all that follows them is one more."""
UNPROVEN = "nothing before it proves it"

SHORTEST = 64
"""Bytes of JSON below which nothing is taken for a frame's: all that the journal writes is longer."""

_SHORTEST_LINE = PREFIX + SHORTEST
_CANDIDATES = 6
_STARTS = 8
_PREFIX = re.compile(rb"([0-9a-f]{8}) [0-9a-f]{8} [0-9a-f]{32} \{")
_MAC_IN_PLACE = re.compile(rb".{17} ([0-9a-f]{32}) ", re.DOTALL)
_MAC = re.compile(rb"([0-9a-f]{32}).?\{", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes `start` to `end`: a frame, or what is left of one. `json` and `mac` as far as they can be read."""

    start: int
    end: int
    json: bytes | None
    mac: bytes | None
    damage: str

    @property
    def says(self) -> bool:
        """Whether anything of a frame can be read in it."""
        return self.json is not None or self.mac is not None


@dataclass(frozen=True, slots=True)
class Mended:
    """A stretch of `end` bytes that does not hold; what follows it is proven over `mac`.

    `proven` are records that are in it all the same, `unproven` is the rest, in the order of the file.
    """

    end: int
    mac: bytes
    proven: list[Frame]
    unproven: list[Piece]


def mend(key: bytes, previous: bytes, data: bytes, *, last: bool, start: int = 0) -> Mended | None:
    """The stretch at `start` of `data`, which does not hold after `previous`, up to the next frame that does.

    `last` says that nothing will ever follow `data`. Otherwise None while no frame holds in it: what is still to be
    written may prove more; but what is longer than MEND_BYTES is a stretch by itself.
    """
    stretch = _Stretch(key, previous)
    end = start
    for piece in _pieces(data, start, last=last):
        if piece.start > start and (over := stretch.resumes_at(piece)) is not None:
            return stretch.ended(piece.start, over)
        stretch.take(piece)
        end = piece.end
    if not last and len(data) - start < MEND_BYTES:
        return None
    return stretch.ended(end, stretch.last)


def walk(key: bytes, data: bytes) -> tuple[list[Frame], bool]:
    """Every proven frame of a whole segment, and whether nothing else is in it (save a torn tail)."""
    found: list[Frame] = []
    position, mac, whole = 0, NO_MAC, True
    while position < len(data):
        try:
            for frame in split_frames(data, start=position):
                mac = check_macs(key, mac, [frame])
                found.append(frame)
                position = frame.end
        except FrameBroken as broken:
            if broken.torn and b"\n" not in data[position:]:
                break
            whole = False
            window = data[position : position + MEND_BYTES]
            mended = mend(key, mac, window, last=position + MEND_BYTES >= len(data))
            if mended is None:  # the window is full, so there always is a stretch
                break
            found += [replace(frame, start=position + frame.start, end=position + frame.end) for frame in mended.proven]
            position, mac = position + mended.end, mended.mac
    return found, whole


class _Stretch:
    """What was seen of a stretch. `_over` maps each mac that the next frame may be proven over to the pieces that are
    proven with it: macs made over JSON whose own mac cannot be read."""

    __slots__ = ("_anchor", "_key", "_over", "_proven", "_unproven", "last")

    def __init__(self, key: bytes, previous: bytes) -> None:
        self._key, self._anchor, self.last = key, previous, previous
        self._over: dict[bytes, tuple[Piece, ...]] = {previous: ()}
        self._proven: list[Piece] = []
        self._unproven: list[Piece] = []

    def resumes_at(self, piece: Piece) -> bytes | None:
        """The mac that an undamaged frame is proven over; None where it is damaged, or not proven."""
        return None if piece.damage else self._proves(piece)

    def take(self, piece: Piece) -> None:
        """Count `piece` to the stretch."""
        over = self._proves(piece)
        self.last = piece.mac or self.last
        if over is not None and piece.mac is not None:
            self._prove(over)
            self._proven.append(piece)
            self._anchor, self._over = piece.mac, {piece.mac: ()}
            return
        self._set_aside(piece)
        made = {}
        if piece.json is not None:
            for mac, waiting in islice(self._over.items(), _CANDIDATES // 2):
                made[mac_of(self._key, mac, piece.json)] = (*waiting, piece)
        stored: dict[bytes, tuple[Piece, ...]] = {self._anchor: ()}
        if piece.mac is not None:
            stored[piece.mac] = ()
            kept = stored | made
        else:
            kept = stored | made | {mac: waiting for mac, waiting in self._over.items() if mac not in made}
        self._over = dict(islice(kept.items(), _CANDIDATES))

    def ended(self, end: int, mac: bytes) -> Mended:
        """The stretch as it is, ending before what is proven over `mac`."""
        self._prove(mac)
        self._proven.sort(key=lambda piece: piece.start)
        frames = [Frame(piece.start, piece.end, piece.mac or NO_MAC, piece.json or b"") for piece in self._proven]
        unproven = self._unproven
        if len(unproven) > PIECES:
            rest = Piece(unproven[PIECES].start, unproven[-1].end, None, None, "too much of it is damaged")
            unproven = [*unproven[:PIECES], rest]
        return Mended(end, mac, frames, unproven)

    def _set_aside(self, piece: Piece) -> None:
        """One piece more that nothing proves; bytes that say nothing are one piece with those before them."""
        before = self._unproven[-1] if self._unproven else None
        if before is not None and before.end == piece.start and not (before.says or piece.says):
            self._unproven[-1] = replace(piece, start=before.start)
        else:
            self._unproven.append(piece)

    def _proves(self, piece: Piece) -> bytes | None:
        if piece.json is None or piece.mac is None:
            return None
        for mac in self._over:
            if hmac.compare_digest(mac_of(self._key, mac, piece.json), piece.mac):
                return mac
        return None

    def _prove(self, over: bytes) -> None:
        """Count as proven what was waiting for a frame that is proven over this mac."""
        for piece in self._over.get(over, ()):
            self._unproven.remove(piece)
            self._proven.append(piece)


def _pieces(data: bytes, start: int, *, last: bool) -> Iterator[Piece]:
    """`data` cut into frames where they can be read by their length, and into lines where not.

    Unless `last`, what is cut short at the end comes only where nothing is before it.
    """
    at, size = start, len(data)
    while at < size:
        frame = _frame_at(data, at)
        if frame is not None:
            end, damage = frame.end, ""
            if data[end - 1 : end] != b"\n":
                # One byte more, where the line end is another byte; none where it is gone.
                end = end - 1 if _frame_at(data, end - 1) is not None else min(end, size)
                damage = "its line end is damaged"
            if end >= size and damage and not last and at > start:
                return
            yield Piece(at, end, frame.json, frame.mac, damage)
            at = end
            continue
        newline = data.find(b"\n", at)
        if newline < 0 and not last and at > start:
            return
        line_end = newline + 1 or size
        if line_end - at < _SHORTEST_LINE:
            end = _end_of_short_lines(data, line_end)
        else:
            end = next(_starts_within(data, at, newline), line_end)
        yield _damaged(data, at, end)
        at = end


def _frame_at(data: bytes, at: int) -> Frame | None:
    """The frame that begins here by its length and checksum, whatever its line end is."""
    try:
        end = at + PREFIX + int(data[at : at + 8], 16)
        if at + PREFIX < end <= len(data):
            frame = next(split_frames(data[at:end] + b"\n", limit=1))
            return Frame(at, end + 1, frame.mac, frame.json)
    except (ValueError, FrameBroken):
        pass
    return None


def _end_of_short_lines(data: bytes, end: int) -> int:
    """Where lines too short for any frame end: they are one piece."""
    while (following := data.find(b"\n", end, end + _SHORTEST_LINE) + 1) > 0:
        end = following
    return end


def _starts_within(data: bytes, at: int, newline: int) -> Iterator[int]:
    """Where in a damaged line a frame begins that ends with the line: what was before it has lost its line end."""
    if newline < 0:
        return
    likely = (
        found.start()
        for found in _PREFIX.finditer(data, at + 1, newline)
        if found.start() + PREFIX + int(found.group(1), 16) == newline
    )
    yield from (begin for begin in islice(likely, _STARTS) if _frame_at(data, begin) is not None)


def _damaged(data: bytes, start: int, end: int) -> Piece:
    """What can be read of a damaged frame: its JSON from the first brace on, its mac by its place or before a brace."""
    line = data[start:end].rstrip(b"\n")
    opening = line.find(b"{")
    readable = opening >= 0 and line.endswith(b"}") and SHORTEST <= len(line) - opening <= MAXIMUM_JSON
    found = _MAC_IN_PLACE.match(line) or _MAC.search(line)
    mac = bytes.fromhex(found.group(1).decode("ascii")) if found else None
    return Piece(start, end, line[opening:] if readable else None, mac, "it is damaged")

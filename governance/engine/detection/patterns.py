"""Many patterns asked at once: an RE2 set of anchors says which detectors are worth trying, then each is tried there.

The anchors hold no long repetition, so the set's automaton stays small whatever the text is; the detectors' own
patterns are matched only in a window at an anchor, and every try is paid from the scan's purse. Both together keep the
time linear, with no text that can blow it up.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import re2
from re2 import _re2

UNANCHORED = _re2.RE2.Anchor.UNANCHORED
ANCHORED = _re2.RE2.Anchor.ANCHOR_START
_SET_MEMORY = 64 << 20  # bytes for the set's automaton; compiling fails, it never matches less
_PATTERN_MEMORY = 8 << 20
_BETWEEN_LOOKS = 24  # tries between two looks at the clock
WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")


class PatternError(ValueError):
    """A pattern that RE2 refuses, or a set that does not compile. Fatal at start."""


class Purse:
    """What a scan may still spend: tries, and processor time of its thread, looked at every few tries.

    When it is empty the scan is incomplete, which denies. Processor time and not the clock on the wall, so that a busy
    machine refuses nothing that an idle one admits. It counts from the first look: most scans end before one.
    """

    __slots__ = ("_look", "_seconds", "_until", "left")

    def __init__(self, tries: int, seconds: float) -> None:
        self.left = tries
        self._look = tries - _BETWEEN_LOOKS
        self._seconds = seconds
        self._until: float | None = None

    def spend(self, tries: int = 1) -> bool:
        """Take some; False when there were too few, or no time is left."""
        self.left = left = self.left - tries
        if left < self._look:
            self._look = left - _BETWEEN_LOOKS
            if self._seconds_left() < 0.0:
                self.left = -1
                return False
        return left >= 0

    def remaining(self) -> float:
        """Seconds of processor time that are left; 0 when the purse is empty."""
        return max(0.0, self._seconds_left()) if self.left >= 0 else 0.0

    def _seconds_left(self) -> float:
        now = time.thread_time()
        if self._until is None:
            self._until = now + self._seconds
        return self._until - now


def regexp(pattern: str, *, memory: int = _PATTERN_MEMORY) -> _re2.RE2:
    """Compile one RE2 pattern over bytes; raises PatternError."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = memory
    compiled = _re2.RE2(pattern.encode(), options)
    if not compiled.ok():
        raise PatternError(f"not an RE2 pattern: {_text(compiled.error())}")
    return compiled


def _text(message: bytes | str) -> str:
    return message.decode("utf-8", "replace") if isinstance(message, bytes) else message


def spans(
    pattern: _re2.RE2, text: bytes, start: int, end: int, purse: Purse, *, group: int = 0
) -> Iterator[tuple[int, int]]:
    """Every match of the pattern in text[start:end], left to right, as the span of one group."""
    while start < end and purse.spend():
        found = pattern.Match(UNANCHORED, text, start, end)
        if found[0][0] < 0:
            return
        yield found[group] if group < len(found) else found[0]
        start = max(found[0][1], found[0][0] + 1)


def match_at(pattern: _re2.RE2, text: bytes, start: int, end: int) -> tuple[int, int] | None:
    """The span of group 1, or of the whole match where there is no group, of a match that begins at `start`."""
    found = pattern.Match(ANCHORED, text, start, end)
    if found[0][0] < 0:
        return None
    span: tuple[int, int] = found[1] if len(found) > 1 and found[1][0] >= 0 else found[0]
    return span


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorSet:
    """An RE2 set over anchors. Immutable after it is built, so any number of threads may ask it."""

    compiled: _re2.Set
    size: int

    @classmethod
    def build(cls, anchors: Iterable[str], *, at_start: bool = False) -> AnchorSet:
        """`at_start` sets match only at the begin. Raises PatternError when a pattern or the set does not compile."""
        options = re2.Options()
        options.max_mem = _SET_MEMORY
        options.log_errors = False
        options.never_capture = True
        built = _re2.Set(ANCHORED if at_start else UNANCHORED, options)
        added = list(anchors)
        for anchor in added:
            if built.Add(anchor.encode()) < 0:
                raise PatternError(f"not an RE2 pattern: {anchor}")
        if not built.Compile():
            raise PatternError("the set of anchors does not compile within its memory")
        return cls(compiled=built, size=len(added))

    def match(self, text: bytes) -> list[int]:
        """The numbers of the anchors that occur in the text."""
        found: list[int] | None = self.compiled.Match(text)
        return found or []

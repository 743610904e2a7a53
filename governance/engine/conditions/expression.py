"""An RE2 expression of a schema, and what one search with it costs at most.

RE2 takes linear time, but the factor is the expression's: a text that keeps many places of `[ab]*a[ab]{500}c` open
costs each of them at each byte. So a search is paid for as if the text were the worst there is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import re2
from re2 import _re2

from governance.engine.detection.patterns import UNANCHORED

MAX_PROGRAM = 40_000
"""RE2 instructions that the expressions of one schema may hold together."""

_MEMORY = 8 << 20
_PLACES_PER_STEP = 4
_WIDTH = 9
"""Instructions of one class of characters in UTF-8, at most, that are tried at one byte."""

_ATOM = re.compile(
    r"(?:\\[dDwWsS]|\\[^\w\s]|\.|\[(?:\\[dDwWsS]|\\[^\w\s]|[^\]\[\\])+\]|[^\\\[\](){}*+?|^$.])"
    r"(?:(?P<loop>[*+])|(?P<maybe>\?)|\{(?P<least>\d+)(?P<range>,(?P<most>\d*))?\})?"
)


class ExpressionError(ValueError):
    """RE2 refuses the expression, or it is too large; the message says why."""


@dataclass(frozen=True, slots=True)
class Expression:
    """One compiled expression. `size` is in instructions, `places` how many a byte of text may keep open at most."""

    compiled: _re2.RE2
    size: int
    places: int

    @classmethod
    def compile(cls, pattern: str, *, ascii: bool = False) -> Expression:
        """For any text, or in a smaller form for texts of ASCII alone. Raises ExpressionError."""
        options = re2.Options()
        options.log_errors = False
        options.never_capture = True
        options.max_mem = _MEMORY
        if ascii and pattern.isascii():
            options.encoding = re2.Options.Encoding.LATIN1
        compiled = _re2.RE2(pattern.encode(), options)
        if not compiled.ok():
            raise ExpressionError(f"{pattern!r} is no RE2 expression: {compiled.error().decode('utf-8', 'replace')}")
        size = max(compiled.ProgramSize(), compiled.ReverseProgramSize())
        return cls(compiled, size, min(size, _open_places(pattern) * _WIDTH or size))

    def steps(self, length: int) -> int:
        """What a search in a text of so many bytes costs at most."""
        return 3 + length * self.places // _PLACES_PER_STEP

    def search(self, text: bytes) -> bool:
        """Whether the expression matches anywhere in the text."""
        found: tuple[tuple[int, int], ...] = self.compiled.Match(UNANCHORED, text, 0, len(text))
        return found[0][0] >= 0


class Expressions:
    """The expressions of one schema, each compiled once, when it is first needed."""

    __slots__ = ("_left", "_made")

    def __init__(self) -> None:
        self._left = {True: MAX_PROGRAM, False: MAX_PROGRAM}
        self._made: dict[tuple[str, bool], Expression] = {}

    def get(self, pattern: str, *, ascii: bool) -> Expression:
        """One for texts of ASCII or for any. Raises ExpressionError, from the one on that is too many."""
        found = self._made.get((pattern, ascii))
        if found is None:
            if self._left[ascii] >= 0:
                self._left[ascii], left = -1, self._left[ascii]
                found = Expression.compile(pattern, ascii=ascii)
                self._left[ascii] = left - found.size
            if found is None or self._left[ascii] < 0:
                raise ExpressionError(f"with {pattern!r} the expressions hold more than {MAX_PROGRAM} instructions")
            self._made[pattern, ascii] = found
        return found


def _open_places(pattern: str) -> int:
    """How many places of the expression can be open at once, or 0 where that is not easily told.

    In a plain sequence between `^` and `$`, everything up to the first part of varying length is open at one place
    alone, which the position in the text determines; behind it, each place may be.
    """
    if not (pattern.startswith("^") and pattern.endswith("$")):
        return 0
    at, end, places, varied = 1, len(pattern) - 1, 1, False
    while at < end:
        found = _ATOM.match(pattern, at, end)
        if found is None:
            return 0
        least = int(found["least"] or (0 if found["loop"] == "*" or found["maybe"] else 1))
        bounded = int(found["most"]) if found["most"] else 1 if found["maybe"] else least
        if varied:
            places += max(bounded, least) + 1
        varied = varied or bool(found["loop"] or found["maybe"] or found["range"])
        at = found.end()
    return places

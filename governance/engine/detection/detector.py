"""A detector as data: the shape of one credential format, and what follows from the shape.

A shape is the format as vendors publish it, with the random parts in braces: `ghp_{w:36}`. From it come the RE2
pattern, the literal that a text must hold before the pattern is tried, and examples that run as tests.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

HIGH, MEDIUM, LOW = "high", "medium", "low"

# What may stand at one place of a random part: the RE2 class, and the letters that examples are drawn from.
_CLASSES: dict[str, tuple[str, str]] = {
    "d": ("[0-9]", "7305196842"),
    "h": ("[0-9a-f]", "3f9a0c7e15b8d264"),
    "H": ("[0-9A-F]", "3F9A0C7E15B8D264"),
    "x": ("[0-9a-fA-F]", "3f9A0c7E15b8D264"),
    "l": ("[a-z]", "qzxkvjwhpgbmftydncuslroaie"),
    "u": ("[A-Z]", "QZXKVJWHPGBMFTYDNCUSLROAIE"),
    "a": ("[a-z0-9]", "q7zk2vj9wh4pg8bm1ft6yd3nc5us0lroaiex"),
    "A": ("[A-Z0-9]", "Q7ZK2VJ9WH4PG8BM1FT6YD3NC5US0LROAIEX"),
    "L": ("[A-Za-z]", "QzXkVjWhPgBmFtYdNcUsLrOaIe"),
    "w": ("[A-Za-z0-9]", "Q7zk2Vj9wH4pG8bM1fT6yD3nC5uS0lRoAiEx"),
    "v": ("[A-Za-z0-9_]", "Q7zk2Vj9wH4pG8bM1fT6yD3nC5uS0lRoAiEx"),
    "s": ("[A-Za-z0-9_-]", "Q7zk2Vj9wH4pG8bM1fT6yD3nC5uS0lRoAiEx"),
    "t": ("[A-Za-z0-9_.-]", "Q7zk2Vj9wH4pG8bM1fT6yD3nC5uS0lRoAiEx"),
    "b": ("[A-Za-z0-9+/]", "Q7zk2Vj9wH4pG8bM1fT6yD3nC5uS0lRo+AiE/x"),
    "e": ("[A-Za-z0-9+/=_-]", "Q7zk2Vj9wH4pG8bM1fT6yD3nC5uS0lRoAiEx"),
    "p": ("[!-~]", "Q7zk2Vj9wH4pG8bM1fT6yD3nC5uS0lRo!%*AiEx"),
    "2": ("[A-Z2-7]", "Q7ZK2VJWH4PGBM3FT6YDNC5USLROAIEX"),
    "c": ("[1-9A-HJ-NP-Za-km-z]", "Q7zk2Vj9wH4pG8bM1fT6yD3nC5uSRoAiEx"),
    "k": ("[qpzry9x8gf2tvdw0s3jn54khce6mua7l]", "qpzry9x8gf2tvdw0s3jn54khce6mua7l"),
}
_PART = re.compile(r"\{(\w):(\d+)(?:-(\d+))?(\+)?\}")
_OPEN_EXAMPLE = 8  # an open part is this much longer than its least length in the longer example

# Between the word that names a vendor and the value: the rest of the name, then an assignment or a separator.
_GAP = r"""[\w .\-]{0,40}["'\]]{0,2}\s{0,4}(?:=|:|=>|:=|,|>|\bis\b|\s)\s{0,4}["'`]{0,2}"""


class DetectorError(ValueError):
    """A detector that cannot be used: `detector` is its id."""

    def __init__(self, detector: str, reason: str) -> None:
        super().__init__(f"detector {detector}: {reason}")
        self.detector = detector
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """One built-in credential format.

    `shapes` are its forms. With `words` the form counts only behind one of them (a vendor's name before a value that
    would say nothing alone). `check` names the checksum or structure of `checks.py`; it raises the confidence of what
    passes, and with `strict` drops what does not. `floor` is the least entropy of the random part in bits a character;
    `bounded` asks that the value does not go on to the right. `match` and `passes` are further examples as shapes.
    """

    id: str
    kind: str
    shapes: tuple[str, ...]
    words: tuple[str, ...] = ()
    check: str | None = None
    strict: bool = False
    floor: float = 2.4
    confidence: str = HIGH
    bounded: bool = False
    match: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()

    @property
    def anchors(self) -> tuple[str, ...]:
        """RE2 patterns, one of which is in every text that holds this credential: a literal and no counting."""
        if self.words:
            return tuple(f"(?i:{re.escape(word)})" for word in self.words)
        return tuple(_anchor(shape) for shape in self.shapes)

    @property
    def patterns(self) -> tuple[str, ...]:
        """RE2 patterns; where there is a group, the first is the credential."""
        compiled = tuple(pattern_of(shape) for shape in self.shapes)
        if not self.words:
            return compiled
        words = "|".join(re.escape(word) for word in self.words)
        end = r"(?:[^A-Za-z0-9_+/=\-]|$)" if self.bounded else ""
        return (f"(?i:{words}){_GAP}({'|'.join(compiled)}){end}",)

    def examples(self) -> Iterator[tuple[str, bool]]:
        """Texts with whether this detector must find something in them, made from the shapes, the same every time."""
        for shape in () if self.strict and self.match else self.shapes:
            for spare in (0, _OPEN_EXAMPLE):
                yield self._worded(expand(shape, self.id, spare=spare)), True
        for text in self.match:
            yield expand(text, self.id), True
        for shape in (shape for shape in self.shapes if "{" in shape):
            yield self._worded(shape[: shape.index("{")] + "x" * 8), False
            yield self._worded("<" + re.sub(r"\W", "_", self.id) + ">"), False
        for text in self.passes:
            yield expand(text, self.id), False

    def _worded(self, value: str) -> str:
        if self.check == "armour" and value in self.shapes:
            return f"{value}-----\n{expand('{b:64}', self.id)}\n"
        return f"{self.words[0]}_key = '{value}'" if self.words else f"use {value} for it"


def pattern_of(shape: str) -> str:
    """The RE2 pattern of a shape."""
    out, at = [], 0
    for part in _PART.finditer(shape):
        low, high = part[2], part[3]
        times = f"{{{low},}}" if part[4] else f"{{{low},{high}}}" if high else f"{{{low}}}"
        out += [re.escape(shape[at : part.start()]), _CLASSES[part[1]][0] + times]
        at = part.end()
    return "".join([*out, re.escape(shape[at:])])


def expand(shape: str, seed: str, *, spare: int = 0) -> str:
    """An instance of a shape, drawn from `seed`; `spare` lengthens the parts whose length is not fixed."""

    def draw(part: re.Match[str]) -> str:
        low, high = int(part[2]), int(part[3] or part[2])
        length = low + spare if part[4] else min(high, low + spare)
        letters = _CLASSES[part[1]][1]
        digest = cycle(hashlib.blake2b(f"{seed}:{part.start()}:{length}".encode(), digest_size=64).digest())
        return "".join(letters[(next(digest) + n) % len(letters)] for n in range(length))

    return _PART.sub(draw, shape)


def parts_of(shape: str) -> tuple[str, re.Match[str] | None]:
    """The literal that a shape begins with, and its first random part."""
    part = _PART.search(shape)
    return (shape, None) if part is None else (shape[: part.start()], part)


def shortest(shape: str) -> int:
    """The least length of a shape in bytes."""
    return len(_PART.sub("", shape)) + sum(int(part[2]) for part in _PART.finditer(shape))


def longest(shape: str, unbounded: int) -> int:
    """The greatest length of a shape in bytes, a part without an upper bound counted as `unbounded`."""
    total = len(_PART.sub("", shape))
    for part in _PART.finditer(shape):
        total += unbounded if part[4] else int(part[3] or part[2])
    return total


def literal_of(shape: str) -> tuple[str, int]:
    """The literal that tells a shape apart, and the number of the random part before it (-1: none, it begins so).

    That is the one that the shape begins with if it is long enough to be rare, else the longest.
    """
    parts = list(_PART.finditer(shape))
    if not parts:
        return shape, -1
    lead = shape[: parts[0].start()]
    if len(lead) >= 3:
        return lead, -1
    ends = [part.start() for part in parts[1:]] + [len(shape)]
    between = [(shape[part.end() : end], n) for n, (part, end) in enumerate(zip(parts, ends, strict=True))]
    return max(between, key=lambda pair: len(pair[0]))


def is_dense(shape: str) -> bool:
    """No literal of the shape is rare enough to look for: it is tried at every long run of letters and digits."""
    literal, _ = literal_of(shape)
    return len(literal) < 3 and literal.isalnum() or len(literal) < 2 or set(literal) <= set("=.:-")


def _anchor(shape: str) -> str:
    """A short piece that every instance holds: its telling literal with a little of the random part after it.

    What is repeated stays under four places, so that the set of all anchors does not grow with the formats' lengths.
    """
    literal, number = literal_of(shape)
    parts = list(_PART.finditer(shape))
    after = parts[number + 1] if number + 1 < len(parts) else None
    if after is None or len(literal) >= 6:
        return re.escape(literal)
    return re.escape(literal) + _CLASSES[after[1]][0] * min(3, int(after[2]))

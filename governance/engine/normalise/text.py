"""Text as a reader or an interpreter would take it: no invisible characters, compatibility forms and look-alikes
folded.
"""

from __future__ import annotations

import re
import unicodedata

from governance.engine.normalise.confusables import CONFUSABLES

_INVISIBLE_RANGES: tuple[tuple[int, int], ...] = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)

INVISIBLE: frozenset[int] = frozenset(point for first, last in _INVISIBLE_RANGES for point in range(first, last + 1))
"""Zero-width, bidirectional, variation, filler and tag characters: what a reader does not see."""

_STRIP = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _INVISIBLE_RANGES) + "]+")
_LOOKALIKE = re.compile("[" + "".join(re.escape(chr(point)) for point in CONFUSABLES) + "]")


def visible(text: str) -> str:
    """`text` without invisible characters and in compatibility form (NFKC). ASCII comes back as it is."""
    if text.isascii():
        return text
    return _STRIP.sub("", unicodedata.normalize("NFKC", _STRIP.sub("", text)))


def fold(text: str) -> str:
    """`visible(text)` with look-alikes of ASCII characters replaced by what they look like. Case is kept."""
    if text.isascii():
        return text
    seen = visible(text)
    return seen if seen.isascii() else _LOOKALIKE.sub(_letter, seen)


def _letter(found: re.Match[str]) -> str:
    return CONFUSABLES[ord(found[0])]


def is_hidden(char: str) -> bool:
    """Whether a character is a control, format, private, surrogate, unassigned or otherwise invisible one."""
    return ord(char) in INVISIBLE or unicodedata.category(char) in {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}

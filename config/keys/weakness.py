"""Is a configured secret easily guessed; its form is told by whoever reads it."""

from __future__ import annotations

import math
import zlib
from collections import Counter

ENOUGH_BITS = 128  # of entropy over the whole key; 32 random bytes in base64 have about 200
_PLACEHOLDERS = (
    "changeme",
    "change-me",
    "change_me",
    "example",
    "insecure",
    "password",
    "placeholder",
    "replaceme",
    "replace-me",
    "xxxxxxxx",
)


def weakness(value: str) -> str:
    """Why a secret is easily guessed: `placeholder`, `low entropy` or empty for neither."""
    lowered = value.lower()
    if any(word in lowered for word in _PLACEHOLDERS):
        return "placeholder"
    counts = Counter(value)
    bits = -sum(count * math.log2(count / len(value)) for count in counts.values()) if value else 0.0
    packer = zlib.compressobj(level=9, wbits=-15)  # without header; sees the repetition that counting does not
    packed = 8 * len(packer.compress(value.encode()) + packer.flush())
    return "" if min(bits, packed) >= ENOUGH_BITS else "low entropy"

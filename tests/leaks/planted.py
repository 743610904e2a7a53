"""Secrets that nobody else has, one for each place they are planted at, and every form a fragment could show in."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Iterator
from dataclasses import dataclass, field

import re2

WINDOW = 8
MIXED = string.ascii_letters + string.digits
_MEMORY = 2 << 30  # bytes that the compiled search may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """One planted value: where it was planted, the whole, and the random part that is its own."""

    where: str
    value: str
    own: str


@dataclass(slots=True)
class Planter:
    """Makes secrets of published formats in turn; `seed` makes them again."""

    seed: int
    planted: list[Secret] = field(default_factory=list)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def secret(self, where: str) -> str:
        """A fresh credential to be planted at `where`."""
        shape = SHAPES[len(self.planted) % len(SHAPES)]
        before, size, letters = shape
        own = "".join(self._chance.choice(letters) for _ in range(size))
        self.planted.append(Secret(where=where, value=before + own, own=own))
        return before + own

    def given(self, where: str, value: str, own: str | None = None) -> str:
        """A credential that the product made itself."""
        self.planted.append(Secret(where=where, value=value, own=own if own is not None else value))
        return value


SHAPES: tuple[tuple[str, int, str], ...] = (
    ("sk_live_", 24, MIXED),
    ("glpat-", 20, MIXED),
    ("demo_", 32, string.ascii_lowercase + string.digits),
    ("ghp_", 36, MIXED),
    ("password=", 20, MIXED),
)
"""What stands before, how many random characters follow, and of which letters."""


def windows(own: str) -> Iterator[str]:
    """Every run of eight characters."""
    for at in range(len(own) - WINDOW + 1):
        yield own[at : at + WINDOW]


def forms(text: str) -> Iterator[str]:
    """A fragment as it is, reversed, and in every encoding: base64 at each of its three alignments among them."""
    raw = text.encode()
    yield text
    yield text[::-1]
    yield raw.hex()
    yield raw.hex().upper()
    yield raw.hex(" ")
    yield "".join(f"%{byte:02X}" for byte in raw)
    yield "".join(f"%{byte:02x}" for byte in raw)
    yield "".join(f"\\x{byte:02x}" for byte in raw)
    yield "".join(f"\\u{byte:04x}" for byte in raw)
    yield "".join(f"&#{byte};" for byte in raw)
    yield "".join(f"&#x{byte:x};" for byte in raw)
    for alignment in range(3):
        whole = base64.b64encode(bytes(alignment) + raw).decode()
        # Letters that also hold bits of what stands before or after are somebody else's.
        core = whole[(0, 2, 3)[alignment] : (len(raw) + alignment) * 8 // 6]
        yield core
        if "+" in core or "/" in core:
            yield core.replace("+", "-").replace("/", "_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A fragment that was found: of which secret, in what, in which form, and what stands around it."""

    where: str
    sink: str
    form: str
    around: str


class Finder:
    """Looks for every form of every window of many secrets at once."""

    def __init__(self, planted: list[Secret]) -> None:
        self._owner: dict[str, str] = {}
        for secret in planted:
            for window in windows(secret.own):
                for form in forms(window):
                    self._owner.setdefault(form, secret.where)
        options = re2.Options()
        options.max_mem = _MEMORY
        options.encoding = re2.Options.Encoding.LATIN1
        options.log_errors = False
        options.literal = False
        self._pattern = re2.compile("|".join(re2.escape(form) for form in sorted(self._owner)).encode(), options)

    @property
    def size(self) -> int:
        """How many forms are looked for."""
        return len(self._owner)

    def hits(self, sink: str, content: bytes) -> Iterator[Hit]:
        """The first fragment of each secret in `content`."""
        seen: set[str] = set()
        for found in self._pattern.finditer(content):
            form = found.group().decode("latin-1")
            where = self._owner[form]
            if where in seen:
                continue
            seen.add(where)
            start = max(0, found.start() - 60)
            around = content[start : found.end() + 40].decode("utf-8", "replace")
            yield Hit(where=where, sink=sink, form=form, around=around)

"""Names of servers, tools and everything else that has an id: what is a valid one, and what only looks like another.

`name_key` is the one spelling under which two names are the same for a deny. It is coarser than equality on purpose: a
server cannot dodge a deny by its spelling, and an allow never uses it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from governance.engine.normalise.confusables import CONFUSABLES, DIGIT_SHAPES
from governance.engine.normalise.text import INVISIBLE, is_hidden, visible

SLUG = r"[a-z0-9][a-z0-9._-]{0,63}"
"""An id of policy, tokens or the directory, whole. Columns, schemas and routes are made from these three."""

TOOL_NAME = r"[A-Za-z0-9_.:-]{1,128}"
"""A tool's own name: one segment."""

PLUGIN_ID = r"[a-z0-9][a-z0-9-]{1,48}[a-z0-9]"
"""A plugin's id: what clients accept."""

_SLUG = re.compile(SLUG, re.ASCII)
_PERCENT = re.compile(r"%([0-9a-fA-F]{2})")
_MAX_NAME = 1024


def is_slug(text: str) -> bool:
    """Whether `text` is an id."""
    return _SLUG.fullmatch(text) is not None


def name_faults(text: str) -> tuple[str, ...]:
    """Why a server's or a tool's name must be refused: any of `empty`, `hidden`, `not_nfkc`, `mixed_script`; () for a
    sound one.
    """
    faults: list[str] = []
    if not text.strip():
        faults.append("empty")
    if any(is_hidden(char) for char in text):
        faults.append("hidden")
    if unicodedata.normalize("NFKC", text) != text:
        faults.append("not_nfkc")
    if len(scripts(text)) > 1:
        faults.append("mixed_script")
    return tuple(faults)


def scripts(text: str) -> frozenset[str]:
    """The scripts of the letters in `text`, by the first word of their Unicode names: `LATIN`, `CYRILLIC`."""
    found: set[str] = set()
    for char in text:
        if char.isalpha():
            found.add("LATIN" if char.isascii() else unicodedata.name(char, "UNKNOWN").partition(" ")[0])
    return frozenset(found)


@lru_cache(maxsize=8192)
def name_key(text: str) -> str:
    """The coarse key of a name or a pattern: two names with one key are taken for each other by a reader or by a loose
    backend.

    Folds, in order: percent escapes, invisible and control characters, NFKC, white space, look-alikes, case, marks
    (accents), repeated and outer separators, and letters that are drawn alike (`0 o`, `1 l i`, `5 s`, `rn m`, `vv w`).
    `/ : * ?` stay.
    """
    text = text[:_MAX_NAME]
    for _ in range(3):
        if "%" not in text:
            break
        text = _PERCENT.sub(lambda found: chr(int(found[1], 16)), text)
    text = visible(text.translate(CONFUSABLES))
    text = "".join(
        char
        for char in unicodedata.normalize("NFKD", text.translate(CONFUSABLES))
        if ord(char) not in INVISIBLE
        and not unicodedata.combining(char)
        and not char.isspace()
        and unicodedata.category(char)[0] not in "CM"
    )
    text = text.translate(CONFUSABLES).casefold().translate(CONFUSABLES).replace("\\", "/")
    while "//" in text:
        text = text.replace("//", "/")
    text = "/".join(part for part in text.split("/") if part != ".").strip("/")
    return text.translate(DIGIT_SHAPES).replace("rn", "m").replace("vv", "w")

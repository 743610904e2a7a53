"""Entity patterns: `kind:pattern`, or a pattern alone for every kind.

`*` matches within a segment, `**` across segments, `?` one character of a segment. `server:P` also covers the
tools of the servers that it matches. Nothing else is special, so a pattern without these three is a plain id.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from governance.engine.call import EntityKind

KINDS = frozenset(kind.value for kind in EntityKind)
_WILD = re.compile(r"\*\*|\*|\?")
_LINE_MEANING = {"**": r"[^\n]*", "*": r"[^/\n]*", "?": r"[^/\n]"}
_MEANING = {"**": "(?s:.*)", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One entity pattern. `kind` is None for every kind; `prefix` is the text before the first wildcard."""

    text: str
    kind: str | None
    glob: str
    prefix: str
    literal: bool

    @classmethod
    def parse(cls, text: str, *, fold: bool = False) -> Pattern:
        """The pattern that `text` writes; `fold` makes it ready for ids that were case-folded."""
        kind, colon, rest = text.partition(":")
        if not colon or kind not in KINDS:
            kind, rest = "", text
        glob = rest.casefold() if fold else rest
        wild = _WILD.search(glob)
        return cls(
            text=text,
            kind=kind or None,
            glob=glob,
            prefix=glob if wild is None else glob[: wild.start()],
            literal=wild is None,
        )

    def matches(self, kind: str, entity: str) -> bool:
        """Whether the pattern names this entity itself or, for `server:P`, the server of this tool."""
        if self.kind is None or self.kind == kind:
            return self.names(entity)
        return self.kind == "server" and kind == "tool" and self.names(entity.partition("/")[0])

    def names(self, entity: str) -> bool:
        """Whether the glob matches this id, whatever its kind."""
        if self.literal:
            return entity == self.glob
        return entity.startswith(self.prefix) and expression(self.glob).fullmatch(entity) is not None


FEW = 3
"""Wildcards up to which Python's `re`, which backtracks, is used on a whole list of ids at once."""


@lru_cache(maxsize=1024)
def line_expression(glob: str) -> re.Pattern[str] | None:
    """The glob for a text of one id a line, or None where backtracking over so many wildcards could take long.

    One pass of `re` over 10,000 ids takes 1 ms; as many RE2 calls from Python take 20.
    """
    if len(_WILD.findall(glob)) > FEW:
        return None
    parts: list[str] = []
    at = 0
    for wild in _WILD.finditer(glob):
        parts += (re.escape(glob[at : wild.start()]), _LINE_MEANING[wild[0]])
        at = wild.end()
    parts.append(re.escape(glob[at:]))
    return re.compile(f"^{''.join(parts)}$", re.MULTILINE)


@lru_cache(maxsize=8192)
def expression(glob: str) -> Any:
    """The glob as an RE2 expression: linear in the id, whatever the pattern."""
    parts: list[str] = []
    at = 0
    for wild in _WILD.finditer(glob):
        parts += (re2.escape(glob[at : wild.start()]), _MEANING[wild[0]])
        at = wild.end()
    parts.append(re2.escape(glob[at:]))
    return re2.compile("".join(parts))

"""Entity patterns: `kind:pattern`, or a pattern for every kind; what is a valid one and what it covers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from governance.engine.call import EntityKind
from governance.engine.compiled.pattern import Pattern
from governance.engine.document.policy import EntityTable, PolicyDocument

KINDS = tuple(kind.value for kind in EntityKind)
PATTERN = r"[A-Za-z0-9_.:*?/-]{1,300}"
"""An entity pattern without its kind, before its segments are looked at."""

_SOUND = re.compile(PATTERN, re.ASCII)
_KIND_LIKE = re.compile(r"([a-z_]+):(.*)", re.ASCII | re.DOTALL)


class BadSelector(ValueError):
    """Why a text is no entity pattern."""


def parse_selector(text: str, *, fold: bool = False) -> Pattern:
    """The pattern that `text` writes, for case-folded ids if `fold`; raises `BadSelector`."""
    pattern = text
    kind: str | None = None
    match = _KIND_LIKE.fullmatch(text)
    if match is not None:
        if match[1] not in KINDS:
            raise BadSelector(f"{match[1]!r} is no kind of entity; the kinds are {', '.join(KINDS)}")
        kind, pattern = match[1], match[2]
    if not _SOUND.fullmatch(pattern):
        raise BadSelector("is no entity pattern: letters, digits and _ . : - / with *, ** and ? are allowed")
    if "***" in pattern:
        raise BadSelector("is an invalid glob: *** means nothing")
    if pattern.startswith("/") or pattern.endswith("/") or "//" in pattern:
        raise BadSelector("is an invalid glob: it has an empty segment")
    parsed = Pattern.parse(text, fold=fold)
    if parsed.literal and kind == EntityKind.TOOL and pattern.count("/") != 1:
        raise BadSelector("is no tool: a tool is written server/tool")
    if parsed.literal and kind not in (None, EntityKind.TOOL) and "/" in pattern:
        raise BadSelector(f"is no {kind}: only tools have a / in their id")
    return parsed


def entities_of(document: PolicyDocument) -> list[tuple[EntityKind, str]]:
    """Every entity that a document holds, each server followed by its tools, sorted by id within a kind."""
    found: list[tuple[EntityKind, str]] = []
    for key, kind in TABLES.items():
        for entity in sorted(document.get(key, ())):
            found.append((kind, entity))
            if key == "servers":
                tools = document["servers"][entity].get("tools", ())
                found.extend((EntityKind.TOOL, f"{entity}/{tool}") for tool in sorted(tools))
    return found


TABLES: Mapping[EntityTable, EntityKind] = {
    "servers": EntityKind.SERVER,
    "data_sources": EntityKind.DATA_SOURCE,
    "agents": EntityKind.AGENT,
    "skills": EntityKind.SKILL,
    "plugins": EntityKind.PLUGIN,
}
"""Under which key of a policy the entities of a kind stand."""

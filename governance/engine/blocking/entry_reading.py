"""An entry of the policy file, read and its pattern tried: what a blocklist is compiled from."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

import re2

from governance.engine.blocking.entry import KINDS, BlocklistError, Entry, EntryProblem
from governance.engine.blocking.expressions import ArgumentMatcher
from governance.engine.blocking.matchers import ENTITY_KINDS, EntityMatcher, HostMatcher, PathMatcher, alternatives
from governance.engine.blocking.patterns import CommandPattern, StatementPattern
from governance.engine.normalise.hosts import parse_host
from governance.engine.normalise.names import is_slug


def read_entry(raw: Mapping[str, Any]) -> Entry:
    """An entry as the policy file writes it. Raises BlocklistError."""
    name = raw.get("id")
    if not isinstance(name, str) or not is_slug(name):
        raise BlocklistError((EntryProblem(entry=str(name), message="id is not a slug"),))
    kind, pattern, mode, pointer = raw.get("kind"), raw.get("pattern"), raw.get("mode", "enforce"), raw.get("pointer")
    if kind not in KINDS:
        raise BlocklistError((EntryProblem(entry=name, message=f"kind is none of {', '.join(KINDS)}"),))
    if not isinstance(pattern, str) or not pattern.strip():
        raise BlocklistError((EntryProblem(entry=name, message="pattern is empty"),))
    if mode not in {"enforce", "shadow"}:
        raise BlocklistError((EntryProblem(entry=name, message="mode is neither enforce nor shadow"),))
    if pointer is not None and (kind != "argument" or not isinstance(pointer, str) or not pointer.startswith("/")):
        raise BlocklistError((EntryProblem(entry=name, message="pointer is a JSON pointer, for kind argument"),))
    examples = raw.get("examples") or {}
    return Entry(
        id=name,
        kind=kind,
        pattern=pattern,
        description=str(raw.get("description", "")),
        mode=mode,
        pointer=pointer,
        match=tuple(examples.get("match", ())),
        unmatched=tuple(examples.get("pass", ())),
    )


def pattern_problem(entry: Entry) -> str | None:
    """What is wrong with an own entry's pattern, None when it compiles."""
    try:
        if entry.pattern.startswith("@"):
            return "a pattern that starts with @ names a shipped check"
        if entry.kind == "entity":
            kind, separator, _ = entry.pattern.partition(":")
            if separator and kind not in ENTITY_KINDS:
                return f"kind of entity is none of {', '.join(ENTITY_KINDS)}"
            EntityMatcher([(entry.id, entry.pattern)])
        for pattern in alternatives(entry.pattern):
            if entry.kind == "network":
                ipaddress.ip_network(pattern, strict=False)
            elif entry.kind == "host":
                if "/" in pattern:
                    return "a host is written without scheme and path"
                if "*" not in pattern and "?" not in pattern and parse_host(pattern) is None:
                    return "not a host"
                HostMatcher([(entry.id, pattern)])
            elif entry.kind == "path":
                PathMatcher([(entry.id, pattern)])
        if entry.kind == "command":
            CommandPattern(entry.pattern)
        elif entry.kind == "sql":
            StatementPattern(entry.pattern)
        elif entry.kind == "argument":
            ArgumentMatcher([(entry.id, entry.pattern, entry.pointer)])
    except (ValueError, re2.error) as error:
        return f"pattern cannot be used: {error}"
    return None

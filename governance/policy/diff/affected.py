"""Which entities a change of the policy can touch at all: the others need not be asked about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from governance.engine.call import EntityKind
from governance.engine.compiled.pattern import Pattern
from governance.engine.document.policy import PolicyDocument
from governance.engine.document.rules import RuleFields
from governance.policy.document.entity_patterns import TABLES, entities_of, parse_selector

Entity: TypeAlias = tuple[EntityKind, str]


def _changed_rules(old: PolicyDocument, new: PolicyDocument) -> list[RuleFields]:
    before = {rule["id"]: rule for rule in old.get("rules", ())}
    after = {rule["id"]: rule for rule in new.get("rules", ())}
    names = [name for name in {*before, *after} if before.get(name) != after.get(name)]
    return [side[name] for name in sorted(names) for side in (before, after) if name in side]


def affected(old: PolicyDocument, new: PolicyDocument) -> list[Entity]:
    """Entities that a changed rule covers or that changed themselves; all of them where roles or agents changed."""
    everything = sorted({*entities_of(old), *entities_of(new)})
    if any(old.get(key) != new.get(key) for key in ("roles", "agents")):
        return everything
    patterns = [
        (parse_selector(text, fold=rule["effect"] != "allow"), rule["effect"] != "allow")
        for rule in _changed_rules(old, new)
        for text in rule["entities"]
    ]
    changed = {
        (kind, name)
        for kind, name in everything
        if _own(old, kind, name) != _own(new, kind, name) or _covered(patterns, kind, name)
    }
    servers = {name for kind, name in changed if kind is EntityKind.SERVER}
    declared = {name for kind, name in changed if kind is EntityKind.DATA_SOURCE}

    def touches(kind: EntityKind, name: str) -> bool:
        """Whether a call to it touches something that changed: a tool's server, a data source that it declares."""
        if kind is not EntityKind.TOOL:
            return False
        sources = _sources(old, name) | _sources(new, name)
        return name.partition("/")[0] in servers or bool(sources & declared)

    return [one for one in everything if one in changed or touches(*one)]


def _covered(patterns: Iterable[tuple[Pattern, bool]], kind: EntityKind, name: str) -> bool:
    return any(pattern.matches(kind, name.casefold() if fold else name) for pattern, fold in patterns)


def _own(document: PolicyDocument, kind: EntityKind, name: str) -> object:
    """What is written of an entity; for a tool with its server's own fields, which bound it."""
    if kind is not EntityKind.TOOL:
        table = next(key for key, of in TABLES.items() if of is kind)
        return document.get(table, {}).get(name)
    server, _, tool = name.partition("/")
    fields = document.get("servers", {}).get(server)
    if fields is None or tool not in fields.get("tools", {}):
        return None
    return fields["tools"][tool], {key: value for key, value in fields.items() if key != "tools"}


def _sources(document: PolicyDocument, tool: str) -> set[str]:
    server, _, own_name = tool.partition("/")
    fields = document.get("servers", {}).get(server, {}).get("tools", {}).get(own_name, {})
    return set(fields.get("data_sources", ()))

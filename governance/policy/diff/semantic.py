"""What changes between two policies: object by object, and for whom.

`compare` lists two families of changes. Those of objects (a rule, a tool, a limit) say what was written differently
and which way it moves; those of kind `right` say who may now do more or less, worked out by the engine itself.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from governance.engine.asking.posed_caller import described
from governance.engine.call import EntityKind, Json
from governance.engine.document.policy import PolicyDocument
from governance.engine.document.rules import RuleFields
from governance.engine.principal import Directory
from governance.policy.diff.defaults import default_in, with_bursts
from governance.policy.diff.moves import ARRIVAL, DEPARTURE, Move, judge, together
from governance.policy.diff.right_lines import changed_rights
from governance.policy.diff.rule_moves import rule_move, rule_presence
from governance.policy.document.entity_patterns import TABLES as ENTITY_TABLES
from governance.policy.document.entity_patterns import entities_of, parse_selector
from governance.policy.document.node import path_step
from governance.policy.document.reach import Entities

TABLES = ("departments", "groups", "roles", "principals", "agents", "servers", "data_sources", "skills", "plugins")
LISTS = ("bindings", "rules", "exemptions", "hooks", "tests")
SINGLES = ("blocklist", "detectors", "settings", "rate_limits")
REMOVED = "is removed"
NESTED = {"blocklist": "entries", "detectors": "own"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change. `kind` is the kind of object, or `right`; `path` names it; `effect` is which way it moves.

    `summary` is a sentence for people. `object` is the path of the object that was written differently, under which
    it can be taken back; empty for a right.
    """

    kind: str
    path: str
    summary: str
    effect: Move
    object: str = ""

    def line(self) -> dict[str, Json]:
        """The change as `policy diff --json` prints it."""
        said = {"kind": self.kind, "path": self.path, "summary": self.summary, "effect": self.effect.value}
        return {**said, "object": self.object}


def compare(
    old: PolicyDocument, new: PolicyDocument, *, directory: Directory | None = None, now: float | None = None
) -> list[Change]:
    """Every change from one canonical document to another: objects first, then rights; nothing when they are equal.

    Rights are those of the directory's principals, of the documents' own without one, at `now` (seconds, UTC).
    """
    if old == new:
        return []
    if directory is None:
        said = {**old.get("principals", {}), **new.get("principals", {})}
        directory = {name: described(fields) for name, fields in said.items()}
    changes = written_changes(old, new)
    changes += [
        Change(kind="right", path=right.entity, summary=right.summary, effect=right.move)
        for right in changed_rights(old, new, directory=directory, now=time.time() if now is None else now)
    ]
    return changes


def written_changes(old: PolicyDocument, new: PolicyDocument) -> list[Change]:
    """What was written differently from one canonical document to another, without what that means for whom.

    The number of these is the number of changes, wherever one is told.
    """
    return [] if old == new else list(_objects(old, new))


def only_tightens(changes: list[Change]) -> bool:
    """Whether nothing in a diff can widen anything, so that it may go out in an emergency."""
    return all(change.effect in (Move.TIGHTENS, Move.NEUTRAL) for change in changes)


def _objects(old: PolicyDocument, new: PolicyDocument) -> Iterator[Change]:
    entities = sorted({*entities_of(old), *entities_of(new)})
    arrived = _covered_arrivals(old, new)
    for key in TABLES:
        for change in _table(key, key, _mapping(old.get(key)), _mapping(new.get(key))):
            yield replace(change, effect=Move.WIDENS) if change.path in arrived else change
    for key in LISTS:
        before, after = _by_id(key, old.get(key)), _by_id(key, new.get(key))
        if key != "rules":
            yield from _table(key, key, before, after)
            continue
        for name in sorted({*before, *after}):
            if before.get(name) != after.get(name):
                yield _rule(name, before.get(name), after.get(name), entities)
    for key in SINGLES:
        first, second = dict(_mapping(old.get(key))), dict(_mapping(new.get(key)))
        nested = NESTED.get(key)
        if nested is not None:
            name = f"{key}.{nested}"
            yield from _table(name, name, _by_id("", first.pop(nested, [])), _by_id("", second.pop(nested, [])))
        if key == "rate_limits":
            first, second = with_bursts(first, second), with_bursts(second, first)
        yield from _fields(key, key, _flat(first), _flat(second))
    for layer in sorted({*_mapping(old.get("layers")), *_mapping(new.get("layers"))}):
        was, now = (_mapping(_mapping(document.get("layers")).get(layer)) for document in (old, new))
        yield from _fields("layers", f"layers.{layer}", was, now)


def _table(kind: str, prefix: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted({*old, *new}):
        path = prefix + path_step(name)
        if name not in old:
            effect = Move.WIDENS if _allows_by_itself(new[name]) else ARRIVAL[kind]
            if new[name].get("mode") == "shadow" or (kind == "hooks" and not new[name].get("enabled", True)):
                effect = Move.NEUTRAL
            yield Change(kind=kind, path=path, summary="is new", effect=effect, object=path)
        elif name not in new:
            effect = DEPARTURE[kind]
            if old[name].get("mode") == "shadow" or (kind == "hooks" and not old[name].get("enabled", True)):
                effect = Move.NEUTRAL
            yield Change(kind=kind, path=path, summary=REMOVED, effect=effect, object=path)
        elif old[name] != new[name]:
            first, second = dict(old[name]), dict(new[name])
            if kind == "servers":
                yield from _table("tools", f"{path}.tools", first.pop("tools", {}), second.pop("tools", {}))
            yield from _fields(kind, path, _flat(first), _flat(second))


def _covered_arrivals(old: PolicyDocument, new: PolicyDocument) -> set[str]:
    """The paths of new entities that an allow covers, a server's also where it covers one of its tools.

    Whom rights name are the principals of today; somebody may hold tomorrow what the allow asks for.
    """
    allows = [
        parse_selector(text)
        for rule in new.get("rules", ())
        if rule["effect"] == "allow" and rule.get("mode") != "shadow"
        for text in rule["entities"]
    ]
    known = set(entities_of(old))
    found: set[str] = set()
    for kind, name in entities_of(new):
        if (kind, name) in known or not any(pattern.matches(kind, name) for pattern in allows):
            continue
        if kind is EntityKind.TOOL:
            server, _, tool = name.partition("/")
            path = f"servers{path_step(server)}"
            found |= {path if (EntityKind.SERVER, server) not in known else f"{path}.tools{path_step(tool)}"}
        else:
            table = next(key for key, of in ENTITY_TABLES.items() if of is kind)
            found.add(f"{table}{path_step(name)}")
    return found


def _allows_by_itself(record: Mapping[str, Any]) -> bool:
    """Whether an entity, or a tool of it, lets its callers in without a rule."""
    return bool(record.get("default_allow")) or any(map(_allows_by_itself, record.get("tools", {}).values()))


def _fields(kind: str, path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for field in sorted({*old, *new}):
        before, after = _value(kind, field, old), _value(kind, field, new)
        if before != after:
            yield Change(
                kind=kind,
                path=f"{path}.{field}",
                summary=f"{_shown(before)} → {_shown(after)}",
                effect=judge(kind, field, before, after),
                object=path,
            )


def _rule(name: str, old: RuleFields | None, new: RuleFields | None, entities: Entities) -> Change:
    path = f"rules{path_step(name)}"
    if old is not None and new is not None:
        summary, effect = rule_move(old, new, entities)
    elif new is not None:
        summary, effect = rule_presence(new, arrives=True)
    else:
        assert old is not None
        summary, effect = rule_presence(old, arrives=False)
    return Change(kind="rules", path=path, summary=summary, effect=effect, object=path)


def _value(kind: str, field: str, record: Mapping[str, Any]) -> Json:
    """A field's value, its default where it is left out."""
    value: Json = record[field] if field in record else default_in(kind, field)
    return value


def _flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, Json]:
    """Fields of a record, those of fixed records inside it joined by dots; schemas and lists stay whole."""
    flat: dict[str, Json] = {}
    for key, value in record.items():
        if isinstance(value, dict) and key in _INNER:
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[prefix + key] = value
    return flat


_INNER = (
    "transport", "patterns", "session", "base_per_second", "burst_multipliers", "tier_multipliers", "denial", "into",
)  # fmt: skip


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def listed_name(kind: str, record: Mapping[str, Any]) -> str:
    """What names an object of a list; bindings and exemptions go by what they bind or exempt."""
    keys = {
        "tests": ("name",),
        "bindings": ("secret", "server", "tool", "into"),
        "exemptions": ("layer", "name", "entity", "path"),
    }.get(kind, ("id",))
    parts = [record[key] for key in keys if key in record]
    return " ".join(part if isinstance(part, str) else _shown(part) for part in parts)


def _by_id(kind: str, value: object) -> dict[str, Any]:
    return {listed_name(kind, record): record for record in (value if isinstance(value, list) else [])}


def _shown(value: Json) -> str:
    if value is None:
        return "not set"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 80 else f"{text[:79]}…"


def effect_of(changes: list[Change]) -> Move:
    """Which way a whole diff moves."""
    return together(change.effect for change in changes)

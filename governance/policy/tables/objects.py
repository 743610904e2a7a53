"""A document taken apart into its objects, and put together again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from governance.engine.call import Json
from governance.policy.schema.sections import FORMAT
from governance.policy.tables.row_mapping import ROW_MAPPINGS, Form, RowMapping

Identity: TypeAlias = tuple[str, ...]
"""What names an object within its home: its id, server and tool name, or the keys that a list is sorted by."""

Objects: TypeAlias = dict[Identity, dict[str, Json]]
"""The objects of one home: identity → record."""

SINGLE: Identity = ("settings",)
_KEYS: Mapping[str, tuple[str, ...]] = {
    "bindings": ("secret", "server", "tool", "into"),
    "exemptions": ("layer", "name", "entity", "path"),
    "tests": ("name",),
}


def identity_of(home: RowMapping, record: Mapping[str, Json]) -> Identity:
    """The identity of an object of a list."""
    keys = _KEYS.get(home.path[-1], ("id",))
    return tuple(_text(record.get(key)) for key in keys)


def take_apart(document: Mapping[str, Any]) -> dict[RowMapping, Objects]:
    """Every object of a document by home and identity. Two that share an identity are numbered."""
    return {home: _objects(home, document) for home in ROW_MAPPINGS}


def put_together(parts: Mapping[RowMapping, Objects]) -> dict[str, Any]:
    """The document that holds these objects; canonical once normalised."""
    document: dict[str, Any] = {"toolgate": FORMAT}
    for home in ROW_MAPPINGS:
        for identity, record in parts.get(home, {}).items():
            match home.form:
                case Form.TABLE | Form.PARTS:
                    _mapping(document, *home.path)[identity[0]] = {**record}
                case Form.NESTED:
                    server = _mapping(document, home.path[0], identity[0])
                    _mapping(server, home.path[1])[identity[1]] = {**record}
                case Form.LIST:
                    parent = _mapping(document, *home.path[:-1])
                    parent.setdefault(home.path[-1], []).append({**record})
                case Form.SINGLE:
                    _mapping(document, *home.path).update(record)
    return document


def _objects(home: RowMapping, document: Mapping[str, Any]) -> Objects:
    match home.form:
        case Form.TABLE:
            return {(key,): _own(home, entry) for key, entry in _get(document, *home.path).items()}
        case Form.PARTS:
            return {(key,): _own(home, entry) for key, entry in _get(document, *home.path).items() if entry}
        case Form.NESTED:
            return {
                (server, name): _own(home, tool)
                for server, entry in _get(document, home.path[0]).items()
                for name, tool in _get(entry, home.path[1]).items()
            }
        case Form.SINGLE:
            record = _own(home, _get(document, *home.path))
            return {SINGLE: record} if record else {}
        case Form.LIST:
            found: Objects = {}
            for entry in _get(document, *home.path[:-1]).get(home.path[-1], []):
                record = _own(home, entry)
                identity = identity_of(home, record)
                twin, count = identity, 1
                while twin in found:
                    count += 1
                    twin = (*identity, str(count))
                found[twin] = record
            return found


def _own(home: RowMapping, entry: Mapping[str, Any]) -> dict[str, Json]:
    return {key: value for key, value in entry.items() if key not in home.inner}


def _get(mapping: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    found = mapping
    for step in path:
        found = found.get(step) or {}
    return found


def _mapping(mapping: dict[str, Any], *path: str) -> dict[str, Any]:
    found = mapping
    for step in path:
        found = found.setdefault(step, {})
    return found


def _text(value: Json) -> str:
    if isinstance(value, dict):
        return ",".join(f"{key}={_text(value[key])}" for key in sorted(value))
    return "" if value is None else str(value)

"""The canonical form of a policy: one document for one meaning.

Keys stand in the schema's order; a key whose value equals its default is left out; mappings are sorted by id, lists
of objects by theirs, sets sorted without repeats; timestamps are UTC. Free JSON (arguments, pinned schemas, examples)
keeps its values and has its keys sorted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from governance.engine.call import Json
from governance.engine.document.policy import PolicyDocument
from governance.policy.document.moments import canonical_moment
from governance.policy.schema.people import INLINE_PRINCIPAL, PRINCIPAL
from governance.policy.schema.sections import POLICY
from governance.policy.schema.shapes import Either, Free, Many, Moment, Number, Shape, Struct, Table

TIER_OF_KIND = {"service": "service", "anonymous": "anonymous"}
"""The tier of a principal that names a kind and no tier; every other kind has the schema's default."""


def without_principals(document: PolicyDocument) -> PolicyDocument:
    """A document as a release holds it: who there is is the directory's to say, and takes effect at once."""
    held = document.copy()
    held.pop("principals", None)
    return held


def normalise(document: Mapping[str, Any]) -> PolicyDocument:
    """The canonical form of a document that `validate` accepts; the argument is not changed."""
    canonical: PolicyDocument = _canonical(POLICY, document)
    return canonical


def _canonical(shape: Shape, value: Any) -> Any:
    """`value` in the canonical form of `shape`, which says of what type it is."""
    match shape:
        case Struct():
            return _record(shape, value)
        case Table():
            entries = {key: _canonical(shape.of, value[key]) for key in sorted(value)}
            return {key: entry for key, entry in entries.items() if not _is_default(entry, shape.known.get(key))}
        case Many():
            return _many(shape, value)
        case Either():
            return value if isinstance(value, str) else _canonical(shape.record, value)
        case Moment():
            return canonical_moment(value)
        case Number():
            return int(value) if isinstance(value, float) and value.is_integer() else value
        case Free():
            return sorted_keys(value)
        case _:
            return value


def _record(shape: Struct, value: dict[str, Json]) -> dict[str, Json]:
    kept: str | None = None
    if shape is PRINCIPAL or shape is INLINE_PRINCIPAL:
        tier = TIER_OF_KIND.get(str(value.get("kind", "user")))
        if tier is not None:
            # Always written: left out it would mean the kind's tier here and the schema's default to a reader.
            value, kept = {"tier": tier, **value}, "tier"
    found: dict[str, Json] = {}
    for key, field in shape.fields.items():
        if key not in value:
            continue
        canonical = _canonical(field.shape, value[key])
        if key == kept or not _is_default(canonical, field.default):
            found[key] = canonical
    return found


def _many(shape: Many, value: list[Any]) -> list[Any]:
    items = [_canonical(shape.of, item) for item in value]
    if shape.key:
        return sorted(items, key=lambda item: _sort_key(shape.key, item))
    if shape.unique:
        return sorted(set(items))
    return items


def _sort_key(keys: tuple[str, ...], item: dict[str, Json]) -> tuple[str, ...]:
    """What a list of records is sorted by; its whole text comes last, so that the order is total."""
    texts = (item.get(key, "") for key in keys)
    named = tuple(text if isinstance(text, str) else json.dumps(text, sort_keys=True) for text in texts)
    return (*named, json.dumps(item, sort_keys=True))


def _is_default(value: Json, default: Json) -> bool:
    """Whether `value` says what its absence says; True is no 1 here."""
    return default is not None and type(value) in _like(default) and value == default


def _like(default: Json) -> tuple[type, ...]:
    if isinstance(default, bool):
        return (bool,)
    return (int, float) if isinstance(default, int | float) else (type(default),)


def sorted_keys(value: Json) -> Json:
    """Free JSON with the keys of every object sorted by code point."""
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [sorted_keys(item) for item in value]
    return value

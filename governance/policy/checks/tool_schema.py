"""Is a tool's pinned argument schema one that can be used to judge a call: valid, self-contained, of bounded cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from governance.engine.call import Json
from governance.engine.conditions.argument_schema import ArgumentSchema, ArgumentSchemaError, pointer
from governance.policy.document.errors import PolicyError
from governance.policy.document.node import Node

MAX_SCHEMA_NODES = 20_000
"""How many values one pinned schema may hold."""

MAX_AT_ONE_PLACE = 1_000
"""How many parts of a schema may judge one and the same value."""

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_DEFINITIONS = ("$defs", "definitions")
_SAME_PLACE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas")
_BELOW = (
    *("properties", "patternProperties", "additionalProperties", "propertyNames", "unevaluatedProperties"),
    *("items", "prefixItems", "contains", "unevaluatedItems"),
)
_UNDER_NAMES = frozenset({"properties", "patternProperties", "dependentSchemas", *_DEFINITIONS})


def check_tool_schema(node: Node, errors: list[PolicyError]) -> None:
    """Append what is wrong with the schema at `node`: no JSON Schema, not of itself alone, of a cost without bound."""
    schema = node.plain()
    if not isinstance(schema, dict):
        return
    if _size(schema) > MAX_SCHEMA_NODES:
        errors.append(node.error(f"holds more than {MAX_SCHEMA_NODES} values"))
        return
    try:
        ArgumentSchema.compile(schema)
    except ArgumentSchemaError as error:
        errors.append(node.error(f"is no JSON Schema: {str(error)[:300]}"))
    places, pinned = dict(_places(node, schema)), ArgumentSchema.trusted(schema)
    _references(pinned, places, errors)
    _cost(pinned, places, errors)


def _size(value: Json) -> int:
    if isinstance(value, dict):
        return 1 + sum(_size(item) for item in value.values())
    return 1 + sum(_size(item) for item in value) if isinstance(value, list) else 1


def _places(node: Node, value: Any) -> Iterator[tuple[int, Node]]:
    """Where each mapping of the schema was written, by its identity."""
    if isinstance(value, dict) and isinstance(node.content, dict):
        yield id(value), node
        for key, item in value.items():
            yield from _places(node.content[key], item)
    elif isinstance(value, list) and isinstance(node.content, list):
        for item, written in zip(value, node.content, strict=True):
            yield from _places(written, item)


def _references(schema: ArgumentSchema, places: dict[int, Node], errors: list[PolicyError]) -> None:
    """Every reference points to a part of the schema, and no part is a document of its own."""
    for part in _parts(schema):
        node = places[id(part)]
        if "$id" in part and part is not schema.document:
            errors.append((node.get("$id") or node).error("makes a document of its own of this part; write it without"))
        for key in _REFERENCES:
            reference = part.get(key)
            if not isinstance(reference, str):
                continue
            written = node.get(key) or node
            if not reference.startswith("#"):
                errors.append(written.error("points outside the schema; write the part out"))
            elif _target(schema, reference) is None:
                errors.append(written.error(f"{reference} points to nothing in the schema"))


def _cost(schema: ArgumentSchema, places: dict[int, Node], errors: list[PolicyError]) -> None:
    """No part comes back to itself at the same value, and not too many judge one. The first that does is told."""
    parts = _parts(schema)
    number = {id(part): at for at, part in enumerate(parts)}
    judging: dict[int, int] = {}
    """Of a part, by its identity, itself and all that judge with it: a bit for each, at its number."""
    for first in parts:
        way = [] if id(first) in judging else [first]
        ahead = [_beside(schema, part) for part in way]
        while way:
            part, following = way[-1], next(ahead[-1], None)
            if following is None:
                with_it = 1 << number[id(part)]
                for beside in _beside(schema, part):
                    with_it |= judging[id(beside)]
                if with_it.bit_count() > MAX_AT_ONE_PLACE:
                    told = f"judges one value by more than {MAX_AT_ONE_PLACE} parts; write fewer"
                    errors.append(places[id(part)].error(told))
                    return
                judging[id(part)] = with_it
                way.pop()
                ahead.pop()
            elif id(following) in judging:
                continue
            elif any(part is following for part in way):
                circle = way[next(at for at, part in enumerate(way) if part is following) :]
                told = " → ".join(_within(places[id(schema.document)], places[id(one)]) for one in (*circle, circle[0]))
                errors.append(places[id(following)].error(f"refers to itself in a circle: {told[:300]}"))
                return
            else:
                way.append(following)
                ahead.append(_beside(schema, following))


def _parts(schema: ArgumentSchema) -> list[Any]:
    """The schema and every schema in it, those included that only a reference reaches."""
    found: list[Any] = []
    met, stack = {id(schema.document)}, [schema.document]
    while stack:
        part = stack.pop()
        found.append(part)
        for child in (*_beside(schema, part), *_children(part, (*_BELOW, *_DEFINITIONS))):
            if id(child) not in met:
                met.add(id(child))
                stack.append(child)
    return found


def _beside(schema: ArgumentSchema, part: Any) -> Iterator[dict[str, Any]]:
    """The schemas that judge the very value that the part judges, because it names or holds them."""
    yield from _children(part, _SAME_PLACE)
    for key in _REFERENCES:
        found = _target(schema, part.get(key))
        if isinstance(found, dict):
            yield found


def _children(part: Any, keywords: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for keyword in keywords:
        held = part.get(keyword)
        if isinstance(held, dict):
            held = list(held.values()) if keyword in _UNDER_NAMES else [held]
        if isinstance(held, list):
            yield from (child for child in held if isinstance(child, dict))


def _target(schema: ArgumentSchema, reference: Any) -> Any:
    """What a reference points to, or None."""
    try:
        return schema.target(reference) if isinstance(reference, str) else None
    except ArgumentSchemaError:
        return None


def _within(schema: Node, part: Node) -> str:
    """The JSON pointer of a part in its schema."""
    steps: list[str | int] = []
    while part is not schema and part.parent is not None and part.key is not None:
        steps.append(part.key)
        part = part.parent
    return "#" + pointer(reversed(steps))

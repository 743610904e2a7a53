"""Is a tool's pinned argument schema one that can be used to judge a call: valid, self-contained, finite."""

from __future__ import annotations

from urllib.parse import unquote

from governance.engine.call import Json
from governance.engine.conditions.argument_schema import ArgumentSchema, ArgumentSchemaError
from governance.policy.document.errors import PolicyError
from governance.policy.document.node import Node

MAX_SCHEMA_NODES = 20_000
"""How many values one pinned schema may hold."""

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


def check_tool_schema(node: Node, errors: list[PolicyError]) -> None:
    """Append what is wrong with the schema at `node`; references leave it neither outwards nor in a circle."""
    schema = node.plain()
    if not isinstance(schema, dict):
        return
    if _size(schema) > MAX_SCHEMA_NODES:
        errors.append(node.error(f"holds more than {MAX_SCHEMA_NODES} values"))
        return
    before = len(errors)
    _references(node, schema, errors)
    if len(errors) > before:
        return
    try:
        ArgumentSchema.compile(schema)
    except ArgumentSchemaError as error:
        errors.append(node.error(f"is no JSON Schema: {str(error)[:300]}"))


def _size(value: Json) -> int:
    if isinstance(value, dict):
        return 1 + sum(_size(item) for item in value.values())
    return 1 + sum(_size(item) for item in value) if isinstance(value, list) else 1


def _references(node: Node, schema: dict[str, Json], errors: list[PolicyError]) -> None:
    """Every reference points inside the schema, and no chain of bare references comes back to where it began."""
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here.content, list):
            stack.extend(here.content)
        if not isinstance(here.content, dict):
            continue
        stack.extend(here.content.values())
        for key in _REFERENCES:
            target = here.content.get(key)
            if target is None or not isinstance(target.content, str):
                continue
            if not target.content.startswith("#"):
                errors.append(target.error("points outside the schema; write the part out"))
            elif target.content.startswith("#/") or target.content == "#":
                _chain(target, schema, errors)


def _chain(target: Node, schema: dict[str, Json], errors: list[PolicyError]) -> None:
    seen: list[str] = []
    text = str(target.content)
    while True:
        if text in seen:
            errors.append(target.error(f"refers to itself in a circle: {' → '.join([*seen, text])}"))
            return
        seen.append(text)
        found = _at(schema, text)
        if found is None:
            errors.append(target.error(f"{text} points to nothing in the schema"))
            return
        following = found.get("$ref") if isinstance(found, dict) else None
        if not isinstance(following, str) or not following.startswith("#/"):
            return
        text = following


def _at(schema: dict[str, Json], pointer: str) -> Json:
    value: Json = schema
    for step in pointer[1:].split("/")[1:]:
        key = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value

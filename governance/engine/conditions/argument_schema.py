"""A tool's pinned schema, compiled once, and what it says about arguments and about conditions on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import re2
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing import Registry

from governance.engine.call import Json


class ArgumentSchemaError(ValueError):
    """The schema is no JSON Schema (2020-12) that can be checked here; the message says why."""


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "string") and not re2.search(pattern, instance):
        yield ValidationError("does not match the pattern")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "object"):
        for pattern, subschema in patterns.items():
            for key, value in instance.items():
                if re2.search(pattern, key):
                    yield from validator.descend(value, subschema, path=key, schema_path=pattern)


def _additional(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    properties, patterns = schema.get("properties", {}), tuple(schema.get("patternProperties", {}))
    for key, value in instance.items():
        if key in properties or any(re2.search(pattern, key) for pattern in patterns):
            continue
        if allowed is False:
            yield ValidationError("is not a property of the schema", path=(key,))
        else:
            yield from validator.descend(value, allowed, path=key)


# An upstream's expressions run on a caller's strings: RE2 takes linear time on them, Python's `re` does not.
_Validator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"pattern": _pattern, "patternProperties": _pattern_properties, "additionalProperties": _additional},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentSchema:
    """A pinned schema. References out of the document are never fetched: they make every call invalid."""

    document: Mapping[str, Json]
    validator: Any

    @classmethod
    def compile(cls, document: Mapping[str, Json]) -> ArgumentSchema:
        """The schema made ready; raises ArgumentSchemaError."""
        try:
            _Validator.check_schema(document)
            for pattern in _patterns(document):
                re2.compile(pattern)
        except (SchemaError, re2.error, RecursionError) as error:
            raise ArgumentSchemaError(str(error).partition("\n")[0]) from error
        return cls.trusted(document)

    @classmethod
    def trusted(cls, document: Mapping[str, Json]) -> ArgumentSchema:
        """A schema that was checked when it was pinned; one that was not makes every call invalid."""
        return cls(document=document, validator=_Validator(document, registry=Registry()))

    def fault(self, arguments: Mapping[str, Json]) -> tuple[str, str] | None:
        """The first place where the arguments do not hold, as (JSON pointer, keyword), or None.

        A schema that cannot be evaluated (unresolvable or endless references) is a fault at the root.
        """
        try:
            error = next(self.validator.iter_errors(arguments), None)
        except Exception:
            return "", "$ref"
        if error is None:
            return None
        return pointer(error.absolute_path), str(error.validator or "additionalProperties")

    def excludes(self, path: tuple[str, ...]) -> bool:
        """Whether no valid arguments can hold this path of member names: a condition on it could never be met."""
        node: Any = self.document
        for step in path:
            if not isinstance(node, dict) or "$ref" in node or any(key in node for key in _BRANCHES):
                return False
            properties = node.get("properties", {})
            if step in properties:
                node = properties[step]
                if node is False:
                    return True
                continue
            if any(re2.search(pattern, step) for pattern in node.get("patternProperties", {})):
                return False
            return node.get("additionalProperties") is False or (
                node.get("type") is not None and "object" not in _types(node)
            )
        return False

    def type_at(self, path: tuple[str, ...]) -> str | None:
        """The one JSON type that the schema gives to this path, or None where it leaves it open."""
        node: Any = self.document
        for step in path:
            if not isinstance(node, dict) or "$ref" in node or any(key in node for key in _BRANCHES):
                return None
            node = node.get("properties", {}).get(step)
        if not isinstance(node, dict) or any(key in node for key in _BRANCHES):
            return None
        types = _types(node)
        return types[0] if len(types) == 1 else None


_BRANCHES = ("allOf", "anyOf", "oneOf", "if", "dependentSchemas", "$dynamicRef")


def _types(node: Mapping[str, Any]) -> list[str]:
    types = node.get("type", [])
    return [types] if isinstance(types, str) else list(types)


def _patterns(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node["pattern"]
        if isinstance(node.get("patternProperties"), dict):
            yield from node["patternProperties"]
        for value in node.values():
            yield from _patterns(value)
    elif isinstance(node, list):
        for value in node:
            yield from _patterns(value)


def pointer(path: Any) -> str:
    """The JSON pointer (RFC 6901) of a path of keys and indexes."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)

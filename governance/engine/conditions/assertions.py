"""What one evaluation of a schema may still do, and the keywords that look at a value without going into parts.

A step is what looking at one keyword costs, 0.2 to 0.3 µs. Every loop pays before it runs: over the schema's values,
over members and items, over the characters that an expression reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Protocol

from governance.engine.conditions.expression import Expression

_LOOKS_PER_STEP = 8


class ArgumentCostError(Exception):
    """The evaluation takes more steps than it has, or never ends; the message says which."""


Fault = list[Any]
"""What does not hold: the keyword, then the keys from the place outwards."""


class SchemaParts(Protocol):
    """What an evaluation asks of its schema."""

    def target(self, reference: str) -> Any: ...

    def expression(self, pattern: str, *, ascii: bool) -> Expression: ...

    def choices(self, options: list[Any]) -> frozenset[Any]: ...


class SchemaWork:
    """The steps that remain, as `left`, and everything that takes more than one."""

    __slots__ = ("left", "source")

    def __init__(self, source: SchemaParts, steps: int) -> None:
        self.source = source
        self.left = steps

    def spend(self, steps: int) -> None:
        """Pay for what follows; raises ArgumentCostError."""
        self.left -= steps
        if self.left < 0:
            raise ArgumentCostError("takes too many steps")

    def look(self, count: int) -> None:
        """Pay for so many look-ups of a name, or comparisons of a short value."""
        self.spend(1 + count // _LOOKS_PER_STEP)

    def matches(self, pattern: str, text: str) -> bool:
        """Whether the expression matches somewhere in the text."""
        expression = self.source.expression(pattern, ascii=text.isascii())
        raw = text.encode()
        self.spend(expression.steps(len(raw)))
        return expression.search(raw)

    def key(self, value: Any) -> Any:
        """What is equal for equal JSON: 1 and 1.0 are, 1 and true are not. No caller can choose its hash."""
        if type(value) is str:
            self.spend(1 + len(value) // 512)
            return value
        if type(value) is int:
            self.spend(2 + value.bit_length() // 64)
            return (str(value),)
        self.spend(10)
        return (json.dumps(self._plain(value), sort_keys=True),)

    def _plain(self, value: Any) -> Any:
        """The value with its whole numbers as integers, paid for."""
        self.spend(3)
        if isinstance(value, str):
            self.spend(len(value) // 64)
        elif type(value) is int:
            self.spend(value.bit_length() // 64)
        elif isinstance(value, float):
            return int(value) if value.is_integer() else value
        elif isinstance(value, list):
            return [self._plain(item) for item in value]
        elif isinstance(value, dict):
            self.spend(len(value) + sum(map(len, value)) // 64)
            return {name: self._plain(item) for name, item in value.items()}
        return value


Assertion = Callable[[SchemaWork, Any, Any, Any, Any], "Fault | None"]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": _is_number,
    "integer": lambda value: _is_number(value) and (isinstance(value, int) or value.is_integer()),
}


def _type(run: SchemaWork, given: Any, value: Any, schema: Any, seen: object) -> Fault | None:
    if isinstance(given, str):
        return None if _TYPES[given](value) else ["type"]
    run.spend(len(given))
    return None if any(_TYPES[one](value) for one in given) else ["type"]


def _enum(run: SchemaWork, given: Any, value: Any, schema: Any, seen: object) -> Fault | None:
    return None if run.key(value) in run.source.choices(given) else ["enum"]


def _const(run: SchemaWork, given: Any, value: Any, schema: Any, seen: object) -> Fault | None:
    if type(given) is str or type(value) is str:
        return None if given == value else ["const"]
    run.spend(1)
    return None if run.key(value) == run.key(given) else ["const"]


def _multiple_of(run: SchemaWork, given: Any, value: Any, schema: Any, seen: object) -> Fault | None:
    if not _is_number(value):
        return None
    run.spend(4)
    if isinstance(given, int):
        return ["multipleOf"] if value % given else None
    try:
        quotient = value / given
        whole = int(quotient) == quotient
    except OverflowError:
        run.spend(64)
        whole = (Fraction(value) / Fraction(given)).denominator == 1
    return None if whole else ["multipleOf"]


def _bound(keyword: str, breaks: Callable[[Any, Any], bool]) -> Assertion:
    def handler(run: SchemaWork, given: Any, value: Any, schema: Any, seen: object) -> Fault | None:
        return [keyword] if _is_number(value) and breaks(value, given) else None

    return handler


def _size(keyword: str, kind: Any, breaks: Callable[[int, Any], bool]) -> Assertion:
    def handler(run: SchemaWork, given: Any, value: Any, schema: Any, seen: object) -> Fault | None:
        return [keyword] if isinstance(value, kind) and breaks(len(value), given) else None

    return handler


def _pattern(run: SchemaWork, given: Any, value: Any, schema: Any, seen: object) -> Fault | None:
    return ["pattern"] if isinstance(value, str) and not run.matches(given, value) else None


def _required(run: SchemaWork, given: Any, value: Any, schema: Any, seen: object) -> Fault | None:
    if not isinstance(value, dict):
        return None
    run.look(len(given))
    for name in given:
        if name not in value:
            return ["required"]
    return None


def _dependent_required(run: SchemaWork, given: Any, value: Any, schema: Any, seen: object) -> Fault | None:
    if not isinstance(value, dict):
        return None
    run.look(len(given))
    for name, needed in given.items():
        if name in value and _required(run, needed, value, schema, None) is not None:
            return ["dependentRequired"]
    return None


def _unique_items(run: SchemaWork, given: Any, value: Any, schema: Any, seen: object) -> Fault | None:
    if not given or not isinstance(value, list):
        return None
    keys = set()
    for item in value:
        key = run.key(item)
        if key in keys:
            return ["uniqueItems"]
        keys.add(key)
    return None


ASSERTIONS: Mapping[str, Assertion] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "multipleOf": _multiple_of,
    "minimum": _bound("minimum", lambda value, given: value < given),
    "maximum": _bound("maximum", lambda value, given: value > given),
    "exclusiveMinimum": _bound("exclusiveMinimum", lambda value, given: value <= given),
    "exclusiveMaximum": _bound("exclusiveMaximum", lambda value, given: value >= given),
    "minLength": _size("minLength", str, lambda size, given: size < given),
    "maxLength": _size("maxLength", str, lambda size, given: size > given),
    "minItems": _size("minItems", list, lambda size, given: size < given),
    "maxItems": _size("maxItems", list, lambda size, given: size > given),
    "minProperties": _size("minProperties", dict, lambda size, given: size < given),
    "maxProperties": _size("maxProperties", dict, lambda size, given: size > given),
    "pattern": _pattern,
    "required": _required,
    "dependentRequired": _dependent_required,
    "uniqueItems": _unique_items,
}

"""One evaluation of arguments by a JSON Schema (2020-12), in counted steps.

A step is what looking at one keyword costs, 0.2 to 0.3 µs. Every loop here pays before it runs: over the schema's
keywords, over members and items, over the characters that an expression reads. A part that is referred to is evaluated
once at one place however often it is referred to, so that references cannot multiply.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Protocol

from governance.engine.conditions.expression import Expression

MAX_NESTING = 200
"""How many parts of a schema may be under evaluation inside one another."""

_LOOKS_PER_STEP = 8


class ArgumentCostError(Exception):
    """The evaluation takes more steps than it has, or never ends; the message says which."""


class Source(Protocol):
    """What an evaluation asks of its schema."""

    def target(self, reference: str) -> Any: ...

    def expression(self, pattern: str, *, ascii: bool) -> Expression: ...

    def choices(self, options: list[Any]) -> frozenset[Any]: ...


Fault = list[Any]
"""What does not hold: the keyword, then the keys from the place outwards."""

Seen = set[Any]
"""Names of members and indexes of items that a valid part has evaluated."""


class Evaluation:
    """Evaluates once; `left` are the steps that remain."""

    __slots__ = ("_known", "_nesting", "left", "source")

    def __init__(self, source: Source, steps: int) -> None:
        self.source = source
        self.left = steps
        self._nesting = 0
        self._known: dict[tuple[int, int, bool], tuple[Fault | None, Seen | None] | None] = {}

    def spend(self, steps: int) -> None:
        """Pay for what follows; raises ArgumentCostError."""
        self.left -= steps
        if self.left < 0:
            raise ArgumentCostError("takes too many steps")

    def check(self, schema: Any, value: Any, seen: Seen | None = None) -> Fault | None:
        """The first fault of the value, or None; what was evaluated is added to `seen` where it is asked for."""
        if schema is True:
            return None
        if schema is False:
            return ["additionalProperties"]
        self.left -= 1 + len(schema)
        if self.left < 0 or self._nesting >= MAX_NESTING:
            raise ArgumentCostError("takes too many steps" if self.left < 0 else "nests too deep")
        self._nesting += 1
        own = seen
        rest = "unevaluatedProperties" in schema or "unevaluatedItems" in schema
        if rest:
            own = set()
        for keyword, given in schema.items():
            handler = _KEYWORDS.get(keyword)
            if handler is not None:
                fault = handler(self, given, value, schema, own)
                if fault is not None:
                    self._nesting -= 1
                    return fault
        if rest and own is not None:
            fault = _unevaluated(self, schema, value, own)
            if fault is not None:
                self._nesting -= 1
                return fault
            if seen is not None:
                self.see(own, seen)
        self._nesting -= 1
        return None

    def refer(self, reference: str, value: Any, seen: Seen | None) -> Fault | None:
        """`check` of the part that is referred to, once at one place."""
        self.spend(3)
        target = self.source.target(reference)
        key = (id(target), id(value), seen is not None)
        if key in self._known:
            known = self._known[key]
            if known is None:
                raise ArgumentCostError(f"never ends: {reference} comes back to itself")
            fault, own = known
        else:
            self._known[key] = None
            own = None if seen is None else set()
            fault = self.check(target, value, own)
            self._known[key] = (None if fault is None else [*fault], own)
        if fault is not None:
            self.spend(len(fault))
            return [*fault]
        if own and seen is not None:
            self.see(own, seen)
        return None

    def see(self, more: Seen, seen: Seen) -> None:
        """Add to what was evaluated."""
        self.spend(1 + len(more) // 2)
        seen |= more

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
        self.spend(14)
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


Handler = Callable[[Evaluation, Any, Any, Any, "Seen | None"], "Fault | None"]


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


def _type(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if isinstance(given, str):
        return None if _TYPES[given](value) else ["type"]
    run.spend(len(given))
    return None if any(_TYPES[one](value) for one in given) else ["type"]


def _enum(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    return None if run.key(value) in run.source.choices(given) else ["enum"]


def _const(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if type(given) is str or type(value) is str:
        return None if given == value else ["const"]
    run.spend(1)
    return None if run.key(value) == run.key(given) else ["const"]


def _multiple_of(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
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


def _bound(keyword: str, breaks: Callable[[Any, Any], bool]) -> Handler:
    def handler(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
        return [keyword] if _is_number(value) and breaks(value, given) else None

    return handler


def _size(keyword: str, kind: type, breaks: Callable[[int, Any], bool]) -> Handler:
    def handler(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
        return [keyword] if isinstance(value, kind) and breaks(len(value), given) else None

    return handler


def _pattern(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    return ["pattern"] if isinstance(value, str) and not run.matches(given, value) else None


def _required(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if not isinstance(value, dict):
        return None
    run.look(len(given))
    for name in given:
        if name not in value:
            return ["required"]
    return None


def _dependent_required(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if not isinstance(value, dict):
        return None
    run.look(len(given))
    for name, needed in given.items():
        if name in value and _required(run, needed, value, schema, None) is not None:
            return ["dependentRequired"]
    return None


def _properties(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if not isinstance(value, dict):
        return None
    names: Any = given if len(given) <= len(value) else value
    run.look(len(names))
    for name in names:
        if name in given and name in value:
            fault = run.check(given[name], value[name])
            if fault is not None:
                fault.append(name)
                return fault
            if seen is not None:
                seen.add(name)
    return None


def _pattern_properties(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if not isinstance(value, dict):
        return None
    for pattern, part in given.items():
        run.spend(1)
        for name, item in value.items():
            if run.matches(pattern, name):
                fault = run.check(part, item)
                if fault is not None:
                    fault.append(name)
                    return fault
                if seen is not None:
                    seen.add(name)
    return None


def _additional(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if not isinstance(value, dict):
        return None
    named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    run.spend(len(value))
    for name, item in value.items():
        if name in named or any(run.matches(pattern, name) for pattern in patterns):
            continue
        fault = run.check(given, item)
        if fault is not None:
            fault.append(name)
            return fault
        if seen is not None:
            seen.add(name)
    return None


def _property_names(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if isinstance(value, dict):
        run.look(len(value))
        for name in value:
            fault = run.check(given, name)
            if fault is not None:
                return fault
    return None


def _prefix_items(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if not isinstance(value, list):
        return None
    run.look(min(len(given), len(value)))
    for index, (part, item) in enumerate(zip(given, value, strict=False)):
        fault = run.check(part, item)
        if fault is not None:
            fault.append(index)
            return fault
        if seen is not None:
            seen.add(index)
    return None


def _items(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if not isinstance(value, list):
        return None
    first = len(schema.get("prefixItems", ()))
    if given is False:
        return ["items"] if len(value) > first else None
    run.look(len(value))
    for index in range(first, len(value)):
        fault = run.check(given, value[index])
        if fault is not None:
            fault.append(index)
            return fault
        if seen is not None:
            seen.add(index)
    return None


def _contains(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if not isinstance(value, list):
        return None
    least, most, found = schema.get("minContains", 1), schema.get("maxContains", len(value)), 0
    run.look(len(value))
    for index, item in enumerate(value):
        if run.check(given, item) is None:
            found += 1
            if found > most:
                return ["maxContains"]
            if seen is not None:
                seen.add(index)
    return None if found >= least else ["contains"]


def _unique_items(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if not given or not isinstance(value, list):
        return None
    keys = set()
    for item in value:
        key = run.key(item)
        if key in keys:
            return ["uniqueItems"]
        keys.add(key)
    return None


def _all_of(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    for part in given:
        run.spend(1)
        fault = run.check(part, value, seen)
        if fault is not None:
            return fault
    return None


def _holding(run: Evaluation, given: Any, value: Any, seen: Seen | None, enough: int) -> int:
    """How many of the parts hold, counted to `enough`; to the end where it matters what they evaluate."""
    found = 0
    for part in given:
        run.spend(1)
        own: Seen | None = None if seen is None else set()
        if run.check(part, value, own) is None:
            found += 1
            if seen is not None and own:
                run.see(own, seen)
            if found >= enough and (seen is None or enough > 1):
                break
    return found


def _any_of(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    return None if _holding(run, given, value, seen, 1) else ["anyOf"]


def _one_of(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    return None if _holding(run, given, value, seen, 2) == 1 else ["oneOf"]


def _not(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    return ["not"] if run.check(given, value) is None else None


def _if(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    own: Seen | None = None if seen is None else set()
    holds = run.check(given, value, own) is None
    if holds and own and seen is not None:
        run.see(own, seen)
    following = schema.get("then" if holds else "else")
    return None if following is None else run.check(following, value, seen)


def _dependent_schemas(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if not isinstance(value, dict):
        return None
    run.look(len(given))
    for name, part in given.items():
        if name in value:
            fault = run.check(part, value, seen)
            if fault is not None:
                return fault
    return None


def _reference(run: Evaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    return run.refer(given, value, seen)


def _unevaluated(run: Evaluation, schema: Any, value: Any, seen: Seen) -> Fault | None:
    """What no other keyword of the schema evaluated; looked at last, wherever it is written."""
    if isinstance(value, dict):
        keyword, entries = "unevaluatedProperties", list(value.items())
    elif isinstance(value, list):
        keyword, entries = "unevaluatedItems", list(enumerate(value))
    else:
        return None
    if keyword not in schema:
        return None
    run.spend(len(entries))
    for place, item in entries:
        if place not in seen and run.check(schema[keyword], item) is not None:
            return [keyword]
        seen.add(place)
    return None


_KEYWORDS: Mapping[str, Handler] = {
    "$ref": _reference,
    "$dynamicRef": _reference,
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
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "propertyNames": _property_names,
    "prefixItems": _prefix_items,
    "items": _items,
    "contains": _contains,
    "uniqueItems": _unique_items,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "if": _if,
    "dependentSchemas": _dependent_schemas,
}

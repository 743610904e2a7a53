"""One evaluation of arguments by a JSON Schema (2020-12), in counted steps.

A part that is referred to is evaluated once at one place however often it is referred to, so that references cannot
multiply.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from governance.engine.conditions.assertions import ASSERTIONS, ArgumentCostError, Fault, SchemaParts, SchemaWork

MAX_NESTING = 200
"""How many parts of a schema may be under evaluation inside one another."""


Seen = set[Any]
"""Names of members and indexes of items that a valid part has evaluated."""


class SchemaEvaluation(SchemaWork):
    """Evaluates once; `left` are the steps that remain."""

    __slots__ = ("_known", "_nesting")

    def __init__(self, source: SchemaParts, steps: int) -> None:
        super().__init__(source, steps)
        self._nesting = 0
        self._known: dict[tuple[int, int, bool], tuple[Fault | None, Seen | None] | None] = {}

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

    def check_at(self, schema: Any, value: Any, place: str | int, seen: Seen | None) -> Fault | None:
        """`check` of a member or item, whose fault then names its place and which is seen where it has none."""
        fault = self.check(schema, value)
        if fault is not None:
            fault.append(place)
        elif seen is not None:
            seen.add(place)
        return fault

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


Handler = Callable[[SchemaEvaluation, Any, Any, Any, "Seen | None"], "Fault | None"]


def _properties(run: SchemaEvaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if not isinstance(value, dict):
        return None
    names: Any = given if len(given) <= len(value) else value
    run.look(len(names))
    for name in names:
        if name in given and name in value:
            fault = run.check_at(given[name], value[name], name, seen)
            if fault is not None:
                return fault
    return None


def _pattern_properties(run: SchemaEvaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if not isinstance(value, dict):
        return None
    for pattern, part in given.items():
        run.spend(1)
        for name, item in value.items():
            if run.matches(pattern, name):
                fault = run.check_at(part, item, name, seen)
                if fault is not None:
                    return fault
    return None


def _additional(run: SchemaEvaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if not isinstance(value, dict):
        return None
    named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    run.spend(len(value))
    for name, item in value.items():
        if name in named or any(run.matches(pattern, name) for pattern in patterns):
            continue
        fault = run.check_at(given, item, name, seen)
        if fault is not None:
            return fault
    return None


def _property_names(run: SchemaEvaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if isinstance(value, dict):
        run.look(len(value))
        for name in value:
            fault = run.check(given, name)
            if fault is not None:
                return fault
    return None


def _prefix_items(run: SchemaEvaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if not isinstance(value, list):
        return None
    run.look(min(len(given), len(value)))
    for index, (part, item) in enumerate(zip(given, value, strict=False)):
        fault = run.check_at(part, item, index, seen)
        if fault is not None:
            return fault
    return None


def _items(run: SchemaEvaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if not isinstance(value, list):
        return None
    first = len(schema.get("prefixItems", ()))
    if given is False:
        return ["items"] if len(value) > first else None
    run.look(len(value))
    for index in range(first, len(value)):
        fault = run.check_at(given, value[index], index, seen)
        if fault is not None:
            return fault
    return None


def _contains(run: SchemaEvaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
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


def _all_of(run: SchemaEvaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    for part in given:
        run.spend(1)
        fault = run.check(part, value, seen)
        if fault is not None:
            return fault
    return None


def _holding(run: SchemaEvaluation, given: Any, value: Any, seen: Seen | None, enough: int) -> int:
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


def _any_of(run: SchemaEvaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    return None if _holding(run, given, value, seen, 1) else ["anyOf"]


def _one_of(run: SchemaEvaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    return None if _holding(run, given, value, seen, 2) == 1 else ["oneOf"]


def _not(run: SchemaEvaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    return ["not"] if run.check(given, value) is None else None


def _if(run: SchemaEvaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    own: Seen | None = None if seen is None else set()
    holds = run.check(given, value, own) is None
    if holds and own and seen is not None:
        run.see(own, seen)
    following = schema.get("then" if holds else "else")
    return None if following is None else run.check(following, value, seen)


def _dependent_schemas(run: SchemaEvaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    if not isinstance(value, dict):
        return None
    run.look(len(given))
    for name, part in given.items():
        if name in value:
            fault = run.check(part, value, seen)
            if fault is not None:
                return fault
    return None


def _reference(run: SchemaEvaluation, given: Any, value: Any, schema: Any, seen: Seen | None) -> Fault | None:
    return run.refer(given, value, seen)


def _unevaluated(run: SchemaEvaluation, schema: Any, value: Any, seen: Seen) -> Fault | None:
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
    **ASSERTIONS,
    "$ref": _reference,
    "$dynamicRef": _reference,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "propertyNames": _property_names,
    "prefixItems": _prefix_items,
    "items": _items,
    "contains": _contains,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "if": _if,
    "dependentSchemas": _dependent_schemas,
}

# ruff: noqa: E501 — one case a line reads better than one case in three
"""Tool schemas judge as JSON Schema does, in counted steps, whatever schema and arguments are."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from governance.engine.conditions.argument_schema import ArgumentSchema, allowed_steps
from governance.engine.conditions.assertions import ArgumentCostError
from governance.engine.conditions.evaluation import SchemaEvaluation
from governance.engine.conditions.expression import MAX_PROGRAM, Expression, ExpressionError, Expressions

Schema = dict[str, Any]


def steps(schema: Schema, arguments: Any) -> int:
    """What one evaluation takes."""
    run = SchemaEvaluation(ArgumentSchema.trusted(schema), 1 << 40)
    run.check(schema, arguments)
    return (1 << 40) - run.left


def judged(schema: Schema, arguments: Any) -> str:
    """`valid`, `invalid`, or `costs` where the evaluation is stopped."""
    size = len(json.dumps(arguments, separators=(",", ":")))
    try:
        return "valid" if ArgumentSchema.trusted(schema).fault(arguments, size=size) is None else "invalid"
    except ArgumentCostError:
        return "costs"


def nested(depth: int, name: str = "n") -> Any:
    value: Any = {}
    for _ in range(depth):
        value = {name: value}
    return value


UNIQUE: Schema = {"properties": {"a": {"uniqueItems": True}}}
DOUBLING: Schema = {
    "$ref": "#/$defs/n",
    "$defs": {"n": {"allOf": [{"properties": {"n": {"$ref": "#/$defs/n"}}}] * 2}},
}
CHAIN: Schema = {
    "$ref": "#/$defs/0",
    "$defs": {str(at): {"allOf": [{"$ref": f"#/$defs/{at + 1}"}] * 2} for at in range(40)} | {"40": {}},
}


def test_unique_items_take_steps_in_proportion_to_the_items() -> None:
    few, many = ([{"a": at} for at in range(count)] for count in (200, 1_600))
    assert steps(UNIQUE, {"a": many}) < 9 * steps(UNIQUE, {"a": few})
    assert judged(UNIQUE, {"a": many[:1_200]}) == "valid"
    assert judged(UNIQUE, {"a": [*many[:1_200], {"a": 0.0}]}) == "invalid"


def test_references_do_not_multiply_by_depth() -> None:
    assert steps(DOUBLING, nested(30)) < 4 * steps(DOUBLING, nested(10))
    assert steps(CHAIN, {}) < 1_000
    inner: Schema = {"unevaluatedProperties": False, "anyOf": [{"properties": {"n": {"$ref": "#"}}}] * 2}
    assert steps(inner, nested(30)) < 4 * steps(inner, nested(10))


@pytest.mark.parametrize(
    "schema",
    [{"allOf": [{"$ref": "#"}]}, {"not": {"$ref": "#"}}, {"if": {"$dynamicRef": "#me"}, "$dynamicAnchor": "me"}],
)
def test_a_reference_that_comes_back_to_itself_is_stopped(schema: Schema) -> None:
    assert judged(schema, {}) == "costs"


NUMBERS = {"a": [1] * 8_000}
OBJECTS: dict[str, Any] = {"a": [{}] * 5_000}
LETTERS = "ab" * 8_000


def items(schema: Any) -> Schema:
    return {"properties": {"a": {"items": schema}}}


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        (items({"anyOf": [*[False] * 1_000, True]}), NUMBERS),
        (items({"anyOf": [*[{"type": "string"}] * 1_000, True]}), NUMBERS),
        (items({"oneOf": [*[{"type": "string"}] * 1_000, True]}), NUMBERS),
        (items({"allOf": [True] * 1_000}), NUMBERS),
        (items({"not": {"const": [1] * 1_000}}), {"a": [[1]] * 3_000}),
        (items({f"unknown{at}": 1 for at in range(1_000)}), NUMBERS),
        (items({"type": ["string"] * 100 + ["integer"]}), NUMBERS),
        (items({"required": ["b"] * 5_000}), {"a": [{"b": 1}] * 2_000}),
        (items({"dependentRequired": {f"q{at}": [] for at in range(5_000)}}), OBJECTS),
        (items({"dependentSchemas": {f"q{at}": {} for at in range(5_000)}}), OBJECTS),
        (items({"if": {"allOf": [True] * 100}, "then": True}), NUMBERS),
        (
            {"properties": {"a": {"contains": {"allOf": [True] * 100}, "minContains": 9_000}}},
            NUMBERS,
        ),
        ({"properties": {"a": {"unevaluatedItems": False, "allOf": [{"items": True}] * 100}}}, NUMBERS),
        ({"patternProperties": {f"^a{at}": {} for at in range(300)}}, {f"k{at}": 1 for at in range(1_500)}),
        (
            {"patternProperties": {f"^a{at}": {} for at in range(300)}, "additionalProperties": {}},
            {f"k{at}": 1 for at in range(1_500)},
        ),
        ({"propertyNames": {"anyOf": [*[False] * 900, True]}}, {f"k{at}": 1 for at in range(1_500)}),
        (
            {"unevaluatedProperties": False, "allOf": [{"additionalProperties": {}}] * 400},
            {f"k{at}": 1 for at in range(1_500)},
        ),
        ({"properties": {"a": {"pattern": "[ab]*a[ab]{500}c"}}}, {"a": LETTERS}),
        ({"properties": {"a": {"pattern": "(?:a?){900}b"}}}, {"a": LETTERS}),
        ({"properties": {"a": {"pattern": r"^(\w+\s*){900}x"}}}, {"a": LETTERS}),
        ({"properties": {"a": {"prefixItems": [{"allOf": [True] * 900}] * 5_000}}}, NUMBERS),
    ],
)
def test_a_hostile_schema_is_stopped_soon(schema: Schema, arguments: Any) -> None:
    began = time.process_time()
    assert judged(schema, arguments) == "costs"
    assert time.process_time() - began < 1.0


def test_nesting_has_an_end_that_does_not_depend_on_who_calls() -> None:
    schema: Schema = {}
    for _ in range(300):
        schema = {"allOf": [schema]}
    assert judged(schema, {}) == "costs"


def test_values_whose_hashes_a_caller_could_choose_are_told_apart_by_text() -> None:
    prime = 2**61 - 1
    alike = [[at * prime, 1] for at in range(300)]
    assert len({hash(tuple(item)) for item in alike}) == 1
    run = SchemaEvaluation(ArgumentSchema.trusted(UNIQUE), 1 << 20)
    assert len({hash(run.key(item)) for item in alike}) == 300


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1.0, True), (True, 1, False), (False, 0, False), (0, -0.0, True), ("1", 1, False), (None, False, False),
        ([1, True], [1.0, True], True), ([1], [True], False), ({"a": 1, "b": [2]}, {"b": [2.0], "a": 1}, True),
        ([], {}, False), (10**30, 1e30, False), (2**70, float(2**70), True), ("[1]", [1], False), ("é", "e", False),
    ],
)  # fmt: skip
def test_equality_is_that_of_json_schema(one: Any, other: Any, same: bool) -> None:
    assert (judged({"properties": {"a": {"const": one}}}, {"a": other}) == "valid") is same
    assert (judged({"properties": {"a": {"enum": ["x", one]}}}, {"a": other}) == "valid") is same
    assert (judged(UNIQUE, {"a": [one, other]}) == "invalid") is same


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([1.0, 0.5, -2.0]), st.text("ab1", max_size=3)
)
NAMES = st.sampled_from(["a", "b", "ab"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
TYPES = st.sampled_from(["string", "integer", "number", "object", "array", "boolean", "null"])
SMALL = st.integers(0, 3)


def _schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    parts, named = st.lists(inner, min_size=1, max_size=3), st.dictionaries(NAMES, inner, max_size=3)
    keywords: dict[str, st.SearchStrategy[Any]] = {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
        "enum": st.lists(VALUES, min_size=1, max_size=3),
        "const": VALUES,
        "multipleOf": st.sampled_from([1, 2, 0.5]),
        "minimum": SMALL, "maximum": SMALL, "exclusiveMinimum": SMALL, "exclusiveMaximum": SMALL,
        "minLength": SMALL, "maxLength": SMALL, "minItems": SMALL, "maxItems": SMALL,
        "minProperties": SMALL, "maxProperties": SMALL, "uniqueItems": st.booleans(),
        "pattern": st.sampled_from(["^a", "b$", "^[ab]{1,2}$", "1"]),
        "required": st.lists(NAMES, max_size=2, unique=True),
        "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=2, unique=True), max_size=2),
        "properties": named, "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, max_size=2),
        "additionalProperties": inner, "propertyNames": inner, "dependentSchemas": named,
        "items": inner, "prefixItems": parts, "contains": inner, "minContains": SMALL, "maxContains": SMALL,
        "allOf": parts, "anyOf": parts, "oneOf": parts, "not": inner, "if": inner, "then": inner, "else": inner,
        "unevaluatedProperties": st.booleans(),
        "$ref": st.just("#/$defs/leaf"),
    }  # fmt: skip
    chosen = st.lists(st.sampled_from(sorted(keywords)), max_size=4, unique=True)
    return chosen.flatmap(lambda names: st.fixed_dictionaries({name: keywords[name] for name in names}))


SCHEMAS = st.recursive(st.booleans() | _schemas(st.booleans()), _schemas, max_leaves=6)


@settings(max_examples=400, deadline=None)
@given(schema=SCHEMAS, leaf=_schemas(st.booleans()), value=VALUES)
def test_the_verdict_is_that_of_a_plain_validator(schema: Any, leaf: Any, value: Any) -> None:
    leaf.pop("$ref", None)
    leaf = json.loads(json.dumps(leaf).replace('"$ref": "#/$defs/leaf"', '"title": ""'))
    document = {"$defs": {"leaf": leaf}, "properties": {"a": schema}}
    expected = Draft202012Validator(document).is_valid({"a": value})
    assert judged(document, {"a": value}) == ("valid" if expected else "invalid")


@pytest.mark.parametrize(
    ("schema", "arguments", "valid"),
    [
        ({"unevaluatedItems": False, "prefixItems": [True]}, [1], True),
        ({"unevaluatedItems": False, "prefixItems": [True]}, [1, 2], False),
        ({"unevaluatedItems": {"type": "string"}, "contains": {"const": 1}}, [1, "x"], True),
        ({"unevaluatedItems": False, "anyOf": [{"prefixItems": [True]}, {"prefixItems": [True, True]}]}, [1, 2], True),
        ({"unevaluatedProperties": False, "if": {"required": ["b"]}, "then": {"properties": {"b": True}}}, {"b": 1}, True),
        ({"unevaluatedProperties": False, "not": {"not": {"properties": {"b": True}}}}, {"b": 1}, False),
        ({"unevaluatedProperties": False, "$ref": "#b", "$defs": {"x": {"$anchor": "b", "properties": {"b": True}}}}, {"b": 1}, True),
        ({"unevaluatedProperties": False, "dependentSchemas": {"b": {"properties": {"b": True}}}}, {"b": 1}, True),
        ({"unevaluatedProperties": False, "oneOf": [{"properties": {"b": True}}, {"required": ["c"]}]}, {"b": 1}, True),
    ],
)  # fmt: skip
def test_what_a_valid_part_evaluated_is_evaluated(schema: Schema, arguments: Any, valid: bool) -> None:
    run = SchemaEvaluation(ArgumentSchema.trusted(schema), 10_000)
    assert (run.check(schema, arguments) is None) is valid


@pytest.mark.parametrize(
    ("pattern", "ordinary"),
    [
        (r"^[a-z0-9-]{1,64}$", True),
        (r"^.{1,1000}$", True),
        (r"^[^<>]+@[a-z]+$", True),
        (r"^a.{1,500}[ab]{500}$", False),
    ],
)
def test_an_ordinary_expression_is_cheap_and_an_open_one_is_not(pattern: str, ordinary: bool) -> None:
    assert (Expression.compile(pattern, ascii=True).steps(1_000) < allowed_steps(0)) is ordinary


@settings(max_examples=200, deadline=None)
@given(text=st.text("ab.é\n", max_size=12))
def test_the_form_for_ascii_finds_the_same(text: str) -> None:
    for pattern in ("^.+$", "^[^a]*$", "a.b", r"\W", "é"):
        full = Expression.compile(pattern).search(text.encode())
        if text.isascii():
            assert Expression.compile(pattern, ascii=True).search(text.encode()) is full


def test_expressions_too_large_together_are_refused_and_not_compiled_again() -> None:
    made = Expressions()
    size = made.get("^.{1,1000}$", ascii=False).size
    for at in range(1, MAX_PROGRAM // size):
        made.get(f"^.{{1,1000}}{at % 10}$", ascii=False)
    with pytest.raises(ExpressionError, match=str(MAX_PROGRAM)):
        made.get("^.{2,1000}$", ascii=False)
    with pytest.raises(ExpressionError):
        made.get("a", ascii=False)

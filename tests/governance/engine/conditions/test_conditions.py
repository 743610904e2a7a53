"""The traps of the condition runtime, each closed."""

from __future__ import annotations

import time
from typing import Any

import pytest

from governance.engine.conditions.argument_schema import ArgumentSchema, ArgumentSchemaError
from governance.engine.conditions.condition import (
    MAX_ARGUMENTS,
    Activation,
    ConditionError,
    check_condition,
    compile_condition,
)

SCHEMA = ArgumentSchema.compile(
    {
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "amount": {"type": "integer"},
            "share": {"type": "number"},
            "deep": {"type": "object", "properties": {"x": {"type": "boolean"}}, "additionalProperties": False},
        },
        "additionalProperties": False,
    }
)


def value(source: str, size: int = 0, **args: Any) -> bool | None:
    variables: dict[str, Any] = {"principal": {"id": "alice"}, "agent": {}, "entity": {}, "call": {}}
    return compile_condition(source).value(Activation(args=args, size=size, variables=variables, now=1_780_000_000.0))


def refused(source: str, *schemas: ArgumentSchema) -> ConditionError:
    with pytest.raises(ConditionError) as caught:
        check_condition(source, schemas)
    return caught.value


def test_an_error_value_is_neither_true_nor_false() -> None:
    """The runtime gives a truthy value of type ERROR."""
    assert value("args.gone == 1") is None
    assert value("!(args.gone == 1)") is None


def test_an_exception_of_the_runtime_is_neither_true_nor_false() -> None:
    assert value("args.s == 'x'", s="\ud800") is None
    assert value("args.l.exists(x, x < 0)", l=list(range(10_001))) is None


def test_what_short_circuits_is_evaluated() -> None:
    assert value("true || args.gone == 1") is True
    assert value("false && args.gone == 1") is False


def test_large_arguments_make_a_condition_unevaluable() -> None:
    assert value("true", size=MAX_ARGUMENTS) is True
    assert value("true", size=MAX_ARGUMENTS + 1) is None
    assert value("true", text="x" * MAX_ARGUMENTS) is None, "the size is measured where the door gives none"


@pytest.mark.parametrize(
    "source",
    [
        "args.l.map(x, x) == []",
        "args.l.map(x, x > 1, x) == []",
        "args.l . map (x, x + x) == []",
        "args.l.exists(y, y.map(x, x) == [])",
        "{'a': args.l.map(x, x)}.a == []",
        "args.l.filter(x, args.m.map(y, y) == []) == []",
        "(args.l.map(x, x) + args.l).size() > 1",
    ],
)
def test_map_is_refused_however_it_is_written(source: str) -> None:
    assert "map" in refused(source).message


@pytest.mark.parametrize(
    "source",
    [
        "args.l.exists(x, args.s + args.s == 'aa')",
        "args.l.exists(x, 'a' + x == 'ab')",
        "args.l.all(x, [x] + [x] != [])",
        "args.l.exists(x, x + x > 1)",
        "args.l.filter(x, b'a' + bytes(x) == b'a') == []",
        "args.l.exists(x, args.m.exists(y, x + y == 1))",
        "args.l.exists(x, (x + 'a').size() > 1)",
    ],
)
def test_plus_without_a_bound_is_refused_inside_a_loop(source: str) -> None:
    assert "`+`" in refused(source).message


@pytest.mark.parametrize(
    "source",
    [
        "args.l.exists(x, int(x) + int(x) > 1)",
        "args.l.exists(x, x + 1 > 3)",
        "args.l.exists_one(x, x == 1)",
        "args.l.filter(x, x > 1).size() > 0",
        "args.s + args.s == 'aa'",
        "args.s == 'a.map(x, x)'",
        "args.map == 1",
    ],
)
def test_what_is_bounded_is_accepted(source: str) -> None:
    check_condition(source)


@pytest.mark.parametrize(
    ("source", "args"),
    [
        ("args.l.filter(x, x > 1).size() > 0", {"l": list(range(9_000))}),
        ("args.l.exists(x, args.s.matches('(a|b)*c'))", {"l": list(range(5_000)), "s": "ab" * 15_000}),
        ("args.l.exists(x, -1 in args.l)", {"l": list(range(9_000))}),
        ("args.l.exists(x, args.l.exists(y, args.l.exists(z, x == -1 && y == -1 && z == -1)))", {"l": [1] * 9_000}),
        (
            "[1, 2, 3].exists(x, args.s.contains('abc') && args.l.exists(y, y == args.s))",
            {"s": "a" * 30_000, "l": ["b"] * 9_000},
        ),
    ],
)
def test_no_accepted_condition_takes_long(source: str, args: dict[str, Any]) -> None:
    check_condition(source)
    began = time.process_time()
    assert value(source, **args) is None
    assert time.process_time() - began < 0.5


def test_a_syntax_error_is_told_at_its_column() -> None:
    error = refused("args.path ==\n  == 1")
    assert (error.line, error.column) == (2, 3)


@pytest.mark.parametrize(
    ("source", "column"),
    [
        ("foo == 1", 1),
        ("principal.level > 'x'", 17),
        ("principal.nickname == 'x'", 10),
        ("agent.nobody == 'x'", 6),
        ("true && entity.colour == 'x'", 15),
        ("principal['nickname'] == 'x'", 10),
        ("'text'", 1),
    ],
)
def test_a_mistake_is_told_at_its_column(source: str, column: int) -> None:
    assert refused(source).column in (column, column - 1, column + 1)


@pytest.mark.parametrize(
    "source",
    [
        "args.gone == 1",
        "args['gone'] == 1",
        "has(args.gone)",
        "args.deep.y",
        "args.path > 1",
        "args.amount == 'x'",
        "args.path.x == 1",
    ],
)
def test_what_the_schema_excludes_is_refused(source: str) -> None:
    refused(source, SCHEMA)


@pytest.mark.parametrize(
    "source",
    [
        "args.path == 'x'",
        "args.amount > 10",
        "args.amount > 1.5",
        "args.share >= 1 && args.share < 2.5",
        "args.deep.x",
        "has(args.path)",
    ],
)
def test_what_the_schema_knows_is_accepted(source: str) -> None:
    check_condition(source, [SCHEMA])


def test_a_long_expression_is_refused() -> None:
    assert refused(" || ".join(["args.a == 1"] * 400)).column > 1


def test_a_deep_expression_is_refused() -> None:
    refused("(" * 400 + "true" + ")" * 400)


def test_a_schema_that_points_elsewhere_is_never_fetched() -> None:
    schema = ArgumentSchema.compile({"properties": {"a": {"$ref": "http://127.0.0.1:9/schema.json"}}})
    assert schema.fault({"a": 1}) is not None


def test_a_schema_that_is_none_is_refused() -> None:
    with pytest.raises(ArgumentSchemaError):
        ArgumentSchema.compile({"type": "objekt"})
    with pytest.raises(ArgumentSchemaError):
        ArgumentSchema.compile({"properties": {"a": {"pattern": "(?=x)"}}})


def test_an_expression_of_a_schema_takes_linear_time() -> None:
    schema = ArgumentSchema.compile({"properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}})
    began = time.process_time()
    assert schema.fault({"a": "a" * 50_000 + "b"}, size=50_009) == ("/a", "pattern")
    assert time.process_time() - began < 0.5

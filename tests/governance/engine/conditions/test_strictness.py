"""Equality and membership between values of different types cannot be evaluated: a deny holds, an allow does not."""

from __future__ import annotations

from typing import Any

import pytest
from cel_expr_python import cel
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.engine.conditions.condition import Activation, ConditionError, check_condition, compile_condition
from governance.engine.conditions.strictness import strict

SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, 2.0]) | st.sampled_from(["", "a", "1"])
)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.sampled_from(["a", "b"]), SCALARS, max_size=2)


def value(source: str, **args: Any) -> bool | None:
    variables: dict[str, Any] = {
        "principal": {"id": "alice", "roles": ["analyst"]},
        "agent": {},
        "entity": {},
        "call": {},
    }
    return compile_condition(source).value(Activation(args=args, size=0, variables=variables, now=1_780_000_000.0))


def kind(value: Any) -> type:
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


def same(left: Any, right: Any) -> bool | None:
    """What equality has to say, from JSON's kinds alone."""
    return None if kind(left) is not kind(right) else equal(left, right)


def equal(left: Any, right: Any) -> bool:
    """Whole lists and objects: a member of another kind makes them unequal."""
    if kind(left) is not kind(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(equal(*pair) for pair in zip(left, right, strict=True))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


@pytest.mark.parametrize(
    ("source", "args", "expected"),
    [
        ("args.amount == 500", {"amount": "500"}, None),
        ("args.amount == 500", {"amount": 500.0}, True),
        ("args.amount == 500", {"amount": 1.5}, False),
        ("500 == args.amount", {"amount": "500"}, None),
        ("args['amount'] == 500", {"amount": "500"}, None),
        ("!(args.amount == 500)", {"amount": "500"}, None),
        ("args.amount != 500", {"amount": "500"}, None),
        ("args.amount != 500", {"amount": 400}, True),
        ("args.force == true", {"force": "true"}, None),
        ("args.env in ['prod', 'staging']", {"env": ["prod"]}, None),
        ("args.env in ['prod', 'staging']", {"env": "test"}, False),
        ("args.role != 'admin'", {"role": ["admin"]}, None),
        ("args.n in [1, 2]", {"n": "1"}, None),
        ("args.n in [1, 2]", {"n": 2.0}, True),
        ("args.on in [true]", {"on": "true"}, None),
        ("args.x in args.l", {"x": 1, "l": ["1"]}, None),
        ("args.x in args.l", {"x": 1, "l": ["1", 1]}, True),
        ("args.x in args.l", {"x": 1, "l": [2, 3]}, False),
        ("args.x in args.l", {"x": "k", "l": {"k": 0}}, True),
        ("args.x in args.l", {"x": 1, "l": {"1": 0}}, None),
        ("args.x in args.l", {"x": 1, "l": "1"}, None),
        ("args.x in principal.roles", {"x": ["analyst"]}, None),
        ("'analyst' in principal.roles", {}, True),
        ("args.x == null || args.x == 'a'", {"x": None}, True),
        ("args.x == null || args.x == 'a'", {"x": "b"}, False),
        ("args.x == 'a'", {"x": None}, None),
        ("args.l.exists(x, x == 'a')", {"l": [1, "a"]}, True),
        ("args.l.exists(x, x == 'a')", {"l": [1, "b"]}, None),
        ("args.l.all(x, x in ['a', 'b'])", {"l": ["b", "a"]}, True),
        ("args.l.filter(x, x == 'a').size() == 1", {"l": ["a", 1]}, None),
        ("{'k': args.x == 1}['k']", {"x": "1"}, None),
        ("[args.x == 1, true][1]", {"x": "1"}, None),
        ("(args.x == 1 ? 'yes' : 'no') == 'no'", {"x": "1"}, None),
        ("args.tags == ['a']", {"tags": ["b"]}, False),
        ("args.tags == ['a']", {"tags": "a"}, None),
        ("args.a + args.b == args.c", {"a": "1", "b": "2", "c": 12}, None),
        ("args.a + args.b in args.l", {"a": "x", "b": "y", "l": ["xy"]}, True),
        ("type(args.x) == int", {"x": "1"}, False),
    ],
)
def test_what_differs_in_type_is_neither_equal_nor_unequal(
    source: str, args: dict[str, Any], expected: bool | None
) -> None:
    check_condition(source)
    assert value(source, **args) is expected


@given(left=VALUES, right=VALUES)
@settings(max_examples=400)
def test_equality_follows_from_the_kinds_of_json_alone(left: Any, right: Any) -> None:
    expected = same(left, right)
    assert value("args.a == args.b", a=left, b=right) is expected
    assert value("args.a != args.b", a=left, b=right) is (None if expected is None else not expected)


@given(item=SCALARS, held=st.lists(SCALARS, max_size=4))
@settings(max_examples=400)
def test_membership_is_equality_with_any_member(item: Any, held: list[Any]) -> None:
    answers = [same(item, one) for one in held]
    expected = True if True in answers else None if None in answers else False
    assert value("args.x in args.l", x=item, l=held) is expected


def test_an_operand_that_takes_work_is_worked_out_once() -> None:
    """Six thousand steps fit into the runtime's ten thousand once, not twice."""
    source = "args.l.filter(x, x >= 0).size() == args.n"
    compiled = cel.NewEnv(variables={"args": cel.Type.Map(cel.Type.STRING, cel.Type.DYN)})
    rewritten = strict(compiled.compile(source).serialize())
    assert rewritten is not None
    held = {"args": {"l": list(range(6_000)), "n": 5}}
    assert compiled.deserialize(rewritten).eval(compiled.Activation(held)).value() is False


def test_what_is_known_to_be_of_one_type_is_left_as_it_is() -> None:
    environment = cel.NewEnv(variables={"args": cel.Type.Map(cel.Type.STRING, cel.Type.DYN), "n": cel.Type.INT})
    for source in ("n == 1", "size(args.l) == 3", "n in [1, 2]", "args.x == null", "n > 1 && args.x > 2"):
        assert strict(environment.compile(source).serialize()) is None


@pytest.mark.parametrize(
    ("source", "column", "told"),
    [
        ("args.path.matches('(')", 18, "regular expression"),
        ("args.l.exists(x, x.matches('[a-'))", 27, "regular expression"),
        ("duration('5x') > duration('1s')", 9, "Duration"),
        ("now > timestamp('2026-99-01T00:00:00Z')", 16, "Timestamp"),
        ("now.getHours('Nowhere/Town') < 8", 13, "timezone"),
        ("args.n == 1 / 0", 13, "divide by zero"),
        ("args.n == int('many')", 14, "int"),
        ("[1, 2][5] == args.n", 7, "index"),
    ],
)
def test_a_constant_that_can_never_be_evaluated_is_an_error_at_its_column(source: str, column: int, told: str) -> None:
    with pytest.raises(ConditionError) as caught:
        check_condition(source)
    assert told.lower() in caught.value.message.lower()
    assert (caught.value.line, caught.value.column) == (1, column)


@pytest.mark.parametrize(
    "source",
    [
        "args.path.matches('^/srv/[a-z]+$')",
        "now.getHours('Europe/Berlin') < 8",
        "now.getDayOfWeek() in [0, 6]",
        "now < timestamp('2027-01-01T00:00:00Z') + duration('24h')",
        "args.n / 0 == 1",
        "args.s.matches(args.pattern)",
    ],
)
def test_constants_with_a_value_and_what_a_call_decides_are_accepted(source: str) -> None:
    check_condition(source)

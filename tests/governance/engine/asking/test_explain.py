"""Explanations and reverse questions."""

from __future__ import annotations

from typing import Any

import pytest

from governance.engine.asking.considered import condition_parts
from governance.engine.asking.explain import explain
from governance.engine.asking.questions import right, what_can, who_can
from governance.engine.asking.surface import seen, surface
from governance.engine.decision import Effect
from tests.governance.engine.builders import NOW, call, caller, compiled, policy, rule, world


def explained(document: dict[str, Any], who: Any = None, what: Any = None) -> Any:
    return explain(compiled(document), world(), who or caller(), what or call(), now=NOW)


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("args.a == 1", ("args.a == 1",)),
        ("args.a == 1 && args.b", ("args.a == 1", "args.b")),
        ("a || b && c", ("a", "b && c")),
        ("(a || b) && c", ("(a || b)", "c")),
        ("x == ' && ' && y", ("x == ' && '", "y")),
        ("l.exists(i, i > 1 && i < 3) && z", ("l.exists(i, i > 1 && i < 3)", "z")),
        ("a && b ? c : d", ("a && b ? c : d",)),
    ],
)
def test_a_condition_falls_into_its_outermost_parts(source: str, parts: tuple[str, ...]) -> None:
    assert condition_parts(source) == parts


def test_each_part_of_a_condition_has_its_value() -> None:
    document = policy(rule("a", when="args.path == 'x' && args.n > 3 && args.gone"))
    (considered,) = explained(document, what=call(path="x", n=1)).considered
    assert [(part.source, part.value) for part in considered.parts] == [
        ("args.path == 'x'", True),
        ("args.n > 3", False),
        ("args.gone", None),
    ]


def test_the_nearest_rule_is_the_one_with_the_fewest_parts_missing() -> None:
    document = policy(
        rule("far", subjects={"users": ["bob"]}, when="args.n > 3", valid_until="2020-01-01T00:00:00Z"),
        rule("near", when="args.n > 3"),
    )
    nearest = explained(document, what=call(n=1)).nearest
    assert (nearest.rule, nearest.fix) == ("near", "Make this hold: args.n > 3.")


def test_a_class_that_admits_nothing_is_explained_as_it_is_decided() -> None:
    decision = explained(policy(rule(), rate_limits={"base_per_second": {"mcp": 0}})).decision
    assert (decision.layer, decision.code) == ("rate_limit", "rate.principal")


def test_an_allow_needs_no_change() -> None:
    assert explained(policy(rule())).nearest is None


def test_a_boundary_says_what_it_asks_for() -> None:
    document = policy(rule(), servers={"files": {"tools": {"read": {"departments": ["finance"]}}}})
    nearest = explained(document).nearest
    assert nearest.path == "principal.departments"
    assert "finance" in nearest.fix


def test_a_deny_names_its_rule_and_what_holds() -> None:
    nearest = explained(policy(rule("a"), rule("d", "deny", when="args.n > 3")), what=call(n=9)).nearest
    assert nearest.rule == "d"
    assert "args.n > 3" in nearest.fix


def test_an_explanation_covers_the_rules_of_what_is_touched_only() -> None:
    document = policy(rule("a", entities=["tool:files/read"]), rule("b", entities=["tool:files/write"]))
    assert [one.rule for one in explained(document).considered] == ["a"]


def test_who_can_gives_those_whom_layer_1_lets_through() -> None:
    document = policy(rule("a", subjects={"roles": ["analyst"]}), rule("k", "ask", subjects={"users": ["bob"]}))
    people = [caller("alice", roles=["analyst"]), caller("bob", roles=["analyst"]), caller("eve")]
    rights = who_can(compiled(document), world(), people, call(), now=NOW)
    assert [(one.principal, one.effect) for one in rights] == [("alice", Effect.ALLOW), ("bob", Effect.ASK)]


def test_who_can_through_an_agent_counts_its_bounds() -> None:
    document = policy(rule(), agents={"narrow": {"owner": "alice", "entities": ["tool:files/write"]}})
    assert who_can(compiled(document), world(), [caller(agent="narrow")], call(), now=NOW) == ()


def test_what_can_says_where_arguments_decide() -> None:
    document = policy(
        rule("a", entities=["tool:files/read"]), rule("b", entities=["tool:files/write"], when="args.n > 3")
    )
    rights = {one.id: one.conditional for one in what_can(compiled(document), world(), caller(), now=NOW)}
    assert rights == {"files/read": False, "files/write": True}


def test_a_cell_names_the_rules_behind_it() -> None:
    snapshot = compiled(policy(rule("a"), rule("d", "deny", entities=["tool:files/write"])))
    for tool, effect, rules in (("read", Effect.ALLOW, ("a",)), ("write", Effect.DENY, ("d",))):
        entity = snapshot.entity("tool", f"files/{tool}")
        assert entity is not None
        cell = right(snapshot, world(), caller(), entity, now=NOW)
        assert (cell.effect, cell.rules) == (effect, rules)


def test_the_surface_leaves_conditions_out() -> None:
    document = policy(
        rule("a", entities=["tool:files/read", "tool:files/write"], when="args.n > 3"),
        rule("d", "deny", entities=["tool:files/read"], parameters={"deny": ["/force"]}),
        rule("e", "deny", entities=["tool:files/write"]),
    )
    snapshot = compiled(document)
    assert [place.id for place in surface(snapshot, world(), caller(), now=NOW)] == ["files/read"]
    assert seen(snapshot, world(), caller(), "tool", "files/read", now=NOW)
    assert not seen(snapshot, world(), caller(), "tool", "files/write", now=NOW)

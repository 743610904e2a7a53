"""Every worked example of docs/conditions.md compiles, and its cases come out as the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from governance.engine.conditions.condition import Activation, check_condition
from governance.policy.document.moments import seconds
from governance.policy.files.bundle import PolicyErrors, parse_policy, write_yaml
from tests.governance.policy.documents import rule, small

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "conditions.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^### (\d+)\. .+?\n```cel\n(.+?)\n```\n((?:- .+\n)+)", PAGE, re.MULTILINE)
CASES = [
    (number, source, value, json.loads(arguments))
    for number, source, cases in EXAMPLES
    for value, arguments in re.findall(r"- (true|false|unevaluable): `(.+)`", cases)
]
VALUES = {"true": True, "false": False, "unevaluable": None}
SEEN = {
    "principal": {
        "id": "alice",
        "kind": "user",
        "tier": "user",
        "level": 50,
        "roles": ["analyst"],
        "groups": [],
        "departments": ["finance"],
    },
    "agent": {"id": "reporter", "owner": "alice", "tier": "user"},
    "entity": {
        "kind": "tool",
        "name": "read",
        "server": "files",
        "sensitivity": "internal",
        "data_sources": ["ledger"],
    },
    "call": {"session_id": "s1", "client_id": "c1", "door": "api"},
}


def test_the_page_has_twenty_examples_with_cases() -> None:
    assert [number for number, _, _ in EXAMPLES] == [str(number) for number in range(1, 21)]
    assert {number for number, *_ in CASES} == {number for number, _, _ in EXAMPLES}


@pytest.mark.parametrize(("number", "source", "value", "arguments"), CASES)
def test_an_example_comes_out_as_the_page_says(
    number: str, source: str, value: str, arguments: dict[str, object]
) -> None:
    now = seconds("2026-06-01T12:00:00Z")
    activation = Activation(args=arguments, size=0, variables=SEEN, now=now)  # type: ignore[arg-type]
    assert check_condition(source).value(activation) is VALUES[value]


@pytest.mark.parametrize("source", [source for _, source, _ in EXAMPLES])
def test_an_example_stands_in_a_policy_unchanged(source: str) -> None:
    document = small(rules=[rule("a", when=source)])
    assert parse_policy(write_yaml(document))["rules"][0]["when"] == source


@pytest.mark.parametrize(
    "refused", ["args.l.map(x, x + 1) == []", "args.l.all(x, x + args.s != '')", "shoes == 1", "1 + 1"]
)
def test_what_the_page_says_is_refused_is_refused(refused: str) -> None:
    with pytest.raises(PolicyErrors, match="column"):
        parse_policy(write_yaml(small(rules=[rule("a", when=refused)])))

"""The examples of the pages, typed as they stand: requests are taken by their door, answers are as shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from accounts.services.actor import Actor
from governance.management.policy.run_tests import unrunnable
from governance.policy.demo.files import POLICY_FILE
from governance.policy.document.errors import PolicyErrors
from governance.policy.files.bundle import parse_policy, read_policy
from governance.policy.files.yaml_reader import read_yaml
from governance.policy.lint.linter import lint
from governance.policy.testing import run_tests
from governance.services.authoring.draft import replace_draft
from tests.governance.api.deciding import Process
from tests.governance.api.management.clients import Office

PROJECT = Path(__file__).resolve().parents[3]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
NOW = 1_780_000_000.0
AS_IT_IS = "…"
"""Stands in an answer for what depends on the installation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A request that a page shows, and the answer beside it where there is one."""

    page: str
    method: str
    path: str
    body: Any
    answer: Any


def blocks(text: str, *languages: str) -> Iterator[str]:
    """The fenced blocks of some languages; indented ones belong to none."""
    for language, block in re.findall(r"^ *```(\w*)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        if language in languages:
            yield block
    if "" in languages:
        yield from re.findall(r"(?:^    \S.*\n(?:^(?:    .*)?\n)*)", text, re.MULTILINE)


def examples(page: str, text: str) -> Iterator[Example]:
    """Every request with a body that a page shows."""
    for block in blocks(text, "", "http"):
        if (found := re.match(r"\s*(POST|PUT) (/\S+)\n", block)) is None:
            continue
        objects = []
        at = block.find("{", found.end())
        while at >= 0:
            value, end = json.JSONDecoder().raw_decode(block, at)
            objects.append(value)
            at = block.find("{", end)
        yield Example(
            page=page, method=found[1], path=found[2], body=objects[0], answer=objects[1] if objects[1:] else None
        )


def all_examples() -> list[Example]:
    """Those of all pages."""
    return [each for page in PAGES for each in examples(page.name, page.read_text(encoding="utf-8"))]


def differs(shown: Any, got: Any, at: str = "") -> str:
    """Where an answer is not the one that is shown; more may be answered than is shown."""
    if shown == AS_IT_IS:
        return ""
    if isinstance(shown, dict) and isinstance(got, dict):
        found = (differs(value, got.get(key), f"{at}/{key}") for key, value in shown.items())
        return next(filter(None, found), "")
    return "" if shown == got else f"{at}: {got!r}, not {shown!r}"


@pytest.mark.parametrize("example", all_examples(), ids=lambda each: f"{each.page} {each.path}")
def test_a_request_that_is_shown_is_taken_and_answered_so(office: Office, example: Example) -> None:
    replace_draft(actor=Actor.component("setup"), document=read_policy(POLICY_FILE))
    if example.path in {"/api/v1/decisions", "/access/v1/evaluation"}:
        token = office.process.token("alice", agent="reporter")
        answered: Any = office.process.post(example.path, token=token, body=example.body)
    else:
        answered = office.person("owner").ask(example.method, example.path, example.body)
    assert answered.status in (200, 201), answered.body
    assert example.answer is None or differs(example.answer, answered.json) == ""


def test_enough_examples_are_found_and_a_false_one_fails(process: Process) -> None:
    assert len(all_examples()) >= 4
    request = 'POST /api/v1/decisions\n    Authorization: Bearer x\n\n    {"server": "files", "tol": "read"}'
    said = f"Ask:\n\n    {request}\n\nSo.\n"
    (example,) = examples("planted.md", said)
    answered = process.post(example.path, token=process.token("alice"), body=example.body)
    assert (answered.status, answered.json["path"]) == (400, "/tol")
    assert differs({"a": 1, "b": "…"}, {"a": 2, "b": 3}) == "/a: 2, not 1"
    assert differs({"a": "…"}, {"a": 2, "c": 3}) == ""


# --- policies ---------------------------------------------------------------------------------------------------------


def policies() -> list[tuple[str, str]]:
    """Every piece of a policy that a page shows."""
    return [(page.name, block) for page in PAGES for block in blocks(page.read_text("utf-8"), "yaml", "yml")]


@pytest.mark.parametrize(("page", "text"), policies(), ids=lambda each: each if each.endswith(".md") else "")
def test_a_policy_that_is_shown_is_sound_and_its_tests_hold(page: str, text: str) -> None:
    document = parse_policy(text) if text.startswith("toolgate:") else with_tests(text)
    assert not [finding for finding in lint(document, now=NOW) if finding.code in {"unreachable", "ambiguous"}]
    results = run_tests(document, now=NOW, hooks=unrunnable)
    assert results or "tests" not in document
    assert [each.line() for each in results if not each.passed] == []


def test_two_policies_are_found_and_an_unsound_one_is_refused() -> None:
    assert len(policies()) >= 2
    with pytest.raises(PolicyErrors):
        parse_policy("toolgate: 1\nrules: [{id: r, effect: maybe, subjects: {everyone: true}, entities: ['**']}]\n")


def test_the_line_that_a_policy_test_prints_is_the_one_that_is_shown() -> None:
    page = (PROJECT / "docs" / "author-policy.md").read_text(encoding="utf-8")
    shown = next(json.loads(block) for block in blocks(page, "json") if '"got"' in block)
    case = next(text for _, text in policies() if f"name: {shown['name']}" in text)
    (result,) = [each for each in run_tests(with_tests(case), now=NOW) if each.name == shown["name"]]
    assert result.line() == shown


def with_tests(text: str) -> Any:
    """The demo policy with the tests of a page."""
    written, errors = read_yaml(text, file="page.yaml")
    assert written is not None
    assert errors == []
    return {**read_policy(POLICY_FILE), "tests": written.plain()}

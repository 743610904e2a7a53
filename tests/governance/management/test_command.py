"""`manage.py policy`: what each subcommand prints and exits with."""

from __future__ import annotations

import io
import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from governance.management.policy.subcommand import FINDINGS, GOOD, UNUSABLE, Streams
from governance.management.policy.table import subcommands
from governance.policy.demo.files import POLICY_FILE
from governance.policy.files.bundle import read_policy, write_yaml
from governance.policy.files.json_schema import schema_text
from tests.governance.policy.documents import EXAMPLE, rule, small


def policy(*arguments: object) -> tuple[int, str, str]:
    """Run a subcommand; its exit code, what it printed, and what it complained of."""
    name, *rest = map(str, arguments)
    subcommand = subcommands()[name]
    parser = ArgumentParser()
    subcommand.configure(parser)
    streams = Streams(out=io.StringIO(), err=io.StringIO())
    code = subcommand.run(parser.parse_args(rest), streams)
    return code, streams.out.getvalue(), streams.err.getvalue()  # type: ignore[attr-defined]


@pytest.fixture
def example(tmp_path: Path) -> Path:
    file = tmp_path / "policy.yaml"
    file.write_text(EXAMPLE, encoding="utf-8")
    return file


def case(name: str, **expect: Any) -> dict[str, Any]:
    return {"name": name, "principal": "alice", "call": {"server": "files", "tool": "read"}, "expect": expect}


def test_test_exits_with_0_when_every_test_holds(example: Path) -> None:
    assert policy("test", example) == (GOOD, "1 test, 0 failed\n", "")


def test_test_exits_with_1_and_says_what_came_instead(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(write_yaml(small(tests=[case("hope", decision="allow"), case("fear", decision="deny")])))
    code, out, _ = policy("test", file)
    assert code == FINDINGS
    assert "FAIL hope" in out
    assert "expected allow, got deny (rule.none)" in out
    assert out.endswith("2 tests, 1 failed\n")


def test_test_prints_one_line_of_json_a_case_with_the_true_code(tmp_path: Path) -> None:
    hidden = {"files": {"tools": {"read": {"scopes": ["admin"]}, "write": {}}}}
    file = tmp_path / "p.json"
    file.write_text(json.dumps(small(servers=hidden, tests=[case("masked", decision="deny", layer="scope")])))
    code, out, _ = policy("test", file, "--json")
    assert code == GOOD
    assert json.loads(out) == {
        "name": "masked",
        "pass": True,
        "expected": {"decision": "deny", "layer": "scope"},
        "got": {"decision": "deny", "layer": "scope", "code": "scope.insufficient", "rule": None},
    }


def test_test_exits_with_2_and_lists_every_fault(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("toolgate: 1\ncolour: red\nrules: [{id: a}]\n")
    code, out, err = policy("test", file)
    assert (code, out) == (UNUSABLE, "")
    assert f"{file}:2: colour: " in err
    assert f"{file}:3: rules[0]: effect is missing" in err
    assert policy("test", tmp_path / "gone.yaml")[0] == UNUSABLE


def test_each_test_runs_alone(tmp_path: Path) -> None:
    """A session of one call a minute would refuse the second of two tests that shared their buckets."""
    limits = {"base_per_second": {"mcp": 0.01}, "session": {"calls": 1, "window_seconds": 60}}
    tests = [case(f"read {number}", decision="allow") for number in range(5)]
    file = tmp_path / "p.yaml"
    file.write_text(write_yaml(small(rules=[rule("r")], rate_limits=limits, tests=tests)))
    assert policy("test", file)[0] == GOOD


def test_hooks_count_only_when_asked_for(tmp_path: Path) -> None:
    hook = {"id": "h", "event": "PreToolUse", "type": "command", "command": "h"}
    file = tmp_path / "p.yaml"
    file.write_text(write_yaml(small(rules=[rule("r")], hooks=[hook], tests=[case("read", decision="allow")])))
    assert policy("test", file)[0] == GOOD
    code, out, _ = policy("test", file, "--hooks", "--json")
    assert code == FINDINGS
    assert json.loads(out)["got"] == {"decision": "deny", "layer": "hooks", "code": "hook.error", "rule": "h"}


def test_a_thousand_cases_take_less_than_a_second_each_thousand(tmp_path: Path) -> None:
    tests = [case(f"read {number}", decision="allow") for number in range(3000)]
    file = tmp_path / "p.yaml"
    file.write_text(write_yaml(small(rules=[rule("r", when="args.size() == 0")], tests=tests)))
    began = time.process_time()
    assert policy("test", file)[0] == GOOD
    assert time.process_time() - began < 30, "thirty times slower than asked for: something grows that must not"


def test_a_folder_is_one_policy(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "toolgate: 1\nroles: {analyst: {}}\nservers: {files: {tools: {read: {}, write: {}}}}\n"
    )
    (tmp_path / "b.json").write_text(
        json.dumps({"rules": [rule("r")], "principals": {"alice": {"roles": ["analyst"]}}})
    )
    (tmp_path / "c.yaml").write_text(
        "rules: [{id: s, effect: allow, subjects: {everyone: true}, entities: ['tool:files/write']}]\n"
    )
    (tmp_path / "d.yaml").write_text(
        "tests: [{name: t, principal: alice, call: {server: files, tool: read}, expect: {decision: allow}}]\n"
    )
    assert policy("test", tmp_path) == (GOOD, "1 test, 0 failed\n", "")
    document = read_policy(tmp_path)
    assert [one["id"] for one in document["rules"]] == ["r", "s"]


def test_what_two_files_of_a_folder_both_say_is_refused_with_both_places(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("toolgate: 1\nroles:\n  analyst: {}\nsettings: {stale_after: 5}\n")
    (tmp_path / "b.yaml").write_text("roles:\n  x: {}\n  analyst: {}\nsettings: {stale_after: 6, two_person: true}\n")
    code, _, err = policy("test", tmp_path)
    assert code == UNUSABLE
    assert (
        f"{tmp_path}/b.yaml:3: roles.analyst: is a duplicate of analyst; the first stands at {tmp_path}/a.yaml:3" in err
    )
    assert f"{tmp_path}/b.yaml:4: settings.stale_after: is said twice; the first stands at {tmp_path}/a.yaml:4" in err
    assert "2 errors" in err


def test_fmt_writes_the_canonical_form_and_leaves_it_alone_afterwards(example: Path) -> None:
    before = read_policy(example)
    assert policy("fmt", "--check", example)[0] == FINDINGS
    assert example.read_text() == EXAMPLE, "--check changes nothing"
    assert policy("fmt", example)[0] == GOOD
    assert read_policy(example) == before
    assert example.read_text() == write_yaml(before)
    assert policy("fmt", example) == (GOOD, "", "")
    assert policy("fmt", "--check", example)[0] == GOOD


def test_fmt_keeps_each_file_of_a_folder_and_its_kind(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("toolgate: 1\nroles: {b: {}, a: {}}\n")
    (tmp_path / "b.json").write_text('{"groups": {"z": {}, "y": {}}}')
    assert policy("fmt", tmp_path)[0] == GOOD
    assert (tmp_path / "a.yaml").read_text() == "toolgate: 1\n\nroles:\n  a: {}\n  b: {}\n"
    assert list(json.loads((tmp_path / "b.json").read_text())["groups"]) == ["y", "z"]
    assert policy("fmt", "--check", tmp_path)[0] == GOOD


def test_fmt_does_not_touch_what_it_cannot_read(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("toolgate: 1\nx: &a 1\n")
    assert policy("fmt", file)[0] == UNUSABLE
    assert file.read_text() == "toolgate: 1\nx: &a 1\n"


def test_schema_prints_what_is_kept_in_docs() -> None:
    code, out, _ = policy("schema")
    assert code == GOOD
    assert out == schema_text()


def test_lint_exits_with_1_when_it_finds_something(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(write_yaml(small(rules=[rule("r", entities=["**"], justification="all")])))
    code, out, _ = policy("lint", file, "--json")
    assert code == FINDINGS
    assert json.loads(out)["code"] == "too_broad"
    assert policy("lint", POLICY_FILE)[0] == FINDINGS
    file.write_text(write_yaml(small(rules=[rule("r")])))
    assert policy("lint", file) == (GOOD, "0 findings\n", "")


def test_diff_exits_with_1_when_the_policies_differ(example: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(EXAMPLE.replace("two_person: false", "two_person: true"))
    assert policy("diff", example, example) == (GOOD, "", "")
    code, out, _ = policy("diff", example, other)
    assert (code, out) == (FINDINGS, "tightens settings.two_person: false → true\n")
    assert policy("diff", example, tmp_path / "gone.yaml")[0] == UNUSABLE


def test_the_management_command_hands_over_its_exit_code(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("policy", "test", str(example))
    assert capsys.readouterr().out == "1 test, 0 failed\n"
    with pytest.raises(SystemExit) as stopped:
        call_command("policy", "fmt", "--check", str(example))
    assert stopped.value.code == FINDINGS

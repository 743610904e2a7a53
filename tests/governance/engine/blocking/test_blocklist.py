"""Own entries, switches, shadow, pointers and refusals."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from governance.engine.blocking import UNREADABLE, Blocklist, BlocklistError, entry_problems
from governance.engine.blocking.entry_reading import read_entry
from governance.policy.schema.sections import record_at


def own(kind: str, pattern: str, **more: Any) -> Blocklist:
    return Blocklist.compile(packs=[], entries=[{"id": "own", "kind": kind, "pattern": pattern, **more}])


def hits(blocklist: Blocklist, arguments: dict[str, Any], entity: str = "x/tool") -> list[str]:
    return [hit.entry for hit in blocklist.match("tool", entity, arguments)]


@pytest.mark.parametrize(
    ("kind", "pattern", "yes", "no"),
    [
        ("host", "evil.example", {"url": "https://a.EVIL.example./x"}, {"url": "https://notevil.example"}),
        ("host", "*.evil.example", {"url": "https://a.evil.example"}, {"url": "https://evil.example"}),
        ("network", "10.0.0.0/8", {"url": "http://0xa000001/"}, {"url": "http://11.0.0.1/"}),
        ("path", "/srv/ledger/**", {"path": "/srv/x/../ledger/q"}, {"path": "/srv/ledgers"}),
        ("path", "/srv/ledger/**", {"path": "../ledger/q"}, {"path": "../other/q"}),
        (
            "command",
            "git push --force",
            {"command": "git -C d push origin x --force"},
            {"command": "git commit -m 'push --force'"},
        ),
        ("command", "curl | jq", {"command": "curl x | tee y | jq ."}, {"command": "curl x"}),
        ("command", "npm publish", {"command": "sudo npm publish --tag x"}, {"command": "npm run publish"}),
        ("sql", "DROP TABLE payroll", {"sql": 'drop table if exists public."Payroll"'}, {"sql": "DROP TABLE other"}),
        (
            "sql",
            "SELECT * FROM salaries",
            {"sql": "select a, b from salaries where id = 1"},
            {"sql": "select 'salaries'"},
        ),
        ("argument", "acme_[0-9]+", {"a": {"b": ["x acme_12"]}}, {"a": "acme_x"}),
        ("argument", "^true$", {"recursive": True}, {"recursive": False}),
    ],
)
def test_an_own_entry_matches_what_it_says(kind: str, pattern: str, yes: dict[str, Any], no: dict[str, Any]) -> None:
    blocklist = own(kind, pattern)
    assert hits(blocklist, yes) == ["own"]
    assert hits(blocklist, no) == []


def test_an_argument_entry_looks_only_at_its_pointer() -> None:
    blocklist = own("argument", "^prod", pointer="/target/*/env")
    found = blocklist.match("tool", "x/tool", {"target": [{"env": "dev"}, {"env": "production"}], "env": "prod"})
    assert [(hit.entry, hit.path) for hit in found] == [("own", "/target/1/env")]


def test_an_entity_entry_covers_the_tools_of_a_server_whatever_the_spelling() -> None:
    blocklist = own("entity", "server:files")
    assert blocklist.match("tool", "Fіles/read", {})[0].entry == "own"
    assert blocklist.match("tool", "mail/files", {}) == ()
    assert own("entity", "tool:*").match("tool", "files/read", {}) == ()


def test_an_own_host_counts_in_a_url_inside_prose_and_a_shipped_one_does_not() -> None:
    assert hits(own("host", "evil.example"), {"message": "look at https://evil.example/x now"}) == ["own"]
    assert hits(Blocklist.compile(), {"message": "we block https://webhook.site/x now"}) == []


def test_packs_and_entries_can_be_switched_off_or_into_shadow() -> None:
    call = {"command": "rm -rf /"}
    assert hits(Blocklist.compile(), call) == ["remove-tree"]
    assert hits(Blocklist.compile(packs=[]), call) == []
    assert hits(Blocklist.compile(packs=["data-destruction"]), call) == []
    assert hits(Blocklist.compile(off=["remove-tree"]), call) == []
    assert hits(Blocklist.compile(off=["destructive-commands"]), call) == []
    for shadow in ("remove-tree", "destructive-commands", "builtin"):
        assert [hit.shadow for hit in Blocklist.compile(shadow=[shadow]).match("tool", "x/tool", call)] == [True]


def test_an_enforced_hit_stands_before_one_in_shadow() -> None:
    found = Blocklist.compile(shadow=["remove-tree"]).match(
        "tool", "x/tool", {"command": "rm -rf / && mkfs.ext4 /dev/sda"}
    )
    assert [hit.shadow for hit in found] == [False, True]


def test_a_hit_names_the_pointer_of_the_argument() -> None:
    found = Blocklist.compile().match("tool", "x/tool", {"a/b": [{"command": "rm -rf /"}]})
    assert found[0].path == "/a~1b/0/command"


@pytest.mark.parametrize(
    "raw",
    [
        {"id": "Bad Id", "kind": "host", "pattern": "a.example"},
        {"id": "x", "kind": "nothing", "pattern": "a"},
        {"id": "x", "kind": "network", "pattern": "10.0.0.0/99"},
        {"id": "x", "kind": "argument", "pattern": "("},
        {"id": "x", "kind": "host", "pattern": "https://a.example/x"},
        {"id": "x", "kind": "command", "pattern": "@remove-tree"},
        {"id": "x", "kind": "sql", "pattern": "'"},
        {"id": "x", "kind": "entity", "pattern": "thing:x"},
        {"id": "x", "kind": "host", "pattern": "a.example", "pointer": "/a"},
        {"id": "x", "kind": "path", "pattern": "  "},
    ],
)
def test_an_entry_that_cannot_be_used_is_refused(raw: dict[str, Any]) -> None:
    assert entry_problems(raw)
    with pytest.raises(BlocklistError):
        Blocklist.compile(entries=[raw])


def test_every_problem_is_reported_at_once() -> None:
    with pytest.raises(BlocklistError) as raised:
        Blocklist.compile(
            packs=["nope"], entries=[{"id": "remove-tree", "kind": "path", "pattern": "/x"}], off=["ghost"]
        )
    assert {problem.entry for problem in raised.value.problems} == {"nope", "remove-tree", "ghost"}


def test_an_example_that_does_not_hold_is_found_at_save() -> None:
    entry = {
        "id": "x",
        "kind": "host",
        "pattern": "a.example",
        "examples": {"match": ["https://b.example"], "pass": ["https://a.example"]},
    }
    assert len(entry_problems(entry)) == 2
    assert entry_problems({**entry, "examples": {"match": ["https://a.example"], "pass": ["https://b.example"]}}) == []


@pytest.mark.parametrize("command", ["$(" * 40 + "ls", "a; " * 20_000])
def test_a_command_that_is_too_complex_is_refused(command: str) -> None:
    assert UNREADABLE in hits(Blocklist.compile(), {"command": command})


def test_every_key_of_an_own_entry_is_one_that_the_schema_has() -> None:
    """What the policy file calls a key is what the engine reads: a pointer that is not read widens the entry."""
    asked: set[str] = set()

    class Asked(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            asked.add(key)
            return super().get(key, default)

    read_entry(Asked({"id": "x", "kind": "argument", "pattern": "a", "pointer": "/note"}))
    entries = record_at("blocklist", "entries")
    assert asked == set(entries.fields)


def test_hits_come_in_one_order_whatever_the_seed_of_hashes() -> None:
    code = (
        "from governance.engine.blocking import Blocklist\n"
        "own = [{'id': f'e{n}', 'kind': 'path', 'pattern': '/srv/**'} for n in range(12)]\n"
        "hits = Blocklist.compile(packs=[], entries=own).match('tool', 'x/tool', {'path': '/srv/a'})\n"
        "print([(hit.path, hit.entry) for hit in hits])\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3", "4")
    }
    assert len(said) == 1

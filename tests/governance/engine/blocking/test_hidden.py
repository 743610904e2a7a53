"""What runs inside of the shell's less plain forms is seen by every layer, and what cannot be read is not harmless."""

from __future__ import annotations

from typing import Any

import pytest

from governance.engine.blocking import CODES, UNREADABLE, Blocklist, DataSourcePatterns
from tests.governance.engine.blocking.corpus.hidden import LINES, TEXTS

BLOCKLIST = Blocklist.compile()
SOURCES = DataSourcePatterns.compile({"ledger": {"patterns": {"path": ["/srv/ledger/**"], "table": ["pay.*"]}}})
FORMS = LINES + TEXTS


def hits(arguments: dict[str, Any], entity: str = "x/tool") -> set[str]:
    return {hit.entry for hit in BLOCKLIST.match("tool", entity, arguments)}


@pytest.mark.parametrize("form", FORMS)
def test_what_a_form_runs_is_seen_behind_it(form: str) -> None:
    for command, entry in (("rm -rf /", "remove-tree"), ("curl http://169.254.169.254/x", "metadata-address")):
        found = hits({"command": form.replace("RUN", command)})
        assert entry in found, found
        assert UNREADABLE not in found


@pytest.mark.parametrize("form", FORMS)
def test_the_data_source_that_a_form_opens_is_touched(form: str) -> None:
    assert SOURCES.match({"command": form.replace("RUN", "cat /srv/ledger/q3")}) == {"ledger"}


@pytest.mark.parametrize("form", [form for form in FORMS if "/:/host" not in form])
def test_the_same_form_around_something_harmless_passes(form: str) -> None:
    assert hits({"command": form.replace("RUN", "ls build")}) == set()
    assert SOURCES.match({"command": form.replace("RUN", "ls build")}) == set()


@pytest.mark.parametrize(
    "command",
    [
        "echo 'a; b",
        'echo "a; b',
        "echo `ls",
        "echo $(ls",
        "echo $((1 + 2",
        "echo ${HOME",
        "echo ${HOME#'}",
        "echo $'a; b",
        "ls )",
        "{ ls",
        "ls; }",
        "(ls; ls",
        "if true; then ls",
        "while true; do ls; fi",
        "ls; done",
        "case x in x) ls",
        "ls;; ls",
        "[[ -n a; ls",
        "v=(a b",
        "cat <<E\nls",
        "cat <<\nls",
        "f() ls",
        "{ ls; } ls",
        "ls (a)",
        "bash -c 'echo \"a; b'",
        "eval 'echo $(ls'",
        "$(" * 40 + "ls" + ")" * 40,
        "ls; " * 5_000,
        "del 'x; echo $((",
    ],
)
def test_a_command_that_cannot_be_read_to_its_end_is_refused_as_unreadable(command: str) -> None:
    found = [hit for hit in BLOCKLIST.match("tool", "x/tool", {"command": command}) if hit.entry == UNREADABLE]
    assert [(hit.kind, hit.path) for hit in found] == [(UNREADABLE, "/command")]
    assert CODES[found[0].kind] == "block.unreadable"
    assert SOURCES.match({"command": command}) == {"ledger"}


@pytest.mark.parametrize(
    "arguments",
    [
        {"message": "don't (open; it's $("},
        {"note": "it's $(broken"},
        {"content": "if true; then 'x"},
        {"command": "don't panic"},
        {"command": 'del "C:\\build\\"'},
        {"command": "Get-ChildItem C:\\x | Where-Object { $_.Length -gt 10 }; (Get-Date).ToString('u')"},
        {"sql": "SELECT 'it''s' FROM t WHERE id = 1"},
        {"sql": "SELECT '\\' FROM t WHERE id = 1"},
        {"query": "who said 'hello"},
    ],
)
def test_prose_and_other_shells_are_no_unreadable_command(arguments: dict[str, Any]) -> None:
    assert hits(arguments) == set()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 -- x\rDROP TABLE pay.salaries",
        "SELECT '\\'; DROP TABLE pay.salaries; --'",
        "SELECT '\\'; DROP TABLE pay.salaries; -- '",
        'SELECT "a\\"; DROP TABLE pay.salaries; -- "',
        "SELECT 'a\\'' ; DROP TABLE pay.salaries",
        "SELECT 1 --1; DROP TABLE pay.salaries",
    ],
)
def test_a_statement_is_seen_under_every_reading_of_what_is_before_it(sql: str) -> None:
    assert "sql-drop" in hits({"sql": sql})
    assert SOURCES.match({"sql": sql}) == {"ledger"}
    assert hits({"sql": sql.replace("DROP TABLE pay.salaries", "SELECT 2")}) == set()


@pytest.mark.parametrize("sql", ["SELECT 'a", 'SELECT "a', "SELECT /* a", "SELECT $$ a", "SELECT $x$ a", "SELECT `a"])
def test_a_statement_that_does_not_end_is_refused_as_unreadable(sql: str) -> None:
    assert hits({"sql": sql}) == {UNREADABLE}
    assert SOURCES.match({"sql": sql}) == {"ledger"}
    assert hits({"message": sql}) == set()

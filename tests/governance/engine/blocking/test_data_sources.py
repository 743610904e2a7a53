"""Which data sources arguments touch."""

from __future__ import annotations

from typing import Any

import pytest

from governance.engine.blocking import DataSourcePatterns

PATTERNS = DataSourcePatterns.compile(
    {
        "ledger": {"patterns": {"path": ["/srv/ledger/**"], "table": ["ledger.*"]}},
        "people": {"patterns": {"host": ["hr.example"], "table": ["salaries"]}},
        "public": {},
    }
)


@pytest.mark.parametrize(
    ("arguments", "touched"),
    [
        ({"path": "/srv/ledger/q3.csv"}, {"ledger"}),
        ({"path": "/srv/x/../ledger//q3.csv"}, {"ledger"}),
        ({"path": "../ledger/q3.csv"}, {"ledger"}),
        ({"file": "/SRV/LEDGER/q3.csv"}, {"ledger"}),
        ({"path": "/srv/other"}, set()),
        ({"path": "$ROOT/q3.csv"}, {"ledger"}),
        ({"command": "cat /srv/ledger/q3.csv"}, {"ledger"}),
        ({"command": "ls /srv/ledger"}, {"ledger"}),
        ({"command": "cd /srv && cat ledger/q3.csv"}, {"ledger"}),
        ({"url": "https://api.hr.example/x"}, {"people"}),
        ({"url": "https://x.example/?next=//hr.example"}, {"people"}),
        ({"url": "https://[bad"}, {"people"}),
        ({"sql": 'SELECT * FROM "Ledger".accounts'}, {"ledger"}),
        ({"sql": "SELECT * FROM prod.ledger.accounts a JOIN hr.salaries s ON true"}, {"ledger", "people"}),
        ({"sql": "SET search_path TO ledger; SELECT 1"}, {"ledger"}),
        ({"sql": "SELECT 'ledger.accounts'"}, set()),
        ({"command": "psql -c 'select * from salaries'"}, {"people"}),
        ({"table": "ledger.accounts"}, {"ledger"}),
        ({"sql": "select " * 10_000}, {"ledger", "people"}),
        ({"message": "see /srv/ledger/q3.csv"}, set()),
    ],
)
def test_arguments_touch_the_data_sources_that_they_name(arguments: dict[str, Any], touched: set[str]) -> None:
    assert PATTERNS.match(arguments) == touched


def test_without_patterns_nothing_is_touched() -> None:
    assert DataSourcePatterns.compile({"a": {}}).match({"path": "/x"}) == frozenset()


@pytest.mark.parametrize(
    "arguments",
    [
        {"path": "/srv/l*/q3.csv"},
        {"path": "/srv/?edger/q3.csv"},
        {"path": "/srv/{ledger,other}/q3.csv"},
        {"path": "/srv/[k-m]edger"},
        {"path": "/**"},
        {"command": "cat /srv/l*/q3.csv"},
    ],
    ids=str,
)
def test_a_path_with_wildcards_touches_what_they_may_stand_for(arguments: dict[str, str]) -> None:
    sources = DataSourcePatterns.compile({"ledger": {"patterns": {"path": ["/srv/ledger/**"]}}})
    assert sources.match(arguments) == {"ledger"}


@pytest.mark.parametrize("path", ["/tmp/*.csv", "/srv2/*", "/srv/lexicon/*", "src/**/*.py"])
def test_wildcards_that_cannot_reach_a_source_do_not_touch_it(path: str) -> None:
    sources = DataSourcePatterns.compile({"ledger": {"patterns": {"path": ["/srv/ledger/**"]}}})
    assert sources.match({"path": path}) == frozenset()

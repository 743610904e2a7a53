"""What an operator's probes and scrapes are told: livez, readyz, metrics, and where a 401 points."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client

from governance.deciding import startup
from tests.governance.api.deciding import Process, compiled, started

pytestmark = pytest.mark.django_db


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    made = started(tmp_path)
    with startup.deciding_by(made.runtime):
        yield made
    made.runtime.journal.close()


def ask(path: str) -> tuple[int, str]:
    answered = Client(headers={"user-agent": "prometheus/3.0"}, SERVER_NAME="127.0.0.1").get(path)
    return answered.status_code, answered.content.decode()


def test_a_process_that_can_decide_is_ready_and_says_what_is_in_shadow(process: Process) -> None:
    status, body = ask("/readyz")
    assert status == 200
    assert '"number": 1' in body
    assert "rules.no-night-rollbacks: shadow" in body


def test_without_a_runtime_nothing_is_ready() -> None:
    assert ask("/readyz")[0] == 503
    assert ask("/livez") == (200, "ok\n")


def test_a_stale_state_is_not_ready_and_says_so(process: Process) -> None:
    process.runtime.world = replace(process.runtime.world, confirmed_at=time.time() - 3600)
    status, body = ask("/readyz")
    assert status == 503
    assert "stale" in body


def test_before_the_first_release_nothing_is_ready(process: Process) -> None:
    process.runtime.snapshot = compiled({"toolgate": 1}, release=0)
    status, body = ask("/readyz")
    assert (status, "no release" in body) == (503, True)


def test_the_metrics_tell_release_journal_and_answers(process: Process) -> None:
    process.decide("alice", {"server": "files", "tool": "read", "arguments": {"path": "/srv/ledger/q3.csv"}})
    status, body = ask("/metrics")
    assert status == 200
    assert "toolgate_release 1.0" in body
    assert "toolgate_journal_records_total 2.0" in body
    assert "toolgate_journal_healthy 1.0" in body


def test_the_metadata_that_a_401_points_to_is_there() -> None:
    status, body = ask("/.well-known/oauth-protected-resource")
    assert status == 200
    assert '"bearer_methods_supported": ["header"]' in body

"""What an operator's probes and scrapes are told: livez, readyz, metrics, and where a 401 points."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.tokens.claims import ActLink
from audit.intake.quarantine import review
from governance.deciding import startup
from tests.governance.admin.actors import signed_in, staff
from tests.governance.api.deciding import Process, compiled, started

pytestmark = pytest.mark.django_db


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    made = started(tmp_path)
    with startup.deciding_by(made.runtime):
        yield made
    made.runtime.journal.close()


@pytest.fixture(autouse=True)
def reviewed(db: None) -> None:
    """What other tests have left in quarantine is reviewed, until this test ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_quarantine_review (through, staff, reason) "
            "SELECT coalesce(max(id), 0), 'tests', 'left by tests' FROM audit_quarantine"
        )


def ask(path: str, *, token: str | None = None) -> tuple[int, str]:
    headers = {"user-agent": "prometheus/3.0"} | ({} if token is None else {"authorization": f"Bearer {token}"})
    answered = Client(headers=headers, SERVER_NAME="127.0.0.1").get(path)
    return answered.status_code, answered.content.decode()


def staff_token(process: Process) -> str:
    return process.token("carol")


def test_a_stranger_is_told_which_checks_hold_and_nothing_else(process: Process) -> None:
    status, body = ask("/readyz")
    ids = ("release", "state", "revocations", "journal", "database", "quarantine", "limits")
    assert status == 200
    assert orjson.loads(body) == {"ready": True, "checks": dict.fromkeys(ids, "ok")}


@pytest.mark.parametrize("whose", ["nobody's", "no staff", "an agent's", "a delegated"])
def test_a_token_that_is_not_of_the_staff_in_person_is_told_no_more(process: Process, whose: str) -> None:
    tokens = {
        "nobody's": "a.b.c",
        "no staff": process.token("alice"),
        "an agent's": process.token("carol", agent="coder"),
        "a delegated": process.token("carol", agent="coder", act=(ActLink(sub="alice"),)),
    }
    status, body = ask("/readyz", token=tokens[whose])
    assert (status, set(orjson.loads(body))) == (200, {"ready", "checks"})


def test_staff_are_told_what_is_in_shadow_by_token_and_when_signed_in(process: Process) -> None:
    status, body = ask("/readyz", token=staff_token(process))
    assert status == 200
    assert '"number": 1' in body
    assert "rules.no-night-rollbacks: shadow" in body
    assert "no-night-rollbacks" in signed_in(staff("viewer")).get("/readyz").content.decode()
    outsider = User.objects.create_user("outsider", password="correct horse")
    assert "no-night-rollbacks" not in signed_in(outsider).get("/readyz").content.decode()


def test_without_a_runtime_nothing_is_ready() -> None:
    assert ask("/readyz")[0] == 503
    assert ask("/livez") == (200, "ok\n")


def test_a_stale_state_is_not_ready_and_says_so(process: Process) -> None:
    process.runtime.world = replace(process.runtime.world, confirmed_at=time.time() - 3600)
    status, body = ask("/readyz")
    assert (status, orjson.loads(body)["checks"]["state"]) == (503, "not ok")
    assert "denied as stale" in ask("/readyz", token=staff_token(process))[1]


def test_what_is_set_aside_is_said_and_stops_nothing(process: Process) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO audit_quarantine (segment, position, reason, frame) VALUES ('b-1', 7, 'x', '')")
    kept = process.runtime.journal.folder / "quarantine"
    kept.mkdir()
    (kept / "b-000001.log").write_bytes(b"x")
    (kept / "b-000002.log").write_bytes(b"x")
    status, body = ask("/readyz")
    told = orjson.loads(body)
    assert (status, told["ready"], told["checks"]["quarantine"]) == (200, True, "not ok")
    assert set(told) == {"ready", "checks"}, "a stranger is told the check's id and no count"
    (problem,) = orjson.loads(ask("/readyz", token=staff_token(process))[1])["problems"]
    assert problem.endswith("(manage.py audit quarantine): 1 frames, 2 segments")
    review(process.runtime.journal.folder, staff="carol", reason="the disk was replaced")
    assert orjson.loads(ask("/readyz")[1])["checks"]["quarantine"] == "ok"


def test_before_the_first_release_nothing_is_ready(process: Process) -> None:
    process.runtime.snapshot = compiled({"toolgate": 1}, release=0)
    status, body = ask("/readyz")
    assert (status, orjson.loads(body)["checks"]["release"]) == (503, "not ok")
    assert "no release" in ask("/readyz", token=staff_token(process))[1]


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
    assert "authorization_servers" not in body  # there is none

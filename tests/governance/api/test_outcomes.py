"""`POST /api/v1/decisions/{id}/outcome`: once each, in order, for one's own allowed calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from audit.models import OutboxEntry
from governance.models import ReportedOutcome
from governance.services.unfinished import end_unfinished
from tests.governance.api.deciding import Process

pytestmark = pytest.mark.django_db(transaction=True)

READ = {"server": "files", "tool": "read", "arguments": {"path": "/srv/ledger/q3.csv"}}
AWS = "AKIA" + "2E0A8F3B244C9986"


def decided(process: Process, **more: Any) -> str:
    answer = process.decide("alice", {**READ, **more}, agent="reporter").json
    return str(answer["id"])


def report(
    process: Process, decision: str, body: Any, *, principal: str = "alice", agent: str | None = "reporter"
) -> Any:
    token = process.token(principal, agent=agent)
    return process.post(f"/api/v1/decisions/{decision}/outcome", token=token, body=body)


def outbox() -> list[dict[str, Any]]:
    return [orjson.loads(bytes(entry.body)) for entry in OutboxEntry.objects.order_by("position")]


def test_an_end_alone_writes_both_records(process: Process) -> None:
    decision = decided(process)
    answered = report(process, decision, {"status": "success", "ms": 12.5, "result": {"rows": 3}})
    assert (answered.status, answered.json["findings"]) == (200, [])
    records = outbox()
    phases = [(item["kind"], item["data"]["phase"]) for item in records]
    assert phases == [("execution", "started"), ("execution", "ended")]
    assert records[1]["data"]["micros"] == 12500
    assert records[1]["source"] == "reported"
    assert all(item["data"]["decision"] == decision for item in records)


def test_a_start_and_an_end_are_one_record_each(process: Process) -> None:
    decision = decided(process)
    assert report(process, decision, {"status": "started"}).status == 200
    assert report(process, decision, {"status": "failed", "error": "no such file"}).status == 200
    assert [item["data"]["phase"] for item in outbox()] == ["started", "ended"]


@pytest.mark.parametrize(
    ("first", "second"),
    [("started", "started"), ("success", "success"), ("success", "started"), ("failed", "success")],
)
def test_a_repeat_or_a_wrong_order_is_a_conflict_and_writes_nothing(process: Process, first: str, second: str) -> None:
    decision = decided(process)
    report(process, decision, {"status": first})
    before = len(outbox())
    answered = report(process, decision, {"status": second})
    assert (answered.status, answered.json["code"]) == (409, "outcome.conflict")
    assert len(outbox()) == before


def test_a_denied_call_has_no_outcome(process: Process) -> None:
    denied = process.decide("alice", {"server": "x", "tool": "y"}, agent="reporter").json["id"]
    assert report(process, denied, {"status": "success"}).status == 409


@pytest.mark.parametrize(("principal", "agent"), [("bob", "coder"), ("alice", None), ("carol", None)])
def test_somebody_elses_decision_does_not_exist(process: Process, principal: str, agent: str | None) -> None:
    decision = decided(process)
    answered = report(process, decision, {"status": "success"}, principal=principal, agent=agent)
    assert (answered.status, answered.json["code"]) == (404, "decision.unknown")


def test_an_unknown_decision_does_not_exist(process: Process) -> None:
    assert report(process, "01a2006c-ab8e-71ca-bb62-2b4f0c0f5624", {"status": "success"}).status == 404


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "/status"),
        ({"status": "done"}, "/status"),
        ({"status": "success", "ms": -1}, "/ms"),
        ({"status": "success", "ms": "12"}, "/ms"),
        ({"status": "success", "error": "x" * 5000}, "/error"),
        ({"status": "success", "extra": 1}, "/extra"),
    ],
)
def test_a_bad_report_is_refused_by_its_path(process: Process, body: Any, path: str) -> None:
    answered = report(process, decided(process), body)
    assert (answered.status, answered.json["path"]) == (400, path)


def test_a_credential_in_a_result_or_an_error_is_found_and_stored_nowhere(process: Process) -> None:
    decision = decided(process)
    body = {"status": "failed", "error": f"login with {AWS} failed", "result": {"log": [f"key {AWS}"]}}
    answered = report(process, decision, body)
    assert {item["path"] for item in answered.json["findings"]} == {"/error", "/result/log/0"}
    stored = b"".join(bytes(entry.body) for entry in OutboxEntry.objects.all())
    assert AWS.encode() not in stored
    assert AWS not in answered.body.decode()


def test_what_nobody_ends_times_out_once_after_fifteen_minutes(process: Process) -> None:
    decision, other = decided(process), decided(process)
    report(process, decision, {"status": "started"})
    report(process, other, {"status": "success"})
    now = datetime.now(tz=UTC)
    assert end_unfinished(now=now + timedelta(minutes=14)) == 0
    assert end_unfinished(now=now + timedelta(minutes=16)) == 1
    assert end_unfinished(now=now + timedelta(minutes=17)) == 0
    last = outbox()[-1]
    assert (last["data"]["decision"], last["data"]["status"], last["who"]["component"]) == (decision, "timeout", "beat")
    assert report(process, decision, {"status": "success"}).status == 409


def test_old_guard_rows_are_forgotten(process: Process) -> None:
    report(process, decided(process), {"status": "success"})
    end_unfinished(now=datetime.now(tz=UTC) + timedelta(days=3))
    assert not ReportedOutcome.objects.exists()

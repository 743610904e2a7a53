from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import models
from psycopg import errors, sql

from audit.intake.columns import COLUMNS, Row
from audit.intake.ingest import drain_outbox
from audit.intake.partitions import ensure_partitions
from audit.models import (
    DayKey,
    Execution,
    OutboxEntry,
    QuarantinedFrame,
    QuarantineReview,
    RuleUse,
    SegmentCursor,
    TrailHead,
    TrailRecord,
)
from audit.models.trail import ReadOnlyError
from audit.records.execution_record import ExecutionStatus, execution_ended, execution_started
from audit.records.kinds import RETENTION_DAYS, Kind, Level, Source
from audit.records.record import Prepared, stamp
from audit.records.uuid7 import floor_of
from audit.trace.reading import find_record, records_between
from audit.writing.frames import leaf_of
from audit.writing.outbox import record_prepared
from tests.audit.builders import decision, event, unique, who

Connection = psycopg.Connection[Any]
MODELS: tuple[type[models.Model], ...] = (
    DayKey, Execution, OutboxEntry, QuarantinedFrame, QuarantineReview, RuleUse, SegmentCursor, TrailHead, TrailRecord,
)  # fmt: skip
TYPES = {
    "BigIntegerField": "bigint",
    "BigAutoField": "bigint",
    "BinaryField": "bytea",
    "BooleanField": "boolean",
    "DateTimeField": "timestamp with time zone",
    "DecimalField": "numeric",
    "IntegerField": "integer",
    "JSONField": "jsonb",
    "TextField": "text",
    "UUIDField": "uuid",
}


def ignore(code: str, detail: Any) -> None: ...


def put(connection: Connection, *drafts: Prepared) -> list[UUID]:
    """Records in the trail, by way of the outbox."""
    made = [record_prepared(prepare) for prepare in drafts]
    drain_outbox(connection, alarm=ignore)
    return made


@pytest.mark.parametrize("model", MODELS)
def test_every_model_is_as_its_table(connection: Connection, model: type[models.Model]) -> None:
    rows = connection.execute(
        "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = %s",
        (model._meta.db_table,),
    ).fetchall()
    view = model is Execution
    there = {name: (kind, nullable == "YES") for name, kind, nullable in rows}
    said = {field.column: (TYPES[field.get_internal_type()], field.null) for field in model._meta.concrete_fields}
    assert {name: kind for name, (kind, _) in there.items()} == {name: kind for name, (kind, _) in said.items()}
    if not view:
        assert there == said
    assert not model._meta.managed


def test_the_copy_fills_every_column(connection: Connection) -> None:
    assert set(COLUMNS) == {field.column for field in TrailRecord._meta.concrete_fields}


def test_columns_are_what_the_body_says(connection: Connection) -> None:
    (record_id,) = put(connection, decision(unique()))
    row = find_record(record_id)
    assert row is not None
    body = row.content()
    assert bytes(row.leaf) == leaf_of(bytes(row.body))
    assert (str(row.id), row.kind, row.level, row.retention, row.source) == (
        body["id"], body["kind"], body["level"], body["class"], body["source"],
    )  # fmt: skip
    assert int(row.at.timestamp() * 1_000_000) == body["at"]
    who_part, data = body["who"], body["data"]
    assert (row.principal, row.agent, row.session, row.department) == (
        who_part["principal"],
        "claude",
        "s-1",
        "finance",
    )
    assert (row.iss, row.jti, row.kid, row.token) == ("http://localhost", "j-1", "t1", "ab" * 32)
    assert (row.trace, row.client_session, row.call_id) == ("t-1", "c-1", "call-1")
    for name in ("server", "tool", "effect", "rule", "release", "entity_kind"):
        assert getattr(row, name) == data[name]
    assert (row.actor, row.boot, row.n, row.code) == ("user", None, None, None)


# --- Insert only


def tables(connection: Connection) -> list[str]:
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relname LIKE 'audit_trail%' AND relkind IN ('r', 'p') ORDER BY relname"
    )
    return [name for (name,) in rows]


def run_as(connection: Connection, role: str | None, statement: sql.Composed) -> None:
    with connection.transaction():
        if role is not None:
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        connection.execute(statement)


@pytest.mark.parametrize("role", ["toolgate_app", "toolgate_owner", None], ids=["app", "owner", "superuser"])
def test_nobody_updates_deletes_or_truncates_the_trail_or_a_partition(connection: Connection, role: str | None) -> None:
    put(connection, decision(unique()))
    names = tables(connection)
    assert len(names) > 20
    tried = 0
    for name in names:
        for statement in ("UPDATE {} SET code = 'x'", "DELETE FROM {}", "TRUNCATE {}", "TRUNCATE {} CASCADE"):
            with pytest.raises(errors.InsufficientPrivilege):
                run_as(connection, role, sql.SQL(statement).format(sql.Identifier(name)))
            tried += 1
    assert tried == len(names) * 4


def test_triggers_fire_even_for_replication(connection: Connection) -> None:
    connection.execute("SET session_replication_role = replica")
    with pytest.raises(errors.InsufficientPrivilege):
        connection.execute("DELETE FROM audit_trail")


def test_the_app_role_inserts_and_reads_and_makes_no_tables(connection: Connection) -> None:
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL ROLE toolgate_app")
        put_as_app = record_prepared(event(unique()))
        assert drain_outbox(connection, alarm=ignore) >= 0
        assert connection.execute("SELECT count(*) FROM audit_trail WHERE id = %s", (put_as_app,)).fetchone() == (1,)
        for statement in (
            "CREATE TABLE mine (a int)",
            "DROP TABLE audit_trail",
            "ALTER TABLE audit_trail DISABLE TRIGGER ALL",
            "DELETE FROM audit_day_key",
            "UPDATE audit_day_key SET sealed = ''",
            "DELETE FROM audit_quarantine",
            "INSERT INTO audit_head VALUES (true, 1)",
        ):
            with pytest.raises(psycopg.Error), connection.transaction():
                connection.execute(statement)


def test_models_refuse_to_save_and_delete() -> None:
    for call in (TrailRecord().save, TrailRecord().delete, Execution().save):
        with pytest.raises(ReadOnlyError):
            call()


# --- Partitions


def test_partitions_are_days_below_thirty_days_and_weeks_above(connection: Connection) -> None:
    rows = connection.execute(
        "SELECT child.relname, pg_get_expr(child.relpartbound, child.oid) FROM pg_inherits "
        "JOIN pg_class child ON child.oid = inhrelid JOIN pg_class parent ON parent.oid = inhparent "
        "WHERE parent.relname LIKE 'audit_trail\\_%' AND child.relkind = 'r'"
    ).fetchall()
    seen = set()
    for name, bound in rows:
        low, high = (UUID(text).int >> 80 for text in re.findall(r"'([0-9a-f-]{36})'", bound))
        retention = name.split("_")[2]
        days = 1 if RETENTION_DAYS[retention] < 30 else 7
        assert high - low == days * 86_400_000, name
        start = datetime.fromtimestamp(low / 1000, UTC)
        assert start.strftime("%Y%m%d") == name.split("_")[3]
        assert days == 1 or start.weekday() == 0
        seen.add(retention)
    assert seen == set(RETENTION_DAYS)


def test_making_partitions_ahead_is_done_once(connection: Connection) -> None:
    now = datetime.now(UTC)
    ensure_partitions(connection, now=now, ahead_days=12)
    assert ensure_partitions(connection, now=now, ahead_days=12) == []
    guarded = connection.execute(
        "SELECT count(*) FROM pg_class c WHERE relname LIKE 'audit_trail%' AND relkind IN ('r', 'p') AND NOT EXISTS "
        "(SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND tgname = 'audit_insert_only' AND tgenabled = 'A')"
    ).fetchone()
    assert guarded == (0,)


@pytest.mark.parametrize(("retention", "days"), [("evidence", 40), ("evidence", -500), ("forever", 0)])
def test_no_partition_is_made_far_away_or_for_an_unknown_class(
    connection: Connection, retention: str, days: int
) -> None:
    moment = datetime.now(UTC) + timedelta(days=days)
    with pytest.raises(errors.InvalidParameterValue):
        connection.execute("SELECT audit_ensure_partition(%s, %s)", (retention, moment))


def test_a_missing_partition_is_made_on_the_spot_with_an_alarm(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarms: list[str] = []
    week = timedelta(days=14)
    later = int((datetime.now(UTC) + week).timestamp() * 1_000_000)
    name = connection.execute(
        "SELECT 'audit_trail_evidence_' || "
        "to_char(date_trunc('week', now() AT TIME ZONE 'UTC' + interval '14 days'), 'YYYYMMDD')"
    ).fetchone()
    assert name is not None
    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(name[0])))
    monkeypatch.setattr("audit.writing.outbox.time.time_ns", lambda: later * 1000)
    made = record_prepared(decision(unique()))
    monkeypatch.undo()
    drain_outbox(connection, alarm=lambda code, detail: alarms.append(code))
    assert find_record(made) is not None
    assert "ingest.partition" in alarms
    assert name[0] in tables(connection)


def test_the_floor_is_the_same_in_the_database(connection: Connection) -> None:
    for moment in (datetime.now(UTC), datetime(2026, 1, 1, tzinfo=UTC), datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)):
        row = connection.execute("SELECT audit_floor(%s)", (moment,)).fetchone()
        assert row == (floor_of(int(moment.timestamp() * 1000) * 1000),)


def test_a_look_up_by_id_and_by_time_reads_few_partitions(connection: Connection) -> None:
    (record_id,) = put(connection, decision(unique()))
    now = datetime.now(UTC)
    for queryset in (
        TrailRecord.objects.filter(id=record_id),
        records_between(now - timedelta(hours=1), now + timedelta(minutes=1)).filter(retention="evidence"),
    ):
        plan = queryset.explain()
        assert len(set(re.findall(r"audit_trail_\w+_\d{8}", plan))) <= 10, plan


# --- Executions


def test_the_executions_view_joins_the_two_records(connection: Connection) -> None:
    at = time.time_ns() // 1000
    names = {state: str(uuid4()) for state in ("done", "open", "both")}
    failed, success, reported = ExecutionStatus.FAILED, ExecutionStatus.SUCCESS, Source.REPORTED
    error = "no \x00 \\u0000"
    common: dict[str, Any] = {"who": who(), "server": "github", "tool": "create", "decision": str(uuid4())}
    put(
        connection,
        execution_started(execution=names["done"], started_at=at, call_id="c", request_method="tools/call", **common),
        execution_ended(
            execution=names["done"],
            status=failed,
            completed_at=at + 2_500,
            error=error,
            **common,
        ),
        execution_started(execution=names["open"], started_at=at, **common),
        execution_started(execution=names["both"], started_at=at, **common),
        execution_ended(
            execution=names["both"],
            status=failed,
            completed_at=at + 1,
            source=reported,
            **common,
        ),
        execution_ended(execution=names["both"], status=success, completed_at=at + 9, micros=9, **common),
    )
    done = Execution.objects.get(execution_id=names["done"])
    assert (done.status, done.server_name, done.tool_name, done.call_id) == ("failed", "github", "create", "c")
    assert (float(done.execution_time_ms or 0), done.request_method, done.decision_id) == (
        2.5,
        "tools/call",
        common["decision"],
    )
    assert done.error_message == "no \ufffd \\u0000"
    pending = Execution.objects.get(execution_id=names["open"])
    assert (pending.status, pending.completed_at) == ("pending", None)
    assert Execution.objects.get(execution_id=names["both"]).status == "success", (
        "a report never overwrites what was seen"
    )


def test_kinds_go_to_their_class(connection: Connection) -> None:
    from audit.records.record import prepare
    from audit.records.who import Who

    code = unique()
    ids = put(
        connection,
        *(prepare(Kind.LOG, who=Who.component("t"), level=level, module=code, message="m") for level in Level),
        event(code),
    )
    found = [find_record(record_id) for record_id in ids]
    assert [row and row.retention for row in found] == ["debug", "info", "warning", "error", "evidence"]


def test_a_row_needs_an_id_of_its_time() -> None:
    from audit.intake.columns import NoRow

    at = time.time_ns() // 1000
    record_id, body = stamp(event(), at=at, node=str(uuid4()), boot=None, n=None, random=os.urandom(24))
    assert Row(body).id == record_id
    for bad in (
        body.replace(record_id.encode(), str(uuid4()).encode()),
        body.replace(b'"v":1', b'"v":2'),
        body.replace(b'"kind":"security_event"', b'"kind":"gossip"'),
        body.replace(b'"class":"evidence"', b'"class":"gone"'),
        body.replace(b'"who"', b'"hwo"'),
        body.replace(b'"test.event"', b'"a\\u0000b"'),
        b"[]",
        b"{",
    ):
        assert bad != body
        with pytest.raises(NoRow):
            Row(bad)

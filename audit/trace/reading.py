"""Reading the trail: every query bounded in time, and so in partitions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from audit.models import TrailRecord
from audit.records.decision_reading import read_decision
from audit.records.decision_record import DecisionRecord
from audit.records.kinds import Kind
from audit.records.uuid7 import floor_of, milliseconds_of

ANY = Q()


def microseconds(moment: datetime) -> int:
    """A moment as the record counts it."""
    return int(moment.timestamp() * 1_000_000)


def records_between(since: datetime, until: datetime) -> QuerySet[TrailRecord]:
    """Records of `since` up to and without `until`, newest first, without their bodies."""
    return (
        TrailRecord.objects.filter(id__gte=floor_of(microseconds(since)), id__lt=floor_of(microseconds(until)))
        .defer("body", "leaf")
        .order_by("-seq")
    )


def find_record(record_id: UUID, *, within: Q = ANY) -> TrailRecord | None:
    """The record of that id: one partition a class is looked at. None when there is none, or none `within` that."""
    if record_id.version != 7:
        return None
    floor = floor_of(milliseconds_of(record_id) * 1000)
    return TrailRecord.objects.filter(within, id=record_id, id__gte=floor).first()


def find_decision(record_id: UUID) -> DecisionRecord | None:
    """The decision of that id; None where the trail holds none (yet). Raises RecordInvalid."""
    found = find_record(record_id)
    return read_decision(bytes(found.body)) if found is not None and found.kind == Kind.DECISION else None


def find_by_counter(*, node: UUID, boot: UUID, n: int) -> TrailRecord | None:
    """The record at a receipt's place. An index look-up in every partition: for single questions only."""
    return TrailRecord.objects.filter(boot=boot, n=n, node=node).first()


def quarantine_reason(*, boot: UUID, n: int) -> str | None:
    """Why the frame at that place was set aside; None when it was not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reason FROM audit_quarantine WHERE boot = %s AND n = %s ORDER BY id LIMIT 1", [boot, n])
        row = cursor.fetchone()
    return None if row is None else str(row[0])

"""What a record keeps of a payload, the key that it was sealed under, and who has opened it."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from audit.models import DayKey, TrailRecord
from audit.records.capture import CaptureLevel, RecordedCapture
from audit.records.decision_reading import read_decision
from audit.records.execution_record import read_execution
from audit.records.kinds import Kind
from audit.records.opening_record import OPENING_CODES, OpeningRecord, read_opening
from audit.records.uuid7 import floor_of, milliseconds_of
from governance.vault.capture import SealedDayKey

MOST_OPENINGS = 100
CAPTURING = (Kind.DECISION, Kind.EXECUTION)
"""The kinds of records that keep a payload."""


class KeptPayload(NamedTuple):
    """What one record keeps: `place` is what it was sealed as, `decision` the decision that it is or belongs to."""

    capture: RecordedCapture
    place: str
    principal: str
    decision: str
    server: str | None
    tool: str | None


def kept_payload(row: TrailRecord) -> KeptPayload | None:
    """What a record keeps of arguments or of a result; None where its kind or phase has none. Raises RecordInvalid."""
    if row.kind == Kind.DECISION:
        decided = read_decision(bytes(row.body))
        head, call = decided.head, decided.call
        return KeptPayload(decided.arguments, "arguments", head.who.name, head.id, call.server, call.tool)
    if row.kind != Kind.EXECUTION:
        return None
    ran = read_execution(bytes(row.body))
    found, place = (ran.output, "result") if ran.input is None else (ran.input, "arguments")
    if found is None:
        return None
    return KeptPayload(found, place, ran.head.who.name, ran.decision, ran.server, ran.tool)


def why_closed(capture: RecordedCapture) -> str:
    """Why there is nothing to open in what a record keeps, by the record alone; empty where there is."""
    if capture.sealed is not None:
        return ""
    if capture.omitted:
        return "The payload was longer than 16 KiB, so that only its digest was kept"
    if capture.level is CaptureLevel.NONE:
        return "The capture level was none: nothing of the payload was kept"
    return "Captured as digest: nothing of the payload was kept but its keyed digest"


def find_day_key(key_id: str) -> DayKey | None:
    """A day key by its id, destroyed ones too."""
    return DayKey.objects.filter(pk=key_id).first()


def sealed_key(row: DayKey) -> SealedDayKey:
    """A day key as the vault opens it."""
    return SealedDayKey(id=str(row.pk), kid=row.kid, principal=row.principal, day=row.day, sealed=row.sealed)


def openings_of(row: TrailRecord) -> list[OpeningRecord]:
    """Who opened what this record keeps, newest first, at most 100; those of the last second may not be there yet.

    Raises RecordInvalid for one that cannot be read: it was altered.
    """
    decision = str(row.pk) if row.kind == Kind.DECISION else row.decision
    if row.kind not in CAPTURING or decision is None:
        return []
    floor = floor_of(milliseconds_of(UUID(str(row.pk))) * 1000)
    events = TrailRecord.objects.filter(
        decision=decision, kind=Kind.SECURITY_EVENT, code__in=OPENING_CODES, id__gte=floor
    ).order_by("-seq")
    found = (read_opening(bytes(body)) for body in events.values_list("body", flat=True)[: 2 * MOST_OPENINGS])
    return [one for one in found if one is not None and one.record == str(row.pk)][:MOST_OPENINGS]

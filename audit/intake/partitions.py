"""Partitions made ahead of time, so that no record ever waits for one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from audit.intake.ingest import Connection
from audit.records.kinds import RETENTION_DAYS

AHEAD_DAYS = 8


def ensure_partitions(connection: Connection, *, now: datetime, ahead_days: int = AHEAD_DAYS) -> list[str]:
    """Make every partition from yesterday until `ahead_days` from now that is not there; their names."""
    made = []
    for retention in RETENTION_DAYS:
        for day in range(-1, ahead_days + 1):
            moment = (now + timedelta(days=day)).astimezone(UTC)
            row = connection.execute("SELECT audit_ensure_partition(%s, %s)", (retention.value, moment)).fetchone()
            if row is not None and row[0] is not None:
                made.append(str(row[0]))
    return made


def forget_cursors(connection: Connection, *, older_than: timedelta = timedelta(days=14)) -> int:
    """Remove cursors of segments that were shipped long ago; how many. A task sent that late would still be harmless:
    the trail's key knows its records."""
    return connection.execute(
        "DELETE FROM audit_cursor WHERE updated_at < now() - %s::interval", (older_than,)
    ).rowcount

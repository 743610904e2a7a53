"""The shipper and the worker of the fault tests, and the two broken ways to ingest that the check must see through."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import django

django.setup()

from audit import tasks  # noqa: E402
from audit.intake.batch import Batch, Checked, check_batch  # noqa: E402
from audit.intake.ingest import (  # noqa: E402
    Alarm,
    Connection,
    Ingest,
    Ingested,
    State,
    copy_rows,
    ingest_batch,
    lock_sequence,
    move_cursor,
)
from audit.intake.ship import Shipper  # noqa: E402
from audit.writing import process  # noqa: E402
from audit.writing.frames import KeyFor  # noqa: E402
from tests.audit.builders import KID, key_for  # noqa: E402

process.install(kid=lambda: KID, key_for=key_for)
CONTROL = "control_trail"
BETWEEN_SECONDS = 0.03  # widens the window in which a kill tells right from wrong


def send(batch: Batch) -> None:
    tasks.ingest_batch.apply_async(kwargs=batch.message(), retry=False, ignore_result=True)


def cursor_first(connection: Connection, checked: Checked) -> Ingested:
    """Wrong: what dies between the two transactions is never inserted."""
    with connection.transaction():
        lock_sequence(connection)
        if (state := move_cursor(connection, checked, [])) is not State.STORED:
            return Ingested(state=state)
    time.sleep(BETWEEN_SECONDS)
    with connection.transaction():
        lock_sequence(connection)
        copy_rows(connection, checked.rows, table=CONTROL)
    return Ingested(state=State.STORED)


def insert_first(connection: Connection, checked: Checked) -> Ingested:
    """Wrong: what dies between the two transactions is inserted again. The table has no key that would hide it."""
    with connection.transaction():
        lock_sequence(connection)
        row = connection.execute(
            "SELECT position FROM audit_cursor WHERE segment = %s", (checked.batch.segment,)
        ).fetchone()
        if (row[0] if row else 0) != checked.batch.start:
            return Ingested(state=State.STALE)
        copy_rows(connection, checked.rows, table=CONTROL)
    time.sleep(BETWEEN_SECONDS)
    with connection.transaction():
        return Ingested(state=move_cursor(connection, checked, []))


def by(way: Callable[[Connection, Checked], Ingested]) -> Ingest:
    """`ingest_batch` with one of these in place of the right way to store what was checked."""

    def ingest(connection: Connection, batch: Batch, *, key_for: KeyFor, alarm: Alarm) -> Ingested:
        return way(connection, check_batch(batch, key_for))

    return ingest


BROKEN: dict[str, Callable[[Connection, Checked], Ingested]] = {
    "cursor_first": cursor_first,
    "insert_first": insert_first,
}


def main(folder: Path, way: str) -> None:
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    shipper = Shipper(
        folder,
        key_for=key_for,
        connect=process.connect,
        send=send if way == "celery" else None,
        alarm=lambda code, detail: print(code, detail, file=sys.stderr, flush=True),
        resend_seconds=2.0,
        ingest=by(BROKEN[way]) if way in BROKEN else ingest_batch,
    )
    shipper.run(lambda: stopped)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

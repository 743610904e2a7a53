"""The shipper and the worker of the fault tests, and the two broken ways to ingest that the check must see through."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from psycopg import sql

django.setup()

from audit import tasks  # noqa: E402
from audit.intake import ingest  # noqa: E402
from audit.intake.batch import Batch, Checked  # noqa: E402
from audit.intake.ingest import Connection, Ingested, State  # noqa: E402
from audit.intake.ship import Shipper  # noqa: E402
from audit.writing import process  # noqa: E402
from tests.audit.builders import KID, key_for  # noqa: E402

process.install(kid=lambda: KID, key_for=key_for)
BETWEEN_SECONDS = 0.03  # widens the window in which a kill tells right from wrong


def send(batch: Batch) -> None:
    tasks.ingest_batch.apply_async(kwargs=batch.message(), retry=False, ignore_result=True)


def cursor_first(connection: Connection, checked: Checked, alarm: Any) -> Ingested:
    """Wrong: what dies between the two transactions is never inserted."""
    with connection.transaction():
        ingest._lock(connection)
        if (state := ingest._move_cursor(connection, checked, [])) is not State.STORED:
            return Ingested(state=state)
    time.sleep(BETWEEN_SECONDS)
    with connection.transaction():
        ingest._lock(connection)
        ingest._insert(connection, checked.rows, [], checked.batch, [])
    return Ingested(state=State.STORED)


def insert_first(connection: Connection, checked: Checked, alarm: Any) -> Ingested:
    """Wrong: what dies between the two transactions is inserted again. The table has no key that would hide it."""
    with connection.transaction():
        ingest._lock(connection)
        row = connection.execute(
            "SELECT position FROM audit_cursor WHERE segment = %s", (checked.batch.segment,)
        ).fetchone()
        if (row[0] if row else 0) != checked.batch.start:
            return Ingested(state=State.STALE)
        ingest._copy(connection, checked.rows)
    time.sleep(BETWEEN_SECONDS)
    with connection.transaction():
        return Ingested(state=ingest._move_cursor(connection, checked, []))


BROKEN: dict[str, Callable[[Connection, Checked, Any], Ingested]] = {
    "cursor_first": cursor_first,
    "insert_first": insert_first,
}


def main(folder: Path, way: str) -> None:
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    if way in BROKEN:
        setattr(ingest, "_store", BROKEN[way])  # noqa: B010 -- a plain assignment is no type the checker takes
        ingest._TRAIL = sql.Identifier("control_trail")
    shipper = Shipper(
        folder,
        key_for=key_for,
        connect=process.connect,
        send=send if way == "celery" else None,
        alarm=lambda code, detail: print(code, detail, file=sys.stderr, flush=True),
        resend_seconds=2.0,
    )
    shipper.run(lambda: stopped)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

"""Records of a process's journal brought into the trail, within a test's transaction."""

from __future__ import annotations

from typing import Any

import orjson
from django.db import connection

from audit.intake.ingest import drain_outbox
from audit.writing.frames import leaf_of
from tests.governance.api.deciding import Process


def trailed(process: Process) -> None:
    """Move everything that the process recorded into the trail, exactly as written."""
    with connection.cursor() as cursor:
        for path in sorted(process.runtime.journal.folder.glob("*.log")):
            for line in path.read_bytes().split(b"\n"):
                body = line[line.find(b'{"') :] if b'{"' in line else b""
                if body and "kind" in (record := orjson.loads(body)):
                    cursor.execute(
                        "INSERT INTO audit_outbox (id, leaf, body) VALUES (%s, %s, %s)",
                        [record["id"], leaf_of(body), body],
                    )
    driver: Any = connection.connection
    drain_outbox(driver, alarm=_fail)


def _fail(code: str, detail: Any) -> None:
    raise AssertionError(f"{code}: {detail}")

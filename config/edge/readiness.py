"""`/readyz`: whether this process can decide, and what is off, in shadow or not as it should be."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.utils import Error as DatabaseError
from django.http import HttpRequest, JsonResponse

from governance.deciding import startup
from governance.selectors.off import switched_off


def readyz(_request: HttpRequest) -> JsonResponse:
    """200 while calls can be decided and recorded, 503 otherwise; the body says what holds and what does not.

    A database that is away is said, and makes the process unready only once its state is too old to decide from.
    """
    try:
        runtime = startup.current()
    except RuntimeError:
        return JsonResponse({"ready": False, "problems": ["no runtime is running"]}, status=503)
    now = time.time()
    snapshot, confirmed = runtime.snapshot, runtime.world.confirmed_at
    age = None if confirmed is None else round(now - confirmed, 3)
    journal = runtime.journal.status()
    database = _database_answers()
    problems: list[str] = []
    if snapshot.release == 0:
        problems.append("no release is in force: every call is denied")
    if age is None or age >= snapshot.stale_after:
        problems.append("release, switches and revocations have not been confirmed: every call is denied as stale")
    if tampered := runtime.directory.state.tampered:
        problems.append(f"a revocation is not what was stored: {tampered}")
    if not journal.healthy:
        problems.append(f"the journal cannot be written: {journal.problem}")
    details: dict[str, Any] = {
        "ready": not problems,
        "problems": problems,
        "database": database,
        "release": {"number": snapshot.release, "digest": snapshot.digest, "confirmed_seconds_ago": age},
        "switches": len(runtime.world.switches),
        "journal": {"healthy": journal.healthy, "bytes": journal.used, "refused": journal.refused},
        "limits": {"degraded": runtime.limits.degraded, "disabled": snapshot.limits.disabled},
        "environment": settings.TOOLGATE_ENV,
        "off_or_shadow": list(switched_off(snapshot.document)),
    }
    return JsonResponse(details, status=200 if not problems else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True

"""`/readyz`: whether this process can decide. Anybody is told which checks hold, staff what is wrong or off."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.utils import Error as DatabaseError
from django.http import HttpRequest, JsonResponse

from accounts.models import User
from audit.intake.quarantine import unreviewed_frames, unreviewed_segments
from governance.api.door.exchange import Problem
from governance.api.door.handler import exchange_of
from governance.api.door.identify import identify
from governance.deciding import startup
from governance.deciding.runtime import Runtime
from governance.selectors.off import switched_off


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that a process needs: its id, and what is wrong with it, empty where it holds.

    `needed` False: calls are decided without it, so the process stays ready.
    """

    id: str
    problem: str
    needed: bool = True


def readyz(request: HttpRequest) -> JsonResponse:
    """200 while calls can be decided and recorded, 503 otherwise.

    A stranger gets the checks' ids, each `ok` or `not ok`; nothing about the policy. Staff, signed in to the console or
    by a token of their own, get the rest. A database that is away is said, and makes the process unready only once its
    state is too old to decide from.
    """
    try:
        runtime = startup.current()
    except RuntimeError:
        return JsonResponse({"ready": False, "checks": {"runtime": "not ok"}}, status=503)
    now = time.time()
    checks = list(_checks(runtime, now))
    ready = not any(check.problem for check in checks if check.needed)
    told: dict[str, Any] = {
        "ready": ready,
        "checks": {check.id: "not ok" if check.problem else "ok" for check in checks},
    }
    if _asked_by_staff(request, runtime, now):
        told |= _details(runtime, checks, now)
    return JsonResponse(told, status=200 if ready else 503, headers={"cache-control": "no-store"})


def _checks(runtime: Runtime, now: float) -> Iterator[Check]:
    snapshot, age, journal = runtime.snapshot, _age(runtime, now), runtime.journal.status()
    released = "" if snapshot.release else "no release is in force: every call is denied"
    yield Check(id="release", problem=released)
    fresh = age is not None and age < snapshot.stale_after
    stale = "release, switches and revocations have not been confirmed: every call is denied as stale"
    yield Check(id="state", problem="" if fresh else stale)
    tampered = runtime.directory.state.tampered
    yield Check(id="revocations", problem=f"a revocation is not what was stored: {tampered}" if tampered else "")
    unwritable = "" if journal.healthy else f"the journal cannot be written: {journal.problem}"
    yield Check(id="journal", problem=unwritable)
    yield Check(id="database", problem="" if _database_answers() else "the database does not answer", needed=False)
    degraded = "Redis cannot be reached: each process spends its share" if runtime.limits.degraded else ""
    yield Check(id="quarantine", problem=_set_aside(runtime), needed=False)
    yield Check(id="limits", problem=degraded, needed=False)


def _set_aside(runtime: Runtime) -> str:
    """What is in quarantine and nobody has looked at: no reason to stop deciding, and none to call all well."""
    segments = len(unreviewed_segments(runtime.journal.folder))
    try:
        frames = unreviewed_frames().count()
    except DatabaseError:
        frames = 0  # the check of the database says that it is away
    if not frames and not segments:
        return ""
    return f"in quarantine and not reviewed (manage.py audit quarantine): {frames} frames, {segments} segments"


def _details(runtime: Runtime, checks: list[Check], now: float) -> dict[str, Any]:
    snapshot, journal = runtime.snapshot, runtime.journal.status()
    return {
        "problems": [check.problem for check in checks if check.problem],
        "release": {
            "number": snapshot.release,
            "digest": snapshot.digest,
            "confirmed_seconds_ago": _age(runtime, now),
        },
        "switches": len(runtime.world.switches),
        "journal": {"bytes": journal.used, "refused": journal.refused},
        "limits": {"disabled": snapshot.limits.disabled},
        "environment": settings.TOOLGATE_ENV,
        "off_or_shadow": list(switched_off(snapshot.document)),
    }


def _age(runtime: Runtime, now: float) -> float | None:
    confirmed = runtime.world.confirmed_at
    return None if confirmed is None else round(now - confirmed, 3)


def _asked_by_staff(request: HttpRequest, runtime: Runtime, now: float) -> bool:
    """Whether a member of staff asks in person: signed in, or by their own token, neither an agent's nor delegated.

    A probe is answered whatever it carries, so a credential that does not hold makes a stranger and no refusal.
    """
    if "authorization" not in request.headers:
        try:
            user = request.user
            return isinstance(user, User) and user.is_staff
        except DatabaseError:
            return False
    try:
        identity = identify(runtime, exchange_of(request), proxied=False)
    except Problem:
        return False
    return identity.claims is not None and runtime.is_staff(identity, now=now)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True

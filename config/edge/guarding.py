"""The scanner guard of a web process: its lists from the directory, its records into the journal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from django.conf import settings

from accounts.credentials.presented import RawHeaders
from accounts.guard.bans import MINUTE, Refusals
from accounts.guard.guard import ScannerGuard
from accounts.guard.installed import install_guard
from accounts.guard.lists import GuardLists
from audit.records.kinds import Kind, Level
from audit.records.record import prepare
from audit.records.who import Who
from audit.writing import process
from audit.writing.journal import AuditUnavailable
from governance.deciding import startup

log = structlog.get_logger(__name__)
_SHIPPED = GuardLists()


@asynccontextmanager
async def guarding() -> AsyncIterator[None]:
    """This process's guard while it serves, for the lane and Django's handler alike, so that both share lists and bans.

    What it has counted and not yet told is recorded once a minute, and when it ends.
    """
    guard = ScannerGuard(tell=_record, lists=_lists, trusted=settings.TOOLGATE_TRUSTED_PROXIES, vouches=_vouches)
    before = install_guard(guard)
    telling = asyncio.create_task(_tell_by_the_minute(guard), name="guard")
    try:
        yield
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling
        guard.tell_due(time.time(), all_of_it=True)
        install_guard(before)


async def _tell_by_the_minute(guard: ScannerGuard) -> None:
    while True:
        await asyncio.sleep(MINUTE)
        guard.tell_due(time.time())


def _lists() -> GuardLists:
    try:
        return startup.current().directory.state.guard
    except RuntimeError:
        return _SHIPPED


def _vouches(headers: RawHeaders, now: float) -> bool:
    try:
        return startup.current().authenticator.vouches_for(headers, now)
    except RuntimeError:
        return False


def _record(refusals: Refusals) -> None:
    network, reason, count = refusals.network, refusals.reason, refusals.count
    log.warning("guard.refused", network=network, reason=reason, count=count, banned=refusals.banned)
    event = prepare(
        Kind.SECURITY_EVENT,
        who=Who.component("guard"),
        level=Level.WARNING,
        code="guard.refused",
        reason=reason,
        count=count,
        network=network,
        detail={"banned": refusals.banned},
    )
    try:
        process.journal().append(event)
    except AuditUnavailable:
        # Refusing goes on: nobody is let in by it, and the journal alarms by itself.
        log.error("guard.not_recorded", network=network, count=count)

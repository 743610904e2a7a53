"""The scanner guard of a web process: its lists from the directory, its records into the journal."""

from __future__ import annotations

import structlog
from django.conf import settings

from accounts.credentials.presented import RawHeaders
from accounts.guard.bans import Refusals
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


def lane_guard() -> ScannerGuard:
    """The guard of this process, installed for Django's handler too, so that both share lists and bans."""
    guard = ScannerGuard(tell=_record, lists=_lists, trusted=settings.TOOLGATE_TRUSTED_PROXIES, vouches=_vouches)
    install_guard(guard)
    return guard


def _lists() -> GuardLists:
    try:
        return startup.current().directory.state.guard
    except RuntimeError:
        return SHIPPED


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


SHIPPED = GuardLists()

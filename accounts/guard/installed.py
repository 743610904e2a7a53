"""The one guard of this process, which the lane and Django's handler share."""

from __future__ import annotations

import structlog

from accounts.guard.bans import Refusals
from accounts.guard.guard import ScannerGuard

log = structlog.get_logger(__name__)
_installed: list[ScannerGuard] = []


def install_guard(guard: ScannerGuard | None) -> ScannerGuard | None:
    """Make this the guard of the process, None for none; the one before it."""
    before = _installed[0] if _installed else None
    _installed[:] = [] if guard is None else [guard]
    return before


def installed_guard() -> ScannerGuard:
    """The guard of the process; until one is installed, one with the shipped lists that tells the log."""
    if not _installed:
        _installed.append(ScannerGuard(tell=tell_log))
    return _installed[0]


def tell_log(refusals: Refusals) -> None:
    """One line of the log."""
    log.warning(
        "guard.refused",
        network=refusals.network,
        reason=refusals.reason,
        count=refusals.count,
        banned=refusals.banned,
    )

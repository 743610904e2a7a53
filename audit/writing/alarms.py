"""Alarms of the audit room: an error in the log and, where the database answers, a security event in the trail."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from django.db import Error

from audit.records.kinds import Kind, Level
from audit.records.who import Who
from audit.writing.outbox import record

_log = logging.getLogger("audit.alarm")
_QUIET_SECONDS = 10.0
_last: dict[str, float] = {}
# What the trail cannot be told while it happens, because the way into the trail is what fails.
_LOG_ONLY = frozenset({"ship.database"})


def raise_alarm(code: str, detail: Mapping[str, Any]) -> None:
    """Raise an alarm; one of a code every ten seconds is recorded, every one is logged."""
    _log.error("%s %s", code, dict(detail))
    now = time.monotonic()
    if code in _LOG_ONLY or now - _last.get(code, -_QUIET_SECONDS) < _QUIET_SECONDS:
        return
    _last[code] = now
    try:
        record(
            Kind.SECURITY_EVENT,
            actor=Who.component("audit"),
            level=Level.ERROR,
            code=f"audit.{code}",
            detail=dict(detail),
        )
    except Error as error:
        _log.error("alarm %s could not be recorded: %s", code, error)

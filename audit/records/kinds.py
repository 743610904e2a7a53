"""What a record is about, how long it is kept, and which fields each kind carries."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Kind(StrEnum):
    """The thirteen kinds of record."""

    DECISION = "decision"
    EXECUTION = "execution"
    ADMIN_CHANGE = "admin_change"
    DIRECTORY_CHANGE = "directory_change"
    AUTHENTICATION = "authentication"
    SECRET_USE = "secret_use"
    APPROVAL = "approval"
    HOOK_RUN = "hook_run"
    SECURITY_EVENT = "security_event"
    RETENTION = "retention"
    LOG = "log"
    AI_REQUEST = "ai_request"
    AGENT_EVENT = "agent_event"


class Level(StrEnum):
    """How grave."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Retention(StrEnum):
    """The retention classes: the trail's first level of partitions."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    EVIDENCE = "evidence"


class Source(StrEnum):
    """Who saw it: we did, an agent or client says so, or it was brought in. A report never overwrites what was seen."""

    OBSERVED = "observed"
    REPORTED = "reported"
    IMPORTED = "imported"


RETENTION_DAYS: Mapping[Retention, int] = {
    Retention.DEBUG: 1,
    Retention.INFO: 7,
    Retention.WARNING: 30,
    Retention.ERROR: 90,
    Retention.EVIDENCE: 365,
}

EVIDENCE_KINDS = frozenset(
    {
        Kind.DECISION,
        Kind.EXECUTION,
        Kind.ADMIN_CHANGE,
        Kind.DIRECTORY_CHANGE,
        Kind.AUTHENTICATION,
        Kind.SECRET_USE,
        Kind.APPROVAL,
        Kind.SECURITY_EVENT,
        Kind.RETENTION,
    }
)


def retention_of(kind: Kind, level: Level) -> Retention:
    """The class a record is kept under: evidence by its kind, everything else by its level."""
    return Retention.EVIDENCE if kind in EVIDENCE_KINDS else Retention(level.value)


# Fields of `data` beside those a decision and an execution have (their own modules): name -> type, `!` marks required.
# A field of type "map" is given as a mapping or list and stored as one JSON string.
FIELDS: Mapping[Kind, Mapping[str, str]] = {
    Kind.ADMIN_CHANGE: {
        "action": "str!", "model": "str!", "object": "str!", "name": "str", "before": "map", "after": "map",
        "reason": "str", "release": "int", "digest": "str", "second": "str", "detail": "map",
    },
    Kind.DIRECTORY_CHANGE: {
        "action": "str!", "model": "str!", "object": "str!", "name": "str", "before": "map", "after": "map",
        "reason": "str", "epoch": "int", "detail": "map",
    },
    Kind.AUTHENTICATION: {
        "action": "str!", "status": "str!", "method": "str", "network": "str", "reason": "str", "audience": "str",
        "grant": "str", "issued_jti": "str", "expires_at": "int", "detail": "map",
    },
    Kind.SECRET_USE: {
        "action": "str!", "secret": "str!", "name": "str", "version": "int", "purpose": "str!", "provider": "str",
        "binding": "str", "server": "str", "tool": "str", "decision": "str", "detail": "map",
    },
    Kind.APPROVAL: {
        "action": "str!", "approval": "str!", "status": "str", "decision": "str", "server": "str", "tool": "str",
        "rule": "str", "approver": "str", "reason": "str", "expires_at": "int", "digest": "str", "detail": "map",
    },
    Kind.HOOK_RUN: {
        "hook": "str!", "name": "str", "event": "str!", "status": "str!", "effect": "str", "decision": "str",
        "server": "str", "tool": "str", "type": "str", "ms": "int", "error": "str", "detail": "map",
    },
    Kind.SECURITY_EVENT: {
        "code": "str!", "reason": "str", "count": "int", "network": "str", "server": "str", "tool": "str",
        "decision": "str", "detail": "map",
    },
    Kind.RETENTION: {
        "action": "str!", "policy": "str", "class": "str", "from": "int", "until": "int", "count": "int",
        "plan": "str", "reason": "str", "detail": "map",
    },
    Kind.LOG: {"module": "str!", "message": "str!", "code": "str", "detail": "map"},
    Kind.AI_REQUEST: {
        "provider": "str!", "model": "str!", "status": "str!", "request": "str", "input_tokens": "int",
        "output_tokens": "int", "cached_tokens": "int", "ms": "int", "cost_microdollars": "int", "error": "str",
        "detail": "map",
    },
    Kind.AGENT_EVENT: {"protocol": "str!", "type": "str!", "event": "map", "execution": "str", "detail": "map"},
}  # fmt: skip

"""What must not reach a log: values under telling names, and what looks like a credential wherever it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

from governance.engine.detection.tokenlike import without_tokens

REDACTED = "[redacted]"
_DEPTH = 6

_TELLING_NAME = re.compile(
    r"(^|[_\-.])(password|passwd|passphrase|secret|secrets|token|tokens|authorization|cookie|set-cookie|credential|"
    r"credentials|api[_-]?key|private[_-]?key|signing[_-]?keys?|master[_-]?keys?|arguments)$",
    re.IGNORECASE,
)
_CREDENTIALS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL), REDACTED),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*"), REDACTED),
    (re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\1 {REDACTED}"),
    (re.compile(r"\b([a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s/@]+@", re.IGNORECASE), rf"\1:{REDACTED}@"),
)


def redacted(value: object, *, depth: int = _DEPTH) -> object:
    """The value with credentials replaced; what is nested deeper than six levels is replaced whole."""
    if isinstance(value, str):
        for pattern, replacement in _CREDENTIALS:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, (bytes, bytearray)):
        return redacted(bytes(value).decode("utf-8", "replace"), depth=depth)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if depth == 0:
        return REDACTED
    if isinstance(value, Mapping):
        return {key: REDACTED if _is_telling(key) else redacted(item, depth=depth - 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [redacted(item, depth=depth - 1) for item in value]
    return redacted(repr(value), depth=depth)


def _is_telling(name: object) -> bool:
    return isinstance(name, str) and _TELLING_NAME.search(name) is not None


def redact_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: nothing that looks like a credential leaves in a log line."""
    for key, value in list(event.items()):
        if key == "event" and str(event.get("logger", "")).startswith("django.") and isinstance(value, str):
            value = event[key] = without_tokens(value)  # the paths of requests, whatever stands in them
        if key not in ("_record", "_from_structlog", "exc_info"):
            event[key] = REDACTED if _is_telling(key) else redacted(value)
    return event

"""Timestamps of the policy file: RFC 3339 in, one canonical form out."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)


def moment(text: str) -> datetime:
    """The instant that an RFC 3339 timestamp names, in UTC; raises ValueError saying what is wrong with it."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("is no RFC 3339 timestamp such as 2026-01-01T00:00:00Z")
    if match[7] and match[7].strip("0"):
        raise ValueError("has fractions of a second; write whole seconds")
    try:
        instant = datetime.fromisoformat(text.upper().partition(".")[0] if match[7] else text.upper())
        if match[7]:
            offset = "+00:00" if match[8] else f"{match[9]}{match[10]}:{match[11]}"
            instant = datetime.fromisoformat(instant.replace(tzinfo=None).isoformat() + offset)
        return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"is no time that exists: {error}") from error


def seconds(text: str) -> float:
    """The same as float seconds since the epoch."""
    return moment(text).timestamp()


def written(instant: datetime) -> str:
    """An instant as documents write it: in UTC, whole seconds, `YYYY-MM-DDTHH:MM:SSZ` in every year."""
    # Not by strftime, whose %Y has fewer than four digits before the year 1000.
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def canonical_moment(text: str) -> str:
    """`text` in UTC as `YYYY-MM-DDTHH:MM:SSZ`."""
    return written(moment(text))

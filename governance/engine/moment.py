"""How answers and pages of the API write a time."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


def moment(seconds: float | None) -> str | None:
    """Epoch seconds as answers write them: `2026-06-01T12:00:00.250Z`; None stays None."""
    if seconds is None:
        return None
    whole = int(seconds)
    micros = round((seconds - whole) * 1e6)
    return f"{_second(whole + micros // 1_000_000)}.{micros % 1_000_000 // 1000:03d}Z"


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    """A second as ISO 8601 has it; answers of one second share it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00")

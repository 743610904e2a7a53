"""What is kept of arguments and results: by capture level, encrypted before it reaches the journal."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from audit.records.canonical import map_text
from audit.records.fields import Fields

LIMIT = 16_384


class CaptureLevel(StrEnum):
    """How much of a payload a server or tool lets us keep."""

    NONE = "none"
    DIGEST = "digest"
    REDACTED = "redacted"
    FULL = "full"


class _DayKey(Protocol):
    """A sealed data key as the vault makes it."""

    @property
    def id(self) -> str: ...
    @property
    def kid(self) -> str: ...
    @property
    def principal(self) -> str: ...
    @property
    def day(self) -> int: ...
    @property
    def sealed(self) -> str: ...


class _Captured(Protocol):
    @property
    def key_id(self) -> str: ...
    @property
    def payload(self) -> str: ...
    @property
    def new_key(self) -> _DayKey | None: ...


class Sealer(Protocol):
    """The vault's `DayKeys`, handed in at start-up."""

    def seal(self, payload: bytes, *, principal: str, at: int, place: str) -> _Captured:
        """`payload` encrypted for the auditors."""
        ...


class Capture(NamedTuple):
    """What a record says of one payload: `part` goes into it, `attachments` must be durable with it.

    `source` is the sealer's own object, to be handed back to it (`DayKeys.delivered`) once the record is durable.
    """

    part: dict[str, Any]
    attachments: tuple[dict[str, Any], ...] = ()
    source: object = None


class Capturer:
    """Captures payloads under one keyed digest and one sealer."""

    __slots__ = ("_digest_key", "_kid", "_sealer")

    def __init__(self, *, sealer: Sealer, digest_key: bytes, kid: str) -> None:
        """`digest_key` is the vault's key for digests of arguments (or results), `kid` the id of its master key."""
        self._sealer, self._digest_key, self._kid = sealer, digest_key, kid

    def digest(self, payload: bytes) -> str:
        """The keyed digest of a payload: `kid:hex`."""
        return f"{self._kid}:{hmac.digest(self._digest_key, payload, 'sha256').hex()}"

    def take(
        self,
        value: Mapping[str, Any] | Sequence[Any],
        *,
        level: CaptureLevel,
        redacted: Mapping[str, Any] | Sequence[Any] | None,
        principal: str,
        at: int,
        place: str = "arguments",
    ) -> Capture:
        """What the record keeps of `value`.

        At `redacted` the payload is `redacted`, the value with every finding replaced; None means that nothing was
        found (the value itself). A scan that could not finish must be captured at `digest`. A payload of more than
        16 KiB leaves its keyed digest only. `at` in microseconds since the epoch, `place` says what it is.
        """
        if level is CaptureLevel.NONE:
            return Capture(part={"level": level.value})
        whole = (map_text(value, limit=1 << 30) or "{}").encode()
        part: dict[str, Any] = {"level": level.value, "bytes": len(whole), "digest": self.digest(whole)}
        if level is CaptureLevel.DIGEST:
            return Capture(part=part)
        if level is CaptureLevel.REDACTED and redacted is not None:
            whole = (map_text(redacted, limit=1 << 30) or "{}").encode()
        if len(whole) > LIMIT:
            return Capture(part=part | {"omitted": True})
        captured = self._sealer.seal(whole, principal=principal, at=at, place=place)
        part["key"], part["sealed"] = captured.key_id, captured.payload
        attachments: tuple[dict[str, Any], ...] = ()
        if (key := captured.new_key) is not None:
            attachments = (
                {
                    "attach": "day_key", "id": key.id, "kid": key.kid, "principal": key.principal, "day": key.day,
                    "sealed": key.sealed,
                },
            )  # fmt: skip
        return Capture(part=part, attachments=attachments, source=captured)


class RecordedCapture(NamedTuple):
    """What a record says of one payload, read back: `sealed` is what `key` opens, `omitted` that it was too long.

    `bytes` and `digest` are of the whole payload as it came; at level none nothing is known of it.
    """

    level: CaptureLevel
    bytes: int | None = None
    digest: str | None = None
    key: str | None = None
    sealed: str | None = None
    omitted: bool = False


def read_capture(part: Fields) -> RecordedCapture:
    """The part of a `Capture`. Raises RecordInvalid."""
    level = part.choice("level", CaptureLevel)
    if level is CaptureLevel.NONE:
        kept = RecordedCapture(level)
    else:
        kept = RecordedCapture(
            level=level,
            bytes=part.whole("bytes"),
            digest=part.text("digest"),
            key=part.perhaps_text("key"),
            sealed=part.perhaps_text("sealed"),
            omitted=part.mark("omitted"),
        )
    if (kept.key is None) != (kept.sealed is None):
        raise part.invalid("sealed", "stands with its key")
    part.end()
    return kept

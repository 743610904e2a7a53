"""Opening a captured payload: for auditors alone, for a reason, and never without a record of it.

What was captured is sealed to the auditors' public key, so only a process that holds the private half of
TOOLGATE_CAPTURE_KEY opens anything. The record of an opening is durable before the payload is handed out.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field
from uuid import UUID

from asgiref.sync import async_to_sync
from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from accounts.services.actor import Actor
from accounts.services.errors import ServiceError
from audit.models import TrailRecord
from audit.records.canonical import RecordInvalid, read_map
from audit.records.capture import CaptureLevel
from audit.records.opening_record import prepare_opening
from audit.records.record import Prepared
from audit.trace.payloads import KeptPayload, find_day_key, kept_payload, sealed_key, why_closed
from audit.trace.reach import PAYLOADS, reached_for
from audit.trace.reading import find_record
from audit.writing.journal import AuditUnavailable, Journal
from governance.deciding import keys, startup
from governance.engine.compiled.compilation import compile_snapshot
from governance.engine.compiled.snapshot import ScannerLike
from governance.vault.capture import SealedDayKey, open_captured
from governance.vault.errors import VaultError
from governance.vault.keypair import CaptureKeys

SHORTEST_REASON, LONGEST_REASON = 10, 500
SETTING = "TOOLGATE_CAPTURE_KEY"
NOT_HERE = frozenset({"payload.no_key", "audit.unavailable"})
"""Refusals that are about this process and not about the payload: another one may open it, or this one later."""


class RecordUnknown(ServiceError):
    """There is no such record, or no grant that opens payloads reaches it."""


class PayloadRefused(ServiceError):
    """A payload that stays closed. `code` says why, as the API tells it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPayload:
    """What was captured: `text` is JSON, exactly as it was sealed; `opening` is the id of the record of this opening.

    `place` is arguments or result, `level` redacted or full, `size` the bytes of the whole payload as it came.
    """

    record: str
    opening: str
    place: str
    level: CaptureLevel
    size: int
    text: str = field(repr=False)

    def indented(self) -> str:
        """The same for people: indented, one member a line."""
        try:
            return json.dumps(read_map(self.text), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            return self.text


@sensitive_variables()
def open_payload(
    *, actor: Actor, record_id: UUID, reason: str, door: str, ring: CaptureKeys, journal: Journal
) -> OpenedPayload:
    """Open what one record captured, for an auditor whose grant reaches it, recorded first: no record, no payload.

    `door` is console, api or command; a command needs no grant, it names its operating-system user.
    Raises NotPermitted, RecordUnknown, PayloadRefused, and ValidationError for the reason.
    """
    row = openable(actor, record_id)
    kept, key = sealed_payload(row, ring)
    said = _checked(reason)
    text = _opened(kept, key, ring)
    opening = _record(
        journal,
        prepare_opening(
            who=actor.who, record=str(row.pk), decision=kept.decision, server=kept.server, tool=kept.tool,
            place=kept.place, door=door, reason=said, verified=text is not None,
        ),
    )  # fmt: skip
    if text is None:
        raise PayloadRefused(
            "payload.altered",
            f"What is stored does not verify: it was altered. Nothing is shown; recorded as {opening}",
        )
    capture = kept.capture
    return OpenedPayload(
        record=str(row.pk), opening=opening, place=kept.place, level=capture.level, size=capture.bytes or 0, text=text
    )


def openable(actor: Actor, record_id: UUID) -> TrailRecord:
    """The record, for who may open what it captured. Raises NotPermitted, RecordUnknown."""
    actor.require(PAYLOADS)
    if actor.user is None:
        row = find_record(record_id)
    else:
        row = find_record(record_id, within=reached_for(actor.user, PAYLOADS))
    if row is None:
        raise RecordUnknown("There is no such record, or no grant of yours reaches it")
    return row


def sealed_payload(row: TrailRecord, ring: CaptureKeys) -> tuple[KeptPayload, SealedDayKey]:
    """What a record keeps and its key, as far as they go unopened. Raises PayloadRefused where that is no use."""
    kept = _kept(row)
    return kept, _key(kept, ring)


def _kept(row: TrailRecord) -> KeptPayload:
    """What the record keeps, sealed."""
    try:
        kept = kept_payload(row)
    except RecordInvalid as error:
        raise PayloadRefused("payload.none", f"This record cannot be read: {error}") from None
    if kept is None:
        raise PayloadRefused("payload.none", "This record captured no payload")
    if closed := why_closed(kept.capture):
        raise PayloadRefused("payload.none", closed)
    return kept


def _checked(reason: str) -> str:
    """The reason as it is recorded. It is read by others for years: no credential belongs in it."""
    said = reason.strip()
    if not SHORTEST_REASON <= len(said) <= LONGEST_REASON:
        raise ValidationError(
            {"reason": f"Give a reason of {SHORTEST_REASON} to {LONGEST_REASON} characters; it is recorded."}
        )
    if sum(char.isalnum() for char in said) < SHORTEST_REASON:  # what cannot be read is no reason
        raise ValidationError({"reason": f"Say it in words: at least {SHORTEST_REASON} letters or digits."})
    scan = _scanner().scan({"reason": said})
    if scan.findings or not scan.complete:
        raise ValidationError({"reason": "This holds a credential. It would be recorded: say it without."})
    return said


def _scanner() -> ScannerLike:
    """The detectors in force here; those that are shipped where this process decides nothing (a command)."""
    try:
        return startup.current().snapshot.scanner
    except RuntimeError:
        return compile_snapshot({"toolgate": 1}, release=0, digest="", keys=keys.engine_keys()).scanner


def _key(kept: KeptPayload, ring: CaptureKeys) -> SealedDayKey:
    row = find_day_key(kept.capture.key or "")
    if row is None:
        raise PayloadRefused("payload.key_lost", "Its day key is not stored: what was captured cannot be opened")
    if row.destroyed_at is not None:
        raise PayloadRefused(
            "payload.erased", f"Erased on {row.destroyed_at:%Y-%m-%d}: the key that opened it was destroyed"
        )
    recipient = ring.named(row.kid)
    if recipient is None:
        raise PayloadRefused(
            "payload.no_key", f"{SETTING} of this process does not hold the key that this was sealed to"
        )
    if recipient.private is None:
        raise PayloadRefused(
            "payload.no_key",
            f"{SETTING} of this process holds the public half only: open it where the private half is, "
            f"with manage.py audit payload",
        )
    return sealed_key(row)


@sensitive_variables()
def _opened(kept: KeptPayload, key: SealedDayKey, ring: CaptureKeys) -> str | None:
    """The payload's text; None where it is not what was sealed for this principal and place."""
    if not hmac.compare_digest(key.principal.encode(), kept.principal.encode()):
        return None
    try:
        return open_captured(ring, key, kept.capture.sealed or "", place=kept.place).decode()
    except (VaultError, UnicodeDecodeError):
        return None


def _record(journal: Journal, draft: Prepared) -> str:
    """The id of the record, durable. A journal that lets decisions pass unrecorded (`open`) opens no payload."""
    try:
        receipt = async_to_sync(journal.append_async)(draft)
    except AuditUnavailable:
        receipt = None
    if receipt is None or not receipt.recorded:
        raise PayloadRefused("audit.unavailable", "The opening could not be recorded, so nothing is shown")
    return receipt.id

"""The record of an opening: who asked for a captured payload, through which door and why; written and read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from audit.records.kinds import Kind, Level
from audit.records.record import Head, Prepared, prepare, read_prepared
from audit.records.who import Who

OPENED, ALTERED = "payload.opened", "payload.altered"
OPENING_CODES = (OPENED, ALTERED)
"""Codes of the security events that an opening leaves: it was shown; or it did not verify, and nothing was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningRecord:
    """An opening, read back. `record` is the one whose payload it was, `door` console, api or command."""

    head: Head
    record: str
    place: str
    door: str
    reason: str
    verified: bool

    @property
    def moment(self) -> datetime:
        """When, UTC."""
        return datetime.fromtimestamp(self.head.at / 1_000_000, UTC)

    @property
    def by(self) -> str:
        """Who: a principal, or the operating-system user who ran the command."""
        who = self.head.who
        return f"{who.staff} (OS user)" if who.staff else who.name


def prepare_opening(
    *,
    who: Who,
    record: str,
    decision: str,
    server: str | None,
    tool: str | None,
    place: str,
    door: str,
    reason: str,
    verified: bool,
) -> Prepared:
    """The draft of one opening. `decision` is the one that `record` is or belongs to, `place` arguments or result."""
    return prepare(
        Kind.SECURITY_EVENT,
        who=who,
        level=Level.INFO if verified else Level.ERROR,
        code=OPENED if verified else ALTERED,
        reason=reason,
        server=server,
        tool=tool,
        decision=decision,
        detail={"record": record, "place": place, "door": door},
    )


def read_opening(body: bytes) -> OpeningRecord | None:
    """An opening's exact bytes, read; None for any other security event. Raises RecordInvalid."""
    head, fields = read_prepared(body, Kind.SECURITY_EVENT)
    if fields["code"] not in OPENING_CODES:
        return None
    told = fields.get("detail")
    detail = told if isinstance(told, dict) else {}
    return OpeningRecord(
        head=head,
        record=str(detail.get("record", "")),
        place=str(detail.get("place", "")),
        door=str(detail.get("door", "")),
        reason=fields.get("reason", ""),
        verified=fields["code"] == OPENED,
    )

"""What happened to one object: its changes out of the audit records, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from accounts.models import ChangeRef
from audit.models import OutboxEntry, TrailRecord
from audit.records.change_record import read_change
from audit.records.kinds import Retention

VERBS: Mapping[str, str] = {
    "created": "made",
    "changed": "changed",
    "deleted": "removed",
    "password_set": "set a new password for",
    "signed_out": "signed out",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One key before and after, as text; a dash where there was nothing."""

    key: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One change. `record` is the id of its record in the trail."""

    record: UUID
    at: datetime
    who: str
    action: str
    reason: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    in_trail: bool

    @property
    def verb(self) -> str:
        """What was done, as a word."""
        return VERBS.get(self.action, self.action.replace("_", " "))

    @property
    def differences(self) -> list[Difference]:
        """The keys that differ."""
        return differences(self.before or {}, self.after or {})


def history_of(*, model: str, object_id: str, limit: int = 100) -> list[HistoryEntry]:
    """The newest changes of one object; three queries. `model` is the lower-case label (`governance.rule`)."""
    refs = ChangeRef.objects.filter(model=model, object_id=object_id[:500])
    wanted = list(refs.order_by("-record_id").values_list("record_id", flat=True)[:limit])
    if not wanted:
        return []
    trail = TrailRecord.objects.filter(retention=Retention.EVIDENCE.value, id__in=wanted)
    found = {each.id: _entry(each.id, bytes(each.body), in_trail=True) for each in trail.only("id", "body")}
    waiting = [each for each in wanted if each not in found]
    if waiting:
        outbox = OutboxEntry.objects.filter(id__in=waiting).only("id", "body")
        found |= {each.id: _entry(each.id, bytes(each.body), in_trail=False) for each in outbox}
    return [found[each] for each in wanted if each in found]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """The keys of two objects that differ, in the order of the newer one."""
    return [
        Difference(key=key, before=shown(before.get(key)), after=shown(after.get(key)))
        for key in dict.fromkeys((*after, *before))
        if before.get(key) != after.get(key)
    ]


def shown(value: Any) -> str:
    """A value as text for people."""
    if value is None or value == "" or value == [] or value == {}:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _entry(record: UUID, body: bytes, *, in_trail: bool) -> HistoryEntry:
    change = read_change(body)
    who = change.head.who
    return HistoryEntry(
        record=record,
        at=datetime.fromtimestamp(change.head.at / 1_000_000, tz=UTC),
        who=f"{who.name} (as {who.staff} on the host)" if who.staff else who.name,
        action=change.action,
        reason=change.reason or "",
        before=change.before or None,
        after=change.after or None,
        in_trail=in_trail,
    )

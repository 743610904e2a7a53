"""The record of a change to policy or directory, read back; it is written with `prepare`, as most kinds are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.records.canonical import RecordInvalid
from audit.records.kinds import Kind
from audit.records.record import Head, read_prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRecord:
    """Who did what to which object: `model` is its lower-case label (`governance.rule`), `object` its id.

    `before` and `after` hold what differs: None for what was created or deleted, `{"omitted_bytes": n}` for what was
    too long for a record. `epoch` is a directory change's; `release`, `digest` and `second` are an admin change's.
    """

    head: Head
    action: str
    model: str
    object: str
    name: str | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str | None = None
    release: int | None = None
    digest: str | None = None
    second: str | None = None
    epoch: int | None = None
    detail: Any = None


def read_change(body: bytes) -> ChangeRecord:
    """The exact bytes of an admin or directory change, read. Raises RecordInvalid for any others."""
    head, fields = read_prepared(body, Kind.ADMIN_CHANGE, Kind.DIRECTORY_CHANGE)
    for name in ("before", "after"):
        if not isinstance(fields.get(name, {}), dict):
            raise RecordInvalid(f"/data/{name}", "is no object")
    return ChangeRecord(head=head, **fields)

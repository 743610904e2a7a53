"""The control plane's way into the trail: a record written in the transaction of the change it records.

What is rolled back leaves no record, and what is committed cannot lack one. Workers (and the shipper, at least twice
a second) move the outbox into the trail.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import connections, transaction

from audit.records.kinds import Kind, Level, Source
from audit.records.record import NO_IDS, Ids, Prepared, prepare, stamp
from audit.records.who import Who
from audit.writing.frames import leaf_of
from audit.writing.process import node

__all__ = ["INSERT_DAY_KEY", "OutsideTransaction", "record", "record_all_prepared", "record_change", "record_prepared"]

INSERT_DAY_KEY = (
    "INSERT INTO audit_day_key (id, kid, principal, day, sealed) "
    "VALUES (%(id)s, %(kid)s, %(principal)s, %(day)s, %(sealed)s) ON CONFLICT (id) DO NOTHING"
)


class OutsideTransaction(RuntimeError):
    """A change was to be recorded outside the transaction that makes it."""


def record_change(
    *,
    actor: Who,
    kind: Kind,
    action: str,
    model: str,
    object: str,
    name: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
    level: Level = Level.INFO,
    using: str = "default",
    **fields: Any,
) -> UUID:
    """Record a change of `kind` admin_change or directory_change, inside the caller's transaction; the record's id.

    `model` is the lower-case label (`governance.rule`), `object` the row's id, `name` what people call it. `before`
    and `after` hold the fields that differ (None for what was created or deleted), secrets by name only. `fields` are
    the further ones of that kind (`release`, `digest`, `second`, `epoch`, `detail`).
    Raises OutsideTransaction, RecordInvalid.
    """
    made = prepare(
        kind, who=actor, level=level, action=action, model=model, object=object, name=name, before=before, after=after,
        reason=reason, **fields,
    )  # fmt: skip
    return record_all_prepared([made], using=using)[0]


def record_all_prepared(drafts: Sequence[Prepared], *, using: str = "default") -> list[UUID]:
    """Record what one transaction changes, inside that transaction; the records' ids. Raises OutsideTransaction."""
    if not connections[using].in_atomic_block:
        raise OutsideTransaction("a change is recorded outside the transaction that makes it")
    return _put(drafts, using)


def record(
    kind: Kind,
    *,
    actor: Who,
    level: Level = Level.INFO,
    source: Source = Source.OBSERVED,
    ids: Ids = NO_IDS,
    using: str = "default",
    **fields: Any,
) -> UUID:
    """Record anything but a decision or execution, in the caller's transaction or (short commands) in one of its own.

    `fields` are those of the kind (audit.records.kinds.FIELDS). Raises RecordInvalid.
    """
    return record_prepared(prepare(kind, who=actor, level=level, source=source, ids=ids, **fields), using=using)


def record_prepared(made: Prepared, *, using: str = "default") -> UUID:
    """Put a draft of any kind into the outbox, in the caller's transaction or one of its own; its id."""
    return _put([made], using)[0]


def _put(drafts: Sequence[Prepared], using: str) -> list[UUID]:
    rows: list[tuple[str, bytes, bytes]] = []
    for made in drafts:
        at = time.time_ns() // 1000
        record_id, body = stamp(made, at=at, node=node(), boot=None, n=None, random=os.urandom(24))
        rows.append((record_id, leaf_of(body), body))
    if rows:
        _insert(rows, [part for made in drafts for part in made.attachments], using)
    return [UUID(record_id) for record_id, _, _ in rows]


def _insert(rows: Sequence[tuple[str, bytes, bytes]], day_keys: Sequence[dict[str, Any]], using: str) -> None:
    with connections[using].cursor() as cursor:
        if day_keys:  # without its key, what a record captured could never be opened
            cursor.executemany(INSERT_DAY_KEY, day_keys)
        cursor.executemany("INSERT INTO audit_outbox (id, leaf, body) VALUES (%s, %s, %s)", rows)
    transaction.on_commit(_wake_worker, using=using, robust=True)


def _wake_worker() -> None:
    """A nudge that may fail: the shipper looks into the outbox anyway."""
    current_app.send_task("audit.tasks.ingest_outbox", retry=False, ignore_result=True)

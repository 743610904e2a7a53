"""Celery tasks of the audit room: thin, and none of them the only copy of anything."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import psycopg
from celery import shared_task

from audit.intake.batch import Batch, BatchBroken
from audit.intake.ingest import Connection, drain_outbox
from audit.intake.ingest import ingest_batch as store_batch
from audit.intake.partitions import ensure_partitions, forget_cursors
from audit.writing import process
from audit.writing.alarms import raise_alarm

_log = logging.getLogger("audit.tasks")
_held: dict[int, Connection] = {}
Answer = TypeVar("Answer")


def _with_connection(work: Callable[[Connection], Answer]) -> Answer:
    """Run `work` on this process's connection; a broken one is replaced at the next task."""
    held = _held.get(os.getpid())
    if held is None or held.closed:
        held = _held[os.getpid()] = process.connect()
    try:
        return work(held)
    except psycopg.OperationalError:
        held.close()
        raise


@shared_task(name="audit.tasks.ingest_batch", ignore_result=True)
def ingest_batch(**message: Any) -> None:
    """Store one batch of frames. What fails is not retried here: the shipper sends again until the cursor moves."""
    try:
        _with_connection(
            lambda connection: store_batch(connection, Batch(**message), key_for=process.key_for, alarm=raise_alarm)
        )
    except (psycopg.Error, BatchBroken) as error:
        _log.warning("batch of %s not stored: %s", message.get("segment"), error)


@shared_task(name="audit.tasks.ingest_outbox", ignore_result=True)
def ingest_outbox() -> None:
    """Move the outbox into the trail."""
    try:
        _with_connection(lambda connection: drain_outbox(connection, alarm=raise_alarm))
    except psycopg.Error as error:
        _log.warning("outbox not drained: %s", error)


@shared_task(name="audit.tasks.keep_partitions", ignore_result=True)
def keep_partitions() -> None:
    """Make partitions ahead and forget old cursors: beat, every hour."""

    def work(connection: Connection) -> Mapping[str, Any]:
        return {"made": ensure_partitions(connection, now=datetime.now(UTC)), "forgotten": forget_cursors(connection)}

    told = _with_connection(work)
    _log.info("partitions kept: %s", told)

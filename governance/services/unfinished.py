"""Executions that nobody ended: after fifteen minutes they end as `timeout`, once, on record."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from audit.models import TrailRecord
from audit.records.execution_record import ExecutionStatus, execution_ended
from audit.records.record import ids
from audit.records.who import Who
from audit.writing.outbox import record_prepared
from governance.models import OutcomePhase, ReportedOutcome

UNFINISHED_AFTER = timedelta(minutes=15)  # 50-audit.md
KEPT = timedelta(days=2)  # longer than an outcome is taken at all
MOST = 500  # executions a run


def end_unfinished(*, now: datetime) -> int:
    """End what was started over fifteen minutes ago and has no end; how many. Forgets guard rows of old outcomes."""
    ended = ReportedOutcome.objects.filter(decision=OuterRef("decision"), phase=OutcomePhase.ENDED)
    waiting = (
        ReportedOutcome.objects.filter(phase=OutcomePhase.STARTED, at__lte=now - UNFINISHED_AFTER, at__gt=now - KEPT)
        .exclude(Exists(ended))
        .order_by("at")[:MOST]
    )
    count = sum(_end(started, now) for started in waiting)
    ReportedOutcome.objects.filter(at__lte=now - KEPT).delete()
    return count


def _end(started: ReportedOutcome, now: datetime) -> bool:
    """Guard row and record in one transaction; an end that was reported meanwhile wins."""
    decision = str(started.decision)
    known = TrailRecord.objects.filter(id=started.decision).first()
    try:
        with transaction.atomic():
            ReportedOutcome.objects.create(decision=started.decision, phase=OutcomePhase.ENDED, at=now)
            record_prepared(
                execution_ended(
                    who=Who.component("beat"),
                    execution=decision,
                    decision=decision,
                    server=known.server if known else None,
                    tool=known.tool if known else None,
                    status=ExecutionStatus.TIMEOUT,
                    completed_at=int(now.timestamp() * 1_000_000),
                    error="Nobody reported an end.",
                    ids=ids(trace=known.trace, context=known.context, task=known.task) if known else ids(),
                )
            )
    except IntegrityError:
        return False
    return True

"""Backtests of the draft as jobs: asked for by a person, done by a worker, looked at whenever there is time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import structlog
from celery import current_app
from django.db import transaction
from django.db.models import F, Q

from accounts.services.actor import Actor
from accounts.services.errors import NotPermitted, ServiceError
from audit.records.kinds import Kind
from audit.writing.outbox import record_change
from governance.engine.document.policy import PolicyDocument
from governance.models import BacktestRun, BacktestStatus
from governance.policy.document.codec import canonical_json
from governance.policy.document.errors import PolicyErrors
from governance.selectors.policy_versions import draft_version
from governance.services.replaying.backtest import Backtest, backtest

MOST_DAYS = 90
FLIPS_KEPT = 500
"""Flips that a run lists one by one; all are counted."""
NAMES_KEPT = 50
"""Rules, agents and tools that a run counts by name."""
DEAD_AFTER = timedelta(seconds=60)
"""A run whose worker said nothing for so long is taken up by another."""
MOST_TRIES = 3
_ASKING = ("governance.publish_release", "governance.propose_release", "governance.approve_release")

log = structlog.get_logger(__name__)


class BacktestRefused(ServiceError):
    """A backtest that cannot be asked for so; says why."""


def ask_for_backtest(*, actor: Actor, days: int) -> BacktestRun:
    """A backtest of the draft as it stands over the last `days` days; the one that is under way where there is one.

    Raises PolicyErrors for an unsound draft, `BacktestRefused`, NotPermitted.
    """
    if not any(actor.may(perm) for perm in _ASKING):
        raise NotPermitted(actor=actor.name, perm=_ASKING[0])
    if not 1 <= days <= MOST_DAYS:
        raise BacktestRefused(f"A backtest covers 1 to {MOST_DAYS} days.")
    draft, now = draft_version(), datetime.now(tz=UTC)
    with transaction.atomic():
        underway = BacktestRun.objects.filter(
            digest=draft.digest, days=days, status__in=(BacktestStatus.WAITING, BacktestStatus.RUNNING)
        ).first()
        if underway is not None:
            return underway
        run = BacktestRun.objects.create(
            document=canonical_json(draft.document),
            digest=draft.digest,
            draft_revision=draft.revision,
            days=days,
            until=now,
            author=actor.name,
            created_at=now,
        )
        record_change(
            actor=actor.who,
            kind=Kind.ADMIN_CHANGE,
            action="backtest.asked_for",
            model="governance.backtestrun",
            object=str(run.pk),
            after={"digest": draft.digest, "days": days, "draft_revision": draft.revision},
            digest=draft.digest,
        )
        number = run.pk
        transaction.on_commit(lambda: _wake_worker(number), robust=True)
    return run


def carry_out_backtest(run_id: int) -> BacktestRun | None:
    """Run one that waits; None where another worker has it or it is over."""
    run = _claim(run_id)
    if run is None:
        return None
    mine = BacktestRun.objects.filter(pk=run.pk, tries=run.tries, status=BacktestStatus.RUNNING)

    def tell(done: int, total: int) -> None:
        mine.update(done=done, total=total, beat_at=datetime.now(tz=UTC))

    try:
        document: PolicyDocument = orjson.loads(bytes(run.document))
        result = backtest(document, since=run.until - timedelta(days=run.days), until=run.until, progress=tell)
    except (PolicyErrors, ServiceError, ValueError) as error:
        log.warning("backtest.failed", run=run.pk, reason=str(error))
        _end(run, BacktestStatus.FAILED, problem=str(error)[:4_000])
    else:
        _end(run, BacktestStatus.DONE, result=result)
    run.refresh_from_db()
    return run


def carry_out_waiting_backtests() -> int:
    """Run whatever waits or was left by a worker that died, oldest first; how many. Gives up after `MOST_TRIES`."""
    quiet = datetime.now(tz=UTC) - DEAD_AFTER
    left = Q(status=BacktestStatus.RUNNING, beat_at__lt=quiet)
    BacktestRun.objects.filter(left, tries__gte=MOST_TRIES).update(
        status=BacktestStatus.FAILED,
        problem="Its worker was stopped each time it was tried: ask for fewer days.",
        finished_at=datetime.now(tz=UTC),
    )
    waiting = BacktestRun.objects.filter(Q(status=BacktestStatus.WAITING) | left).order_by("created_at")
    return sum(carry_out_backtest(number) is not None for number in list(waiting.values_list("pk", flat=True)))


def _claim(run_id: int) -> BacktestRun | None:
    """Take a run for this worker: exactly one gets it."""
    now = datetime.now(tz=UTC)
    free = Q(status=BacktestStatus.WAITING) | Q(status=BacktestStatus.RUNNING, beat_at__lt=now - DEAD_AFTER)
    taken = BacktestRun.objects.filter(free, pk=run_id, tries__lt=MOST_TRIES).update(
        status=BacktestStatus.RUNNING, beat_at=now, tries=F("tries") + 1, done=0, total=0
    )
    return BacktestRun.objects.get(pk=run_id) if taken else None


def _end(run: BacktestRun, status: BacktestStatus, *, result: Backtest | None = None, problem: str = "") -> None:
    said: dict[str, Any] = {}
    if result is not None:
        said = result.as_json()
        said["flips"] = said["flips"][:FLIPS_KEPT]
        for name, counted in (("by_rule", result.by_rule), ("by_agent", result.by_agent), ("by_tool", result.by_tool)):
            said[name] = counted.most_common(NAMES_KEPT)  # pairs: the column does not keep the order of an object
    BacktestRun.objects.filter(pk=run.pk, tries=run.tries).update(
        status=status, result=said, problem=problem, finished_at=datetime.now(tz=UTC)
    )


def _wake_worker(number: int) -> None:
    current_app.send_task("governance.tasks.backtest_draft", kwargs={"run": number}, retry=False, ignore_result=True)

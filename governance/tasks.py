"""Celery tasks of the governance room: thin, and none of them the only copy of anything."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import structlog
from celery import shared_task
from django.conf import settings

from accounts.services.errors import ServiceError
from governance.deciding import keys
from governance.policy.document.errors import PolicyErrors
from governance.services.releasing.publish import carry_out, carry_out_waiting
from governance.services.replaying.backtest_runs import carry_out_backtest, carry_out_waiting_backtests
from governance.services.switches import SwitchRefused, reconcile_files
from governance.services.unfinished import end_unfinished

_log = structlog.get_logger(__name__)


@shared_task(name="governance.tasks.publish_release", ignore_result=True)
def publish_release(*, proposal: int) -> None:
    """Release one agreed proposal. What fails is noted on it; what was interrupted waits for the sweep."""
    try:
        carry_out(proposal)
    except (ServiceError, PolicyErrors, ValueError) as error:
        _log.warning("release.not_made", proposal=proposal, reason=str(error))


@shared_task(name="governance.tasks.publish_waiting", ignore_result=True)
def publish_waiting() -> None:
    """Release what was agreed to and whose wake-up was lost: beat, every few seconds."""
    carry_out_waiting()


@shared_task(name="governance.tasks.backtest_draft", ignore_result=True)
def backtest_draft(*, run: int) -> None:
    """Run one backtest that somebody asked for."""
    carry_out_backtest(run)


@shared_task(name="governance.tasks.backtest_waiting", ignore_result=True)
def backtest_waiting() -> None:
    """Run what waits, or was left by a worker that died: beat, every few seconds."""
    carry_out_waiting_backtests()


@shared_task(name="governance.tasks.enter_kill_files", ignore_result=True)
def enter_kill_files() -> None:
    """Make rows of the switches that were set on this host while the database was away: beat, every few seconds."""
    try:
        entered = reconcile_files(folder=Path(settings.TOOLGATE_VAR) / "kill", macs=keys.state_macs())
    except SwitchRefused as refused:
        _log.warning("switch.not_entered", reason=str(refused))
        return
    if entered:
        _log.warning("switch.entered", count=entered)


@shared_task(name="governance.tasks.end_unfinished_executions", ignore_result=True)
def end_unfinished_executions() -> None:
    """End executions that nobody reported an end of: beat, every minute."""
    ended = end_unfinished(now=datetime.now(tz=UTC))
    if ended:
        _log.info("executions.timed_out", count=ended)

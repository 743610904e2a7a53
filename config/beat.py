"""What beat sends and when: the whole schedule in one table, every entry with the queue it goes to."""

from __future__ import annotations

from typing import Any

DEFAULT_QUEUE, INGEST_QUEUE, POLICY_QUEUE = "default", "ingest", "policy"
QUEUES = (DEFAULT_QUEUE, INGEST_QUEUE, POLICY_QUEUE)

# Tasks by the beginning of their names; what is not listed goes to the default queue.
ROUTES: dict[str, dict[str, str]] = {
    "audit.tasks.ingest_*": {"queue": INGEST_QUEUE},
    "governance.tasks.compile*": {"queue": POLICY_QUEUE},
    "governance.tasks.publish*": {"queue": POLICY_QUEUE},
}


def every(seconds: float, task: str, *, queue: str = DEFAULT_QUEUE) -> dict[str, Any]:
    """One entry of the schedule; a run that could not start within its period is dropped, not piled up."""
    return {"task": task, "schedule": seconds, "options": {"queue": queue, "expires": seconds}}


SCHEDULE: dict[str, dict[str, Any]] = {
    # The outbox wakes its task on commit; this is the backstop for a wake-up that was lost with a worker.
    "outbox": every(5, "audit.tasks.ingest_outbox", queue=INGEST_QUEUE),
    # A proposal's row is the job: this hears what a lost wake-up did not.
    "releases": every(5, "governance.tasks.publish_waiting", queue=POLICY_QUEUE),
    "backtests": every(10, "governance.tasks.backtest_waiting"),
    "kill-files": every(5, "governance.tasks.enter_kill_files"),
    "executions": every(60, "governance.tasks.end_unfinished_executions"),
    "partitions": every(3600, "audit.tasks.keep_partitions"),
}

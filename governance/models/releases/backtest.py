"""Backtests that were asked for: a job for the worker, its progress, and what came of it."""

from __future__ import annotations

from django.db import models


class BacktestStatus(models.TextChoices):
    """Where a backtest stands."""

    WAITING = "waiting", "waiting for the worker"
    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "failed"


class BacktestRun(models.Model):
    """One backtest of one document over the last `days` days before `until`.

    The row is the job: a message only wakes the worker. `beat_at` is when the worker last said that it is at it; a run
    whose worker died is taken up again, `tries` times at most. `result` holds counts, ids and shapes, never values.
    """

    document = models.BinaryField()
    digest = models.CharField(max_length=64)
    draft_revision = models.PositiveBigIntegerField(default=0)
    days = models.PositiveSmallIntegerField()
    until = models.DateTimeField()
    author = models.CharField(max_length=128)
    status = models.CharField(max_length=16, choices=BacktestStatus, default=BacktestStatus.WAITING)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    beat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict)
    problem = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at",)
        default_permissions = ()
        constraints = (
            models.CheckConstraint(condition=models.Q(days__gte=1, days__lte=90), name="governance_backtestrun_days"),
        )

    def __str__(self) -> str:
        return f"backtest {self.pk} by {self.author}"

    @property
    def object_id(self) -> str:
        """Its number."""
        return str(self.pk)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.status in (BacktestStatus.DONE, BacktestStatus.FAILED)

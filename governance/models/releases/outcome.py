"""Which outcomes were reported: the guard that each is reported once, whichever process hears of it."""

from __future__ import annotations

from django.db import models


class OutcomePhase(models.TextChoices):
    """The two things that can be reported of an execution."""

    STARTED = "started", "started"
    ENDED = "ended", "ended"


class ReportedOutcome(models.Model):
    """One phase of one decision's execution. Written with its record in one transaction; old rows are swept."""

    decision = models.UUIDField()
    phase = models.CharField(max_length=8, choices=OutcomePhase)
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=("decision", "phase"), name="governance_reportedoutcome_once"),)
        indexes = (models.Index(fields=["at"], name="governance_reportedoutcome_at"),)

    def __str__(self) -> str:
        return f"{self.decision} {self.phase}"

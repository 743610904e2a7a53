"""Sealed data keys of captured payloads: beside the trail, so that destroying them erases without touching proofs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class DayKey(models.Model):
    """The data key of one principal and UTC day (`day` counts from 1970-01-01), sealed to the auditors' public key.

    A destroyed one keeps its row: `sealed` is empty and `destroyed_at` says since when.
    """

    id = models.UUIDField(primary_key=True)
    kid = models.TextField()
    principal = models.TextField()
    day = models.IntegerField()
    sealed = models.TextField()
    created_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[DayKey]] = models.Manager()

    class Meta:
        managed = False
        db_table = "audit_day_key"
        verbose_name = "capture key"

    def __str__(self) -> str:
        return f"{self.principal}, day {self.day}"

"""What sign-ins with a password have cost so far: shared by all web processes, and kept over their restarts."""

from __future__ import annotations

from django.db import models


class SignInAttempts(models.Model):
    """How much of a budget is spent, as it stood `at`; it comes back with time. `key` is a digest of whose it is."""

    key = models.CharField(max_length=64, primary_key=True)
    spent = models.FloatField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.key

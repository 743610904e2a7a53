"""Data sources: what calls touch without naming it."""

from __future__ import annotations

from django.db import models

from accounts.models.authored import Authored
from governance.engine.compiled.defaults import RATE_CLASS
from governance.models.entities.entity import CaptureChoice, Entity
from governance.models.entities.server import empty


class DataSource(Entity, Authored):
    """A body of data, found in a call's arguments by path, host or table."""

    patterns = models.JSONField(
        blank=True, default=empty, help_text="What in a call's arguments means that it is touched."
    )
    rate_class = models.CharField(max_length=40, default=RATE_CLASS)
    capture = models.CharField(max_length=16, choices=CaptureChoice, default=CaptureChoice.REDACTED)

    class Meta:
        ordering = ("slug",)

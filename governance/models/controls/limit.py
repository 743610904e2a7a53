"""Rate limits: how many calls a principal has, by class and tier, and how many a session."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from governance.engine.compiled.defaults import BURST_MULTIPLIER
from governance.models.entities.server import empty
from governance.models.singleton import Singleton


class RateLimits(Singleton):
    """Token buckets and the session's sliding window. What is not written has its shipped value."""

    disabled = models.BooleanField(default=False, help_text="No limits at all; refused in production.")
    burst_multiplier = models.FloatField(
        default=BURST_MULTIPLIER,
        validators=[MinValueValidator(1), MaxValueValidator(1_000)],
        help_text="A bucket holds this many seconds' worth.",
    )
    burst_multipliers = models.JSONField(
        blank=True,
        default=empty,
        help_text="Seconds' worth, by rate class. A class that is left empty has the burst multiplier.",
    )
    base_per_second = models.JSONField(blank=True, default=empty, help_text="Calls a second, by rate class.")
    tier_multipliers = models.JSONField(blank=True, default=empty, help_text="Factors, by rate tier.")
    session = models.JSONField(
        blank=True, default=empty, help_text="Calls in a window of seconds, for one signed session."
    )

    class Meta(Singleton.Meta):
        verbose_name = verbose_name_plural = "rate limits"

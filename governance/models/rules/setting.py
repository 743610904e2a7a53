"""Settings of the decision point that are policy."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from governance.engine.compiled.defaults import STALE_AFTER, STALE_AFTER_RESTRICTED
from governance.models.singleton import Singleton

_SECONDS = [MinValueValidator(1), MaxValueValidator(3_600)]


class PolicySettings(Singleton):
    """How long unconfirmed state may be used, and whether publishing takes two."""

    stale_after = models.PositiveIntegerField(
        default=STALE_AFTER,
        validators=_SECONDS,
        help_text="Seconds without confirmed state until every call is denied.",
    )
    stale_after_restricted = models.PositiveIntegerField(
        default=STALE_AFTER_RESTRICTED, validators=_SECONDS, help_text="The same for restricted entities."
    )
    two_person = models.BooleanField("two-person mode", default=False, help_text="Publishing needs a second person.")

    class Meta(Singleton.Meta):
        verbose_name = verbose_name_plural = "settings"

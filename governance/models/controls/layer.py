"""Whole layers put in shadow, with an end."""

from __future__ import annotations

from collections.abc import Collection

from django.db import models
from django.db.models import Q

from accounts.models.authored import Versioned
from governance.engine.decision import LAYERS, SHADOWABLE
from governance.models.field import Mode


class LayerMode(Versioned):
    """How one layer of the pipeline stands. Only three can be in shadow, for 14 days at most."""

    layer = models.CharField(max_length=16, unique=True, choices=[(layer, layer) for layer in LAYERS])
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.ENFORCE)
    until = models.DateTimeField(null=True, blank=True, help_text="End of the shadow (UTC), at most 14 days ahead.")

    class Meta:
        ordering = ("layer",)
        verbose_name = "layer"
        constraints = (
            models.CheckConstraint(
                condition=Q(mode=Mode.ENFORCE) | (Q(layer__in=SHADOWABLE) & Q(until__isnull=False)),
                name="governance_layermode_shadow_ends",
                violation_error_message="Only secrets, blocklist and rate_limit can be in shadow, and with an end.",
            ),
        )

    def __str__(self) -> str:
        return self.layer

    @property
    def object_id(self) -> str:
        return self.layer

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Told by the policy's checks, at its field; the database refuses whatever came past them."""

"""Exemptions: one detector or entry that does not hold for one entity, until a date."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models.authored import Versioned
from governance.models.rules.rule import servers_of


class ExemptionLayer(models.TextChoices):
    """Where exemptions exist."""

    SECRETS = "secrets", "secrets"
    BLOCKLIST = "blocklist", "blocklist"


class Exemption(Versioned):
    """A hole in a control, with a reason and an end. Decisions that used it say so."""

    layer = models.CharField(max_length=16, choices=ExemptionLayer)
    name = models.CharField("detector or entry", max_length=128)
    entity = models.CharField(max_length=400, help_text="The one entity it holds for, as `tool:auth/verify`; no `**`.")
    path = models.CharField(
        max_length=500, blank=True, default="", help_text="JSON pointer to the one argument it holds for."
    )
    until = models.DateTimeField(help_text="Its end (UTC), at most 180 days after the publish that first carries it.")
    justification = models.TextField(help_text="Why.")

    class Meta:
        ordering = ("layer", "name", "entity", "path", "id")
        constraints = (
            models.CheckConstraint(condition=Q(layer__in=ExemptionLayer.values), name="governance_exemption_layer"),
        )

    def __str__(self) -> str:
        return self.object_id

    @property
    def object_id(self) -> str:
        return f"{self.layer}:{self.name} for {self.entity}{f' at {self.path}' if self.path else ''}"

    @classmethod
    def scope_filter(cls, *, departments: frozenset[str], servers: frozenset[str]) -> Q | None:
        reached = Q(pk__in=())
        for server in sorted(servers):
            reached |= Q(entity=f"server:{server}") | Q(entity__startswith=f"tool:{server}/")
        return reached

    def in_scope(self, *, departments: frozenset[str], servers: frozenset[str]) -> bool:
        confined = servers_of([self.entity])
        return bool(confined) and set(confined) <= servers

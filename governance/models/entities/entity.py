"""What every entity has: a name, whether it is enabled, and the boundaries around it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models.slug import Sensitivity
from governance.models.field import kind_set, slug_set, tier_set


class CaptureChoice(models.TextChoices):
    """How much of a call's arguments and results the trail keeps, encrypted."""

    NONE = "none", "nothing"
    DIGEST = "digest", "a keyed digest"
    REDACTED = "redacted", "everything but findings"
    FULL = "full", "everything"


def user_scope() -> list[str]:
    """The scopes of an entity that nobody wrote any for."""
    return ["user"]


class Entity(models.Model):
    """The fields that every kind of entity has. Boundaries only narrow: a tool's apply in addition to its server's."""

    name = models.CharField(max_length=200, blank=True, default="", help_text="What people call it. Empty: its id.")
    description = models.TextField(blank=True, default="")
    enabled = models.BooleanField(default=True, help_text="Off: every call is denied with `entity.disabled`.")
    scopes = tier_set(default=user_scope, help_text="Tiers, any one of which suffices. Nothing: user.")
    departments = slug_set(help_text="Closed to everybody outside these. Nothing: no boundary.")
    principal_kinds = kind_set(help_text="Closed to every other kind of principal. Nothing: any.")
    default_allow = models.BooleanField(
        default=False, help_text="Allowed without a rule. Never for anonymous, never from confidential up."
    )
    sensitivity = models.CharField(max_length=16, choices=Sensitivity, default=Sensitivity.INTERNAL)

    class Meta:
        abstract = True

    @classmethod
    def scope_filter(cls, *, departments: frozenset[str], servers: frozenset[str]) -> Q | None:
        if not departments:
            return None
        return Q(departments__contained_by=sorted(departments)) & Q(departments__len__gt=0)

    def in_scope(self, *, departments: frozenset[str], servers: frozenset[str]) -> bool:
        return bool(self.departments) and set(self.departments) <= departments

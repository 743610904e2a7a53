"""Departments, groups and roles: defined in the policy, held by people in the directory."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models.authored import Authored
from accounts.models.slug import Sensitivity, TierChoice


class Department(Authored):
    """A part of the organisation; the boundary that entities and data sources can be closed to."""

    name = models.CharField(max_length=200, blank=True, default="")
    description = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("slug",)

    @classmethod
    def scope_filter(cls, *, departments: frozenset[str], servers: frozenset[str]) -> Q | None:
        return Q(slug__in=departments) if departments else None

    def in_scope(self, *, departments: frozenset[str], servers: frozenset[str]) -> bool:
        return self.slug in departments


class Group(Authored):
    """A set of principals that rules and approvals name."""

    name = models.CharField(max_length=200, blank=True, default="")
    description = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("slug",)


class Role(Authored):
    """What a principal may be trusted with: `tier` is the lowest tier a holder must have and never raises one."""

    name = models.CharField(max_length=200, blank=True, default="")
    description = models.TextField(blank=True, default="")
    tier = models.CharField(
        "lowest tier",
        max_length=16,
        choices=TierChoice,
        default=TierChoice.ANONYMOUS,
        help_text="A holder below this tier does not count as holding the role. It never raises a tier.",
    )
    max_sensitivity = models.CharField(
        max_length=16,
        choices=Sensitivity,
        default=Sensitivity.INTERNAL,
        help_text="The most sensitive entity or data source that a holder may touch.",
    )

    class Meta:
        ordering = ("slug",)


class DirectoryEpoch(models.Model):
    """One row: how often the directory has changed.

    Database triggers raise it in the transaction that changes a principal, holding its lock until commit, so that
    revisions are committed in order: a process that has seen revision *n* reads principals with a greater one and
    misses none. `removed_at` is the revision of the last removal of a row, after which everything is read anew;
    `keys_at`, `revocations_at` and `guard_at` of the last change to agent keys, to revocations and to the scanner
    guard's lists, which are then read anew.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    revision = models.PositiveBigIntegerField(default=0)
    removed_at = models.PositiveBigIntegerField(default=0)
    keys_at = models.PositiveBigIntegerField(default=0, db_default=0)
    revocations_at = models.PositiveBigIntegerField(default=0, db_default=0)
    guard_at = models.PositiveBigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="accounts_directoryepoch_one_row"),)

    def __str__(self) -> str:
        return f"directory revision {self.revision}"

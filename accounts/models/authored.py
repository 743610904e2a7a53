"""What every object that people author has in common: an id, a version for optimistic locking, and its last editor."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models.slug import SlugField


class Versioned(models.Model):
    """A row that two people may have open at once.

    `revision` grows by one with every change a service makes; a writer that hands in an older one gets a conflict.
    `updated_by` is the editor's name as it was, not a foreign key: rows outlive the people who wrote them.
    """

    revision = models.PositiveBigIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)
    updated_by = models.CharField(max_length=128, blank=True, default="", editable=False)

    class Meta:
        abstract = True

    #: Columns that hold a value which must never be shown, searched, sorted by, exported or kept in history.
    secret_fields: ClassVar[frozenset[str]] = frozenset()
    #: Columns that are bookkeeping, not content: left out of history and of comparisons.
    bookkeeping_fields: ClassVar[frozenset[str]] = frozenset(
        {"id", "revision", "created_at", "updated_at", "updated_by"}
    )

    @property
    def object_id(self) -> str:
        """The id that history and records name this object by."""
        return str(getattr(self, "slug", None) or self.pk)

    def secret_values(self) -> tuple[object, ...]:
        """The secret columns' values, only ever to tell whether one changed."""
        return tuple(getattr(self, name) for name in sorted(self.secret_fields))

    @classmethod
    def scope_filter(cls, *, departments: frozenset[str], servers: frozenset[str]) -> Q | None:
        """Rows that a staff grant for these departments and servers covers; None: such a grant covers none of them."""
        return None

    def in_scope(self, *, departments: frozenset[str], servers: frozenset[str]) -> bool:
        """Whether a staff grant for these departments and servers covers this row, saved or not."""
        return False


class Authored(Versioned):
    """An object of the policy with a slug of its own."""

    slug = SlugField("id", unique=True, help_text="Stable id; rules, tokens and records name it. It cannot be changed.")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.slug

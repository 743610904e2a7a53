"""Settings of which there is one row."""

from __future__ import annotations

from typing import Self

from django.db import models

from accounts.models.authored import Versioned


class Singleton(Versioned):
    """One row with the id 1; while it is missing, every column has its default."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @property
    def object_id(self) -> str:
        return "settings"

    @classmethod
    def current(cls) -> Self:
        """The row, or an unsaved one with the defaults."""
        return cls._default_manager.filter(pk=1).first() or cls()

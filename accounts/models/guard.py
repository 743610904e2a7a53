"""The scanner guard's lists, one entry a row: data that a security team edits while everything runs."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from accounts.models.authored import Versioned


class GuardKind(models.TextChoices):
    """What an entry is compared with."""

    PATH = "path", "path"
    EXTENSION = "extension", "file extension"
    SEGMENT = "segment", "path segment"
    NAME_START = "name_start", "beginning of a segment"
    AGENT = "agent", "user agent"
    BROWSER = "browser", "browser's oldest version"
    NUMBER = "number", "number"


class GuardNumber(models.TextChoices):
    """The entries that are a number."""

    SHORTEST_AGENT = "shortest-agent", "shortest user agent, characters"
    REFUSALS = "refusals-per-minute", "refused or unknown paths a minute that a network may have"
    BAN = "ban-seconds", "seconds that a network is then refused"


class GuardEntry(Versioned):
    """One thing that the guard goes by; `number` is a browser's oldest major version, or the number itself."""

    kind = models.CharField(max_length=16, choices=GuardKind)
    value = models.CharField(
        max_length=200, help_text="Compared in lower case: `/wp-admin`, `php`, `.git`, `sqlmap`, `chrome`."
    )
    number = models.PositiveIntegerField(
        null=True, blank=True, help_text="For a browser its oldest major version; for a number the number."
    )
    enabled = models.BooleanField(default=True)
    note = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ("kind", "value")
        verbose_name = "scanner guard entry"
        verbose_name_plural = "scanner guard entries"
        constraints = (
            models.UniqueConstraint(fields=["kind", "value"], name="accounts_guardentry_value"),
            models.CheckConstraint(condition=Q(kind__in=GuardKind.values), name="accounts_guardentry_kind"),
        )

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"

    @property
    def object_id(self) -> str:
        return f"{self.kind}:{self.value}"

    def clean(self) -> None:
        """A value in the form it is compared in, and a number where one is needed."""
        super().clean()
        self.value = self.value.strip().lower()
        if not self.value or self.value == "/":
            raise ValidationError({"value": "This would match everything."})
        if self.kind == GuardKind.EXTENSION:
            self.value = self.value.removeprefix(".")
        if self.kind == GuardKind.NUMBER and self.value not in GuardNumber.values:
            raise ValidationError({"value": f"One of {', '.join(GuardNumber.values)}."})
        if (self.kind in (GuardKind.BROWSER, GuardKind.NUMBER)) != (self.number is not None):
            raise ValidationError({"number": "A browser and a number have one, nothing else has."})

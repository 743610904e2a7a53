"""Secrets: names, sources and versions. Values are sealed by the vault and never come back through these rows."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from accounts.models.authored import Authored
from accounts.models.slug import SlugField


class SecretSource(models.TextChoices):
    """Where a value comes from."""

    STORED = "stored", "stored here, sealed"
    ENV = "env", "an environment variable"
    FILE = "file", "a file in the secrets folder"


class Secret(Authored):
    """A credential by name. `reference` is the variable or file; a stored one has its sealed versions beside it."""

    provider = SlugField(help_text="Isolation domain; its own wrapping key.")
    owner = SlugField(help_text="Id of the principal who answers for it and accepts changes of where it goes.")
    description = models.TextField(blank=True, default="", help_text="What it is for. Never the value.")
    source = models.CharField(max_length=8, choices=SecretSource, default=SecretSource.STORED)
    reference = models.CharField(
        max_length=255,
        blank=True,
        default="",
        help_text="For env: TOOLGATE_SECRET_…; for file: its name in the secrets folder.",
    )
    version = models.PositiveIntegerField(
        default=0, editable=False, help_text="Number of the version in use; 0: no value yet."
    )
    rotated_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("slug",)
        constraints = (
            models.CheckConstraint(
                condition=Q(source=SecretSource.STORED, reference="")
                | (~Q(source=SecretSource.STORED) & ~Q(reference="")),
                name="governance_secret_reference",
                violation_error_message="A stored secret has no reference; one from elsewhere names it.",
            ),
        )

    def clean(self) -> None:
        """References stay inside what an operator set aside for secrets."""
        super().clean()
        if self.source == SecretSource.ENV and not self.reference.startswith("TOOLGATE_SECRET_"):
            raise ValidationError({"reference": "Only variables whose names begin TOOLGATE_SECRET_ can be read."})
        if self.source == SecretSource.FILE and (
            not self.reference or self.reference.startswith("/") or ".." in self.reference.split("/")
        ):
            raise ValidationError({"reference": "A path inside the secrets folder, without .. in it."})
        if self.source == SecretSource.STORED and self.reference:
            raise ValidationError({"reference": "A stored secret has none; set its value on its own page."})


class SecretVersion(models.Model):
    """One sealed value. Rows are added and retired, never edited."""

    secret = models.ForeignKey(Secret, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    sealed = models.BinaryField(editable=False)
    wrapping_key_id = models.CharField(max_length=64, editable=False)
    fingerprint = models.CharField(
        max_length=64, blank=True, default="", editable=False, help_text="Keyed; only for values of 40 bits and more."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=128)
    retired_at = models.DateTimeField(null=True, blank=True)

    secret_fields: ClassVar[frozenset[str]] = frozenset({"sealed", "fingerprint", "wrapping_key_id"})

    class Meta:
        ordering = ("secret", "-number")
        constraints = (models.UniqueConstraint(fields=["secret", "number"], name="governance_secretversion_once"),)

    def __str__(self) -> str:
        return f"{self.secret} version {self.number}"

"""Detectors: how credentials in arguments are found."""

from __future__ import annotations

from django.db import models

from accounts.models.authored import Authored
from governance.models.controls.blocklist import builtin_pack
from governance.models.entities.server import empty
from governance.models.field import ExactJSONField, Mode, StringSet, slug_set
from governance.models.singleton import Singleton


class FindingAction(models.TextChoices):
    """What a finding does to a call."""

    BLOCK = "block", "block the call"
    REDACT = "redact", "redact the value"


class DetectorSettings(Singleton):
    """Which shipped detectors are on, what a finding does, and which secrets are canaries."""

    packs = StringSet(default=builtin_pack, help_text="Shipped packs. Nothing: all off, visibly.")
    action = models.CharField(max_length=8, choices=FindingAction, default=FindingAction.BLOCK)
    off = StringSet(help_text="Packs or detectors that are off.")
    shadow = StringSet(help_text="Packs or detectors that are recorded and not enforced.")
    canaries = slug_set(help_text="Names of secrets that nothing may ever carry.")

    class Meta(Singleton.Meta):
        verbose_name = verbose_name_plural = "detector packs"


class Detector(Authored):
    """A detector of one's own: an RE2 expression with examples that are checked whenever the policy is read."""

    description = models.TextField(blank=True, default="")
    pattern = models.TextField(help_text="An RE2 expression.")
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.ENFORCE)
    examples = ExactJSONField(blank=True, default=empty, help_text="What it must match, and what it must let pass.")

    class Meta:
        ordering = ("slug",)

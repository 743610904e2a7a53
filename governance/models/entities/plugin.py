"""Plugins: skills, agents, servers and hooks that are rolled out together."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.db import models

from accounts.models.authored import Authored
from governance.engine.compiled.defaults import RATE_CLASS
from governance.engine.normalise.names import PLUGIN_ID
from governance.models.entities.entity import CaptureChoice, Entity
from governance.models.entities.server import empty
from governance.models.field import StringSet, slug_set


class Plugin(Entity, Authored):
    """A bundle by reference. Its parts stay what they are; the plugin says which, and who sees them."""

    version = models.CharField(max_length=64, blank=True, default="")
    author = models.CharField(max_length=500, blank=True, default="")
    keywords = StringSet(help_text="Words to find it by.")
    licence = models.CharField(max_length=500, blank=True, default="")
    category = models.CharField(max_length=64, blank=True, default="")
    skills = models.JSONField(blank=True, default=empty, help_text="Which skills belong to it.")
    agents = models.JSONField(blank=True, default=empty, help_text="Which agents belong to it.")
    servers = slug_set(help_text="Its servers.")
    hooks = models.JSONField(blank=True, default=empty, help_text="Its hooks, by event.")
    variables = models.JSONField(blank=True, default=empty, help_text="What must be filled in; never a value.")
    rate_class = models.CharField(max_length=40, default=RATE_CLASS)
    capture = models.CharField(max_length=16, choices=CaptureChoice, default=CaptureChoice.REDACTED)

    class Meta:
        ordering = ("slug",)

    def clean(self) -> None:
        """The form of the id, which is narrower than a slug's."""
        super().clean()
        if not re.fullmatch(PLUGIN_ID, self.slug):
            raise ValidationError({"slug": "A plugin's id is 3 to 50 of a–z, 0–9 and dash, not at either end."})

"""Skills: instructions that an agent can take up."""

from __future__ import annotations

from django.db import models

from accounts.models.authored import Authored
from accounts.models.slug import SlugField
from governance.engine.compiled.defaults import RATE_CLASS
from governance.models.entities.entity import CaptureChoice, Entity
from governance.models.field import StringSet, slug_set


class Skill(Entity, Authored):
    """A named set of instructions, and the servers it works with."""

    instructions = models.TextField(blank=True, default="", help_text="What the agent reads. Never a secret.")
    tags = StringSet(help_text="Words to find it by.")
    owner = SlugField(blank=True, default="", help_text="Id of the principal who keeps it.")
    servers = slug_set(help_text="Servers it works with.")
    rate_class = models.CharField(max_length=40, default=RATE_CLASS)
    capture = models.CharField(max_length=16, choices=CaptureChoice, default=CaptureChoice.REDACTED)

    class Meta:
        ordering = ("slug",)

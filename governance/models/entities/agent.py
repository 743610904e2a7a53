"""The agent: software acting for a principal, and the bounds on what it may do."""

from __future__ import annotations

from django.db import models

from accounts.models.authored import Authored
from accounts.models.slug import Sensitivity, SlugField, TierChoice
from governance.engine.compiled.defaults import RATE_CLASS
from governance.models.entities.entity import CaptureChoice, Entity
from governance.models.field import StringSet


class Agent(Entity, Authored):
    """A registered agent. It is a bound, never a source of rights; its departments, unset, are its owner's."""

    owner = SlugField(help_text="Id of the principal who answers for the agent. Not active: the agent is disabled.")
    tier = models.CharField(
        "tier ceiling",
        max_length=16,
        choices=TierChoice,
        default=TierChoice.USER,
        help_text="Lowers the tier of whoever it acts for, for scopes and allow rules.",
    )
    entities = StringSet(
        help_text="What it may call at all: `tool:files/read`, `server:files`, globs. Nothing: everything."
    )
    max_sensitivity = models.CharField(
        max_length=16,
        choices=Sensitivity,
        blank=True,
        default="",
        help_text="The most sensitive entity it may reach. Empty: no bound.",
    )
    rate_class = models.CharField(max_length=40, default=RATE_CLASS)
    capture = models.CharField(max_length=16, choices=CaptureChoice, default=CaptureChoice.REDACTED)

    class Meta:
        ordering = ("slug",)

"""Policy tests: cases that must hold, and the principals they speak of."""

from __future__ import annotations

from django.db import models

from accounts.models.authored import Authored, Versioned
from accounts.models.slug import SlugField, TierChoice
from accounts.models.user import Status, UserKind
from governance.models.entities.server import empty
from governance.models.field import ExactJSONField, slug_set


class PolicyTest(Versioned):
    """One case that stands beside the policy; publishing with a failing one needs an override with a reason."""

    name = models.CharField(max_length=200, unique=True, db_collation="C", help_text="What it shows, as a sentence.")
    principal = ExactJSONField(help_text="A principal's id, `anonymous`, or one described on the spot.")
    agent = models.CharField(max_length=128, blank=True, default="", help_text="Without one no agent's bounds apply.")
    audience = models.CharField(max_length=500, blank=True, default="", help_text="Checked only when given.")
    call = ExactJSONField(default=empty, help_text="What is attempted.")
    at = models.DateTimeField(null=True, blank=True, help_text="The clock (UTC). Empty: now.")
    expect = models.JSONField(default=empty, help_text="What must come of it.")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def object_id(self) -> str:
        return self.name


class PolicyPrincipal(Authored):
    """A principal as the policy file writes it: for tests, and for import into the directory. No release holds it."""

    name = models.CharField(max_length=200, blank=True, default="")
    email = models.EmailField("e-mail address", blank=True, default="", help_text="Where people write to it.")
    kind = models.CharField(max_length=16, choices=UserKind, default=UserKind.USER)
    owner = SlugField(blank=True, default="", help_text="Who answers for a service principal.")
    tier = models.CharField(
        max_length=16, choices=TierChoice, blank=True, default="", help_text="Empty: user, or service for a service."
    )
    roles = slug_set(help_text="Roles held.")
    groups = slug_set(help_text="Groups belonged to.")
    departments = slug_set(help_text="Departments belonged to.")
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)

    class Meta:
        ordering = ("slug",)
        verbose_name = "test principal"

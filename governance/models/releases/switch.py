"""Kill switches: what is off at once, without publishing."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class SwitchScope(models.TextChoices):
    """What a switch is for."""

    ALL = "all", "everything"
    PRINCIPAL = "principal", "a principal"
    AGENT = "agent", "an agent"
    DEPARTMENT = "department", "a department"
    SERVER = "server", "a server"
    TOOL = "tool", "a tool"


class Switch(models.Model):
    """One kill switch. `epoch` grows with each setting and lifting; `mac` covers all that decides whether it holds.

    Set by one operator; lifting keeps the row and says by whom and why.
    """

    scope = models.CharField(max_length=16, choices=SwitchScope)
    target = models.CharField(max_length=200, blank=True, default="", db_collation="C")
    reason = models.TextField()
    until = models.DateTimeField(null=True, blank=True)
    drill = models.BooleanField(default=False)
    set_by = models.CharField(max_length=128)
    set_at = models.DateTimeField()
    lifted_by = models.CharField(max_length=128, blank=True, default="")
    lifted_second = models.CharField(
        max_length=128, blank=True, default="", help_text="The second person, for everything."
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lift_reason = models.TextField(blank=True, default="")
    epoch = models.PositiveBigIntegerField(unique=True)
    key_id = models.CharField(max_length=64)
    mac = models.BinaryField(max_length=64)

    class Meta:
        ordering = ("-set_at",)
        verbose_name_plural = "switches"
        default_permissions = ("view", "add")
        permissions = (("lift_switch", "Can lift a switch"),)
        indexes = (
            models.Index(fields=["scope", "target"], condition=Q(lifted_at__isnull=True), name="governance_switch_on"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(scope__in=SwitchScope.values), name="governance_switch_scope"),
            models.CheckConstraint(
                condition=(Q(scope=SwitchScope.ALL) & Q(target="")) | (~Q(scope=SwitchScope.ALL) & ~Q(target="")),
                name="governance_switch_target",
                violation_error_message="A switch for everything has no target; any other names one.",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="governance_switch_reason"),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("set_at")), name="governance_switch_until"
            ),
            models.CheckConstraint(
                condition=Q(drill=False) | Q(until__isnull=False), name="governance_switch_drill_ends"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True) | (~Q(lifted_by="") & ~Q(lift_reason="")),
                name="governance_switch_lifted",
            ),
        )

    def __str__(self) -> str:
        return f"{self.scope}:{self.target}" if self.target else self.scope

    @property
    def object_id(self) -> str:
        """Its number."""
        return str(self.pk)

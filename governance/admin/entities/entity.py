"""What the pages of every kind of entity share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest

from accounts.admin.base.badge import badge, few
from governance.admin.base.policy_admin import PolicyAdmin
from governance.models.releases.switch import SwitchScope
from governance.selectors.switches import switch_on

BOUNDARIES: Any = (
    "Boundaries",
    {
        "description": "Boundaries only narrow. What is left empty is no boundary.",
        "fields": ("scopes", "departments", "principal_kinds", "sensitivity", "default_allow"),
    },
)
TRACE: Any = ("Limits and records", {"fields": ("rate_class", "capture")})
ABOUT = ("name", "description", "enabled")


class EntityAdmin(PolicyAdmin):
    """A list that shows what protects an entity, and pages in the same order for every kind."""

    list_display: Any = ("slug", "name", "state", "sensitivity", "boundaries", "last_change")
    list_filter: ClassVar[Any] = ("enabled", "sensitivity", "default_allow")
    search_fields: ClassVar[Any] = ("slug", "name", "description")
    stopped_by: ClassVar[Mapping[SwitchScope, Combinable]] = {}
    """Which kill switches stop it, by the column that they name."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the switch that stops each row."""
        rows: QuerySet[Any] = super().get_queryset(request).annotate(switch_on=switch_on(self.stopped_by))
        return rows

    @admin.display(description="State", ordering="enabled")
    def state(self, obj: Any) -> str:
        """What a call would meet: a switch, why it is off, or that it is on."""
        if obj.switch_on is not None:
            return badge(f"stopped by switch {obj.switch_on}", "deny")
        why_off = self.why_off(obj)
        return badge(why_off, "deny") if why_off else badge("on", "allow")

    def why_off(self, obj: Any) -> str:
        """Why every call is denied although no switch is on; empty where it is not."""
        return "" if obj.enabled else "off"

    @admin.display(description="Boundaries")
    def boundaries(self, obj: Any) -> str:
        """Tiers and departments, in short."""
        parts = [few(obj.scopes) or "user"]
        if obj.departments:
            parts.append(f"in {few(obj.departments)}")
        if obj.principal_kinds:
            parts.append(f"only {few(obj.principal_kinds)}")
        return " · ".join(parts)

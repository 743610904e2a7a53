"""What the pages of every kind of entity share."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin

from accounts.admin.base.badge import badge, few
from governance.admin.base.policy_admin import PolicyAdmin

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

    @admin.display(description="State", ordering="enabled")
    def state(self, obj: Any) -> str:
        """On or off."""
        return badge("on", "allow") if obj.enabled else badge("off", "deny")

    @admin.display(description="Boundaries")
    def boundaries(self, obj: Any) -> str:
        """Tiers and departments, in short."""
        parts = [few(obj.scopes) or "user"]
        if obj.departments:
            parts.append(f"in {few(obj.departments)}")
        if obj.principal_kinds:
            parts.append(f"only {few(obj.principal_kinds)}")
        return " · ".join(parts)

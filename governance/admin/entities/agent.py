"""Pages of agents."""

from __future__ import annotations

from django.contrib import admin

from governance.admin.entities.entity import ABOUT, TRACE, EntityAdmin
from governance.models import Agent


@admin.register(Agent)
class AgentAdmin(EntityAdmin):
    """Agents and the bounds on them."""

    empty_state = "No agents yet. Register the first one, name who answers for it, and bound what it may call."
    list_display = ("slug", "name", "state", "owner", "tier", "max_sensitivity", "last_change")
    list_filter = ("enabled", "tier", "max_sensitivity")
    search_fields = ("slug", "name", "owner", "description")
    fieldsets = (
        (None, {"fields": ("slug", *ABOUT, "owner")}),
        (
            "Bounds on what it does",
            {
                "description": "An agent never adds a right: it may do what its principal may, within these bounds.",
                "fields": ("tier", "entities", "max_sensitivity", "departments"),
            },
        ),
        ("When it is called itself", {"fields": ("scopes", "principal_kinds", "sensitivity", "default_allow")}),
        TRACE,
        ("History", {"fields": ("last_change",)}),
    )

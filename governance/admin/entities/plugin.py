"""Pages of plugins."""

from __future__ import annotations

from django.contrib import admin

from governance.admin.entities.entity import ABOUT, BOUNDARIES, TRACE, EntityAdmin
from governance.models import Plugin


@admin.register(Plugin)
class PluginAdmin(EntityAdmin):
    """Plugins and their parts by reference."""

    empty_state = "No plugins yet. A plugin names skills, agents, servers and hooks that belong together."
    list_display = ("slug", "name", "version", "state", "category", "sensitivity", "last_change")
    list_filter = ("enabled", "category", "sensitivity")
    search_fields = ("slug", "name", "description", "author", "keywords")
    fieldsets = (
        (None, {"fields": ("slug", *ABOUT, "version", "author", "licence", "category", "keywords")}),
        ("Its parts", {"fields": ("skills", "agents", "servers")}),
        ("Its hooks", {"classes": ("collapse",), "fields": ("hooks",)}),
        (
            "What must be filled in",
            {"description": "Names and descriptions. Values are secrets or settings.", "fields": ("variables",)},
        ),
        BOUNDARIES,
        TRACE,
        ("History", {"fields": ("last_change",)}),
    )

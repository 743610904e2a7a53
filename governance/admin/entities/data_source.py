"""Pages of data sources."""

from __future__ import annotations

from django.contrib import admin

from governance.admin.entities.entity import ABOUT, BOUNDARIES, TRACE, EntityAdmin
from governance.models import DataSource


@admin.register(DataSource)
class DataSourceAdmin(EntityAdmin):
    """Data sources and how calls that touch them are recognised."""

    empty_state = (
        "No data sources yet. Name a folder, a host or a table that calls touch, and close it to a department."
    )
    fieldsets = (
        (None, {"fields": ("slug", *ABOUT)}),
        (
            "What touches it",
            {"description": "A call whose arguments match any of these touches it.", "fields": ("patterns",)},
        ),
        BOUNDARIES,
        TRACE,
        ("History", {"fields": ("last_change",)}),
    )

"""Pages of the scanner guard's lists."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base.object_admin import ObjectAdmin
from accounts.models.guard import GuardEntry


@admin.register(GuardEntry)
class GuardEntryAdmin(ObjectAdmin):
    """What scanners ask for and call themselves; in force on every process within half a second."""

    empty_state = "The guard has no entries: it refuses nothing."
    list_display = ("__str__", "number", "enabled", "note", "last_change")
    list_filter = ("kind", "enabled")
    search_fields = ("value", "note")
    fieldsets = (
        (None, {"fields": ("kind", "value", "number", "enabled", "note")}),
        ("History", {"fields": ("last_change",)}),
    )

"""Pages of the blocklist."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base.badge import badge
from governance.admin.base.policy_admin import PolicyAdmin, SettingsAdmin
from governance.models import BlocklistEntry, BlocklistSettings, Mode


@admin.register(BlocklistSettings)
class BlocklistSettingsAdmin(SettingsAdmin):
    """Shipped packs."""

    fieldsets = (
        (
            None,
            {
                "description": "What is switched off here stands in a banner until it is on again.",
                "fields": ("packs", "off", "shadow"),
            },
        ),
        ("History", {"fields": ("last_change",)}),
    )


@admin.register(BlocklistEntry)
class BlocklistEntryAdmin(PolicyAdmin):
    """Own entries."""

    empty_state = "No entries of your own. The shipped packs are on; add what your organisation denies to everybody."
    list_display = ("slug", "kind", "pattern", "state", "description", "last_change")
    list_filter = ("kind", "mode")
    search_fields = ("slug", "pattern", "description")
    fieldsets = (
        (None, {"fields": ("slug", "description", "kind", "pattern", "pointer", "mode")}),
        ("Examples", {"description": "Checked whenever the policy is read. One a line.", "fields": ("examples",)}),
        ("History", {"fields": ("last_change",)}),
    )

    @admin.display(description="Mode", ordering="mode")
    def state(self, obj: BlocklistEntry) -> str:
        """Whether it is in force."""
        return badge(obj.mode, "shadow" if obj.mode == Mode.SHADOW else "plain")

"""Pages of detectors."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base.badge import badge
from governance.admin.base.policy_admin import PolicyAdmin, SettingsAdmin
from governance.models import Detector, DetectorSettings, Mode


@admin.register(DetectorSettings)
class DetectorSettingsAdmin(SettingsAdmin):
    """Shipped detectors, and what a finding does."""

    fieldsets = (
        (
            None,
            {
                "description": "What is switched off here stands in a banner until it is on again.",
                "fields": ("packs", "off", "shadow"),
            },
        ),
        ("What a finding does", {"fields": ("action", "canaries")}),
        ("History", {"fields": ("last_change",)}),
    )


@admin.register(Detector)
class DetectorAdmin(PolicyAdmin):
    """Own detectors."""

    empty_state = "No detectors of your own. The shipped ones are on; add the form of credentials that only you have."
    list_display = ("slug", "pattern", "state", "description", "last_change")
    list_filter = ("mode",)
    search_fields = ("slug", "description")
    fieldsets = (
        (None, {"fields": ("slug", "description", "pattern", "mode")}),
        ("Examples", {"description": "Checked whenever the policy is read. One a line.", "fields": ("examples",)}),
        ("History", {"fields": ("last_change",)}),
    )

    @admin.display(description="Mode", ordering="mode")
    def state(self, obj: Detector) -> str:
        """Whether it is in force."""
        return badge(obj.mode, "shadow" if obj.mode == Mode.SHADOW else "plain")

"""Pages of exemptions."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone

from accounts.admin.base.badge import badge
from governance.admin.base.policy_admin import PolicyAdmin
from governance.models import Exemption


@admin.register(Exemption)
class ExemptionAdmin(PolicyAdmin):
    """Holes in controls, each with a reason and an end."""

    fixed_fields = ("layer", "name", "entity", "path")
    empty_state = (
        "No exemptions, as it should be. Where a control stops something that must pass, name it here with an end."
    )
    list_display = ("name", "layer", "entity", "path", "until", "state", "last_change")
    list_filter = ("layer",)
    search_fields = ("name", "entity", "justification")
    date_hierarchy = "until"
    fieldsets = (
        (None, {"fields": ("layer", "name", "entity", "path", "until", "justification")}),
        ("History", {"fields": ("last_change",)}),
    )

    @admin.display(description="State", ordering="until")
    def state(self, obj: Exemption) -> str:
        """Whether it still has an effect."""
        return badge("ended", "deny") if obj.until <= timezone.now() else badge("open", "ask")

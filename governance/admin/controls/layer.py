"""Pages of whole layers."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base.badge import badge
from governance.admin.base.policy_admin import PolicyAdmin
from governance.models import LayerMode, Mode


@admin.register(LayerMode)
class LayerModeAdmin(PolicyAdmin):
    """Layers in shadow."""

    fixed_fields = ("layer",)
    empty_state = "Every layer is in force. A whole layer can be put in shadow for at most 14 days while you tune it."
    list_display = ("layer", "state", "until", "last_change")
    list_filter = ("mode",)
    fieldsets = ((None, {"fields": ("layer", "mode", "until")}), ("History", {"fields": ("last_change",)}))

    @admin.display(description="Mode", ordering="mode")
    def state(self, obj: LayerMode) -> str:
        """Whether it is in force."""
        return badge(obj.mode, "shadow" if obj.mode == Mode.SHADOW else "plain")

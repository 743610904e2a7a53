"""Pages of hooks."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base.badge import badge
from governance.admin.base.policy_admin import PolicyAdmin
from governance.models import Hook, Mode


@admin.register(Hook)
class HookAdmin(PolicyAdmin):
    """Lifecycle hooks."""

    empty_state = (
        "No hooks yet. A hook is to run an executable, a question or an agent around a call, and can only tighten it."
    )
    list_display = ("slug", "event", "matcher", "type", "category", "on_failure", "state", "last_change")
    list_filter = ("event", "type", "category", "enabled", "mode")
    search_fields = ("slug", "name", "description", "matcher", "plugin", "tags")
    fieldsets = (
        (None, {"fields": ("slug", "name", "description", "version", "enabled", "mode", "tags")}),
        ("When it fires", {"fields": ("event", "matcher", "plugin")}),
        ("What runs", {"fields": ("type", "command", "prompt", "endpoint", "agent", "max_sensitivity")}),
        ("How it runs", {"fields": ("asynchronous", "timeout", "on_failure", "category")}),
        ("Who sees it", {"classes": ("collapse",), "fields": ("visible_to",)}),
        ("History", {"fields": ("last_change",)}),
    )

    @admin.display(description="State", ordering="enabled")
    def state(self, obj: Hook) -> str:
        """Off, in shadow or in force."""
        if not obj.enabled:
            return badge("off", "deny")
        return badge("shadow") if obj.mode == Mode.SHADOW else badge("on", "allow")

"""Pages of secrets: names, sources, versions. No value is ever shown, listed, searched or kept in history."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base.badge import badge
from governance.admin.base.policy_admin import PolicyAdmin
from governance.models import Secret


@admin.register(Secret)
class SecretAdmin(PolicyAdmin):
    """What a secret is for and where it comes from; its value is set on a page of its own."""

    empty_state = "No secrets yet. Name one, say where it comes from, and bind it to a server."
    list_display = ("slug", "provider", "owner", "source", "state", "version", "rotated_at", "last_change")
    list_filter = ("source", "provider")
    search_fields = ("slug", "provider", "owner", "description")
    readonly_fields = ("version", "rotated_at")
    fixed_fields = ("slug", "provider", "source")
    fieldsets = (
        (None, {"fields": ("slug", "description", "provider", "owner")}),
        ("Where the value comes from", {"fields": ("source", "reference", "version", "rotated_at")}),
        ("History", {"fields": ("last_change",)}),
    )

    @admin.display(description="State")
    def state(self, obj: Secret) -> str:
        """Whether there is a value to use."""
        if obj.source != "stored":
            return badge("by reference", "plain")
        return badge("set", "allow") if obj.version else badge("no value yet", "ask")

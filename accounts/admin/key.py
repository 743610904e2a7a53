"""Pages of agent keys and revocations: to be read. Keys are made, shown once and revoked by actions of their own."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone

from accounts.admin.base.badge import badge, few
from accounts.admin.base.object_admin import ReadOnlyAdmin
from accounts.models import AgentKey, Revocation


@admin.register(AgentKey)
class AgentKeyAdmin(ReadOnlyAdmin):
    """Which keys there are, what for, and when they were last used."""

    empty_state = "No agent keys yet. A key lets one agent in, for one principal, and is shown once."
    list_display = ("public_id", "name", "agent", "principal", "state", "doors", "expires_at", "last_used_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "expires_at")
    search_fields = ("public_id", "name", "agent", "principal__username")
    list_select_related = ("principal",)
    fields = (
        "public_id", "name", "agent", "principal", "scopes", "audiences", "servers", "networks", "expires_at",
        "last_used_at", "revoked_at", "revoked_by", "issued_by",
    )  # fmt: skip

    @admin.display(description="State")
    def state(self, obj: AgentKey) -> str:
        """Whether it still lets anybody in."""
        if obj.revoked_at is not None:
            return badge("revoked", "deny")
        if obj.expires_at is not None and obj.expires_at <= timezone.now():
            return badge("ended", "deny")
        return badge("on", "allow")

    @admin.display(description="Doors")
    def doors(self, obj: AgentKey) -> str:
        """Where it is accepted."""
        return few([*obj.audiences, *obj.servers])


@admin.register(Revocation)
class RevocationAdmin(ReadOnlyAdmin):
    """What authenticates no more."""

    empty_state = "Nothing is revoked."
    list_display = ("__str__", "reason", "revoked_by", "created_at", "expires_at", "epoch")
    list_filter = ("kind", "created_at")
    search_fields = ("value", "reason", "revoked_by")
    fields = ("kind", "value", "reason", "issued_before", "expires_at", "revoked_by", "created_at", "epoch")

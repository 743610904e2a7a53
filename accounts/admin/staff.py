"""Pages of staff grants."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin.base.badge import badge
from accounts.admin.base.object_admin import ObjectAdmin
from accounts.models import StaffGrant
from accounts.services import directory


@admin.register(StaffGrant)
class StaffGrantAdmin(ObjectAdmin):
    """Who holds which staff role, where and until when."""

    fixed_fields = ("user", "role")
    empty_state = "No staff grants yet."
    list_display = ("user", "role", "reach", "state", "valid_until", "stand_in_for", "reason", "last_change")
    list_filter = ("role", "scope_kind", ("valid_until", admin.EmptyFieldListFilter))
    search_fields = ("user__username", "scope", "reason")
    list_select_related = ("user", "stand_in_for")
    raw_id_fields = ("user", "stand_in_for")
    fieldsets = (
        (None, {"fields": ("user", "role", "reason")}),
        ("How far", {"fields": ("scope_kind", "scope")}),
        ("How long", {"fields": ("valid_until", "stand_in_for")}),
        ("History", {"fields": ("last_change",)}),
    )

    def write_new(self, request: HttpRequest, obj: Any) -> None:
        """Give through the directory's service."""
        directory.grant_role(actor=self.actor(request), grant=obj)

    def write_changed(self, request: HttpRequest, obj: Any, expected: int | None) -> None:
        """Change through the directory's service."""
        directory.change_grant(actor=self.actor(request), grant=obj, expected_revision=expected)

    def write_removed(self, request: HttpRequest, objects: list[Any]) -> None:
        """Take away through the directory's service."""
        for grant in objects:
            directory.revoke_grant(actor=self.actor(request), grant=grant)

    @admin.display(description="Reaches", ordering="scope")
    def reach(self, obj: StaffGrant) -> str:
        """Everything, or one department or server."""
        return "everything" if obj.is_global else f"{obj.scope_kind} {obj.scope}"

    @admin.display(description="State", ordering="valid_until")
    def state(self, obj: StaffGrant) -> str:
        """Whether it is in force."""
        return badge("on", "allow") if obj.is_live(timezone.now()) else badge("ended", "deny")

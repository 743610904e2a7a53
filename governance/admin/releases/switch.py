"""Pages of kill switches: to be read. Setting and lifting are actions of their own."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone

from accounts.admin.base.badge import badge
from accounts.admin.base.object_admin import ReadOnlyAdmin
from governance.models import Switch


@admin.register(Switch)
class SwitchAdmin(ReadOnlyAdmin):
    """What is off, what was, and why."""

    empty_state = (
        "No switch was ever set. Setting one stops everything, a principal, an agent, a department, a server or a tool."
    )
    list_display = ("__str__", "state", "reason", "until", "set_by", "set_at", "lifted_by", "lifted_at")
    list_filter = ("scope", "drill", ("lifted_at", admin.EmptyFieldListFilter))
    search_fields = ("target", "reason", "set_by", "lifted_by")
    fields = (
        "scope", "target", "reason", "until", "drill", "set_by", "set_at", "lifted_by", "lifted_second", "lifted_at",
        "lift_reason", "epoch",
    )  # fmt: skip

    @admin.display(description="State")
    def state(self, obj: Switch) -> str:
        """On, over or lifted; a drill says so."""
        if obj.lifted_at is not None:
            return badge("lifted", "plain")
        if obj.until is not None and obj.until <= timezone.now():
            return badge("ended", "plain")
        return badge("DRILL", "ask") if obj.drill else badge("on", "deny")

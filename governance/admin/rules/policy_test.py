"""Pages of policy tests and of the principals they speak of."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base.badge import badge, few
from governance.admin.base.policy_admin import PolicyAdmin
from governance.models import PolicyPrincipal, PolicyTest


@admin.register(PolicyTest)
class PolicyTestAdmin(PolicyAdmin):
    """Cases that must hold before anything is published."""

    fixed_fields = ("name",)
    empty_state = "No tests yet. Write down one call that must be allowed and one that must be denied."
    list_display = ("name", "expected", "whose", "what", "last_change")
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("name",)}),
        ("The call", {"fields": ("principal", "agent", "audience", "call", "at")}),
        ("What must come of it", {"fields": ("expect",)}),
        ("History", {"fields": ("last_change",)}),
    )

    @admin.display(description="Expected")
    def expected(self, obj: PolicyTest) -> str:
        """The answer that the case demands."""
        return badge(str(obj.expect.get("decision", "")))

    @admin.display(description="Principal")
    def whose(self, obj: PolicyTest) -> str:
        """Who calls."""
        return obj.principal if isinstance(obj.principal, str) else "described in the test"

    @admin.display(description="Call")
    def what(self, obj: PolicyTest) -> str:
        """What is called."""
        call = obj.call or {}
        return str(call.get("entity") or f"{call.get('server', '')}/{call.get('tool', '')}")


@admin.register(PolicyPrincipal)
class PolicyPrincipalAdmin(PolicyAdmin):
    """Principals that exist for tests only."""

    empty_state = "No test principals yet. Tests can name these instead of describing somebody each time."
    list_display = ("slug", "kind", "tier", "held", "status", "last_change")
    list_filter = ("kind", "status")
    search_fields = ("slug", "name", "email")
    fieldsets = (
        (None, {"fields": ("slug", "name", "email", "kind", "owner", "status")}),
        ("What it holds", {"fields": ("tier", "roles", "groups", "departments")}),
        ("History", {"fields": ("last_change",)}),
    )

    @admin.display(description="Holds")
    def held(self, obj: PolicyPrincipal) -> str:
        """Roles, groups and departments in short."""
        return few([*obj.roles, *obj.groups, *obj.departments])

"""Pages of departments, groups and roles."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin

from accounts.models import Department, Group, Role, User
from governance.admin.base.policy_admin import PolicyAdmin

NAMED = (
    (None, {"fields": ("slug", "name", "description")}),
    ("History", {"fields": ("holders", "last_change")}),
)


class HeldAdmin(PolicyAdmin):
    """Something that people hold by id."""

    held_as = ""
    list_display: Any = ("slug", "name", "description", "holders", "last_change")
    search_fields: ClassVar[Any] = ("slug", "name", "description")
    readonly_fields: ClassVar[Any] = ("holders",)
    fieldsets: ClassVar[Any] = NAMED

    @admin.display(description="Held by")
    def holders(self, obj: Any) -> int:
        """How many accounts hold it now; removing the definition takes it from nobody."""
        return User.objects.filter(**{f"{self.held_as}__contains": [obj.slug]}).count() if obj.slug else 0


@admin.register(Department)
class DepartmentAdmin(HeldAdmin):
    """Departments."""

    held_as = "departments"
    empty_state = "No departments yet. Entities and data sources can be closed to a department; rules can name one."


@admin.register(Group)
class GroupAdmin(HeldAdmin):
    """Groups."""

    held_as = "groups"
    empty_state = "No groups yet. Rules and approvals can name a group of people."


@admin.register(Role)
class RoleAdmin(HeldAdmin):
    """Roles."""

    held_as = "roles"
    empty_state = "No roles yet. A role says how sensitive a thing its holder may touch; rules say what for."
    list_display = ("slug", "name", "tier", "max_sensitivity", "holders", "last_change")
    list_filter = ("tier", "max_sensitivity")
    fieldsets = (
        (None, {"fields": ("slug", "name", "description")}),
        ("What it means", {"fields": ("tier", "max_sensitivity")}),
        ("History", {"fields": ("holders", "last_change")}),
    )

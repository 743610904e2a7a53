"""Pages of bindings."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base.badge import few
from governance.admin.base.policy_admin import PolicyAdmin
from governance.models import Binding


@admin.register(Binding)
class BindingAdmin(PolicyAdmin):
    """Which secret goes into which call; never its value."""

    fixed_fields = ("secret", "server", "tool")
    empty_state = (
        "No bindings yet. A binding names the secret that is to go into the calls of one server, unseen by agents."
    )
    list_display = ("secret", "server", "tool", "where", "receivers", "last_change")
    list_filter = ("server",)
    search_fields = ("secret", "server", "tool")
    fieldsets = (
        (None, {"fields": ("secret", "server", "tool")}),
        (
            "Where it goes",
            {"description": "Exactly one of header, environment, argument, query.", "fields": ("into", "hosts")},
        ),
        ("History", {"fields": ("last_change",)}),
    )

    @admin.display(description="Into")
    def where(self, obj: Binding) -> str:
        """The place and its name."""
        return " ".join(str(part) for part in obj.place)

    @admin.display(description="Hosts")
    def receivers(self, obj: Binding) -> str:
        """The hosts in short."""
        return few(obj.hosts) or "its server's"

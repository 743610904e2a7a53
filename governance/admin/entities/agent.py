"""Pages of agents."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from accounts.models import User
from accounts.models.user import Status
from governance.admin.base.people_forms import OwnedForm
from governance.admin.entities.entity import ABOUT, TRACE, EntityAdmin
from governance.models import Agent
from governance.models.releases.switch import SwitchScope


@admin.register(Agent)
class AgentAdmin(EntityAdmin):
    """Agents and the bounds on them."""

    empty_state = "No agents yet. Register the first one, name who answers for it, and bound what it may call."
    list_display = ("slug", "name", "state", "owner", "tier", "max_sensitivity", "last_change")
    list_filter = ("enabled", "tier", "max_sensitivity")
    search_fields = ("slug", "name", "owner", "description")
    form = OwnedForm
    stopped_by: ClassVar[Any] = {SwitchScope.AGENT: OuterRef("slug")}
    fieldsets = (
        (None, {"fields": ("slug", *ABOUT, "owner")}),
        (
            "Bounds on what it does",
            {
                "description": "An agent never adds a right: it may do what its principal may, within these bounds.",
                "fields": ("tier", "entities", "max_sensitivity", "departments"),
            },
        ),
        ("When it is called itself", {"fields": ("scopes", "principal_kinds", "sensitivity", "default_allow")}),
        TRACE,
        ("History", {"fields": ("last_change",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With where each owner's account stands."""
        status = User.objects.filter(username=OuterRef("owner")).values("status")[:1]
        rows: QuerySet[Any] = super().get_queryset(request).annotate(owner_status=Subquery(status))
        return rows

    def why_off(self, obj: Any) -> str:
        """An agent without an active owner is disabled."""
        if not obj.enabled or obj.owner_status == Status.ACTIVE:
            return super().why_off(obj)
        return "owner unknown" if obj.owner_status is None else "owner inactive"

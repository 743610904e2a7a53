"""Pages of servers and their tools."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import CharField, Count, OuterRef, QuerySet, Value
from django.db.models.functions import Concat
from django.http import HttpRequest

from accounts.admin.base.badge import badge
from governance.admin.entities.entity import ABOUT, BOUNDARIES, TRACE, EntityAdmin
from governance.models import Server, Tool
from governance.models.releases.switch import SwitchScope


@admin.register(Server)
class ServerAdmin(EntityAdmin):
    """Servers: how they are reached, who comes in at their door."""

    empty_state = "No servers yet. Add the first backend that agents should reach, then its tools."
    list_display = ("slug", "name", "state", "reached_by", "mode", "tool_count", "sensitivity", "last_change")
    list_filter = ("enabled", "mode", "sensitivity")
    stopped_by: ClassVar[Any] = {SwitchScope.SERVER: OuterRef("slug")}
    fieldsets = (
        (None, {"fields": ("slug", *ABOUT)}),
        ("How it is reached", {"fields": ("transport",)}),
        (
            "Its MCP door",
            {"fields": ("mode", "audience", "agent_required", "server_requests", "denial", "accept_wording")},
        ),
        ("On clients", {"fields": ("managed_on_clients", "names_on_clients", "pinned_to_gateway")}),
        BOUNDARIES,
        TRACE,
        ("History", {"fields": ("last_change",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count the tools with the rows."""
        rows: QuerySet[Any] = super().get_queryset(request).annotate(tool_total=Count("tools", distinct=True))
        return rows

    @admin.display(description="Reached by")
    def reached_by(self, obj: Server) -> str:
        """The kind of transport and where to."""
        transport = obj.transport or {}
        return (
            f"{transport['kind']} {transport.get('url') or transport.get('command', '')}" if transport else "name only"
        )

    @admin.display(description="Tools", ordering="tool_total")
    def tool_count(self, obj: Any) -> int:
        """How many tools it has."""
        return int(obj.tool_total)


@admin.register(Tool)
class ToolAdmin(EntityAdmin):
    """Tools: what is different from their server."""

    fixed_fields = ("server", "own_name")
    empty_state = "No tools yet. Add a server first, then the tools that agents may call on it."
    list_display = ("__str__", "name", "state", "sensitivity", "boundaries", "pinned", "last_change")
    list_filter = ("enabled", "sensitivity", "server")
    search_fields = ("own_name", "name", "description", "server__slug")
    list_select_related = ("server",)
    stopped_by: ClassVar[Any] = {
        SwitchScope.SERVER: OuterRef("server_id"),
        SwitchScope.TOOL: Concat(OuterRef("server_id"), Value("/"), OuterRef("own_name"), output_field=CharField()),
    }
    fieldsets = (
        (None, {"fields": ("server", "own_name", *ABOUT)}),
        BOUNDARIES,
        ("What it touches", {"fields": ("data_sources", "schema")}),
        TRACE,
        ("History", {"fields": ("last_change",)}),
    )

    def why_off(self, obj: Tool) -> str:
        """A tool is off with its server."""
        return super().why_off(obj) or ("" if obj.server.enabled else "server off")

    @admin.display(description="Schema")
    def pinned(self, obj: Tool) -> str:
        """Whether arguments are checked against an accepted schema."""
        return badge("pinned", "allow") if obj.schema is not None else "not pinned"

"""Servers and their tools: what agents call."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from accounts.models.authored import Authored, Versioned
from accounts.models.slug import SlugField
from governance.engine.compiled.defaults import RATE_CLASS
from governance.models.entities.entity import CaptureChoice, Entity
from governance.models.field import ExactJSONField, StringSet, slug_set, validate_tool_name


class DoorMode(models.TextChoices):
    """What a server's MCP door asks of a caller's identity."""

    REQUIRED = "required", "required"
    OPTIONAL = "optional", "optional"
    DISABLED = "disabled", "disabled (development only)"


def empty() -> dict[str, Any]:
    """An object with nothing set."""
    return {}


class Server(Entity, Authored):
    """A backend with tools: an MCP server, an API, or a client's own catalogue (then without transport)."""

    transport = models.JSONField(
        null=True, blank=True, default=None, help_text="How the upstream is reached. Nothing: known by name only."
    )
    audience = models.CharField(
        max_length=500,
        blank=True,
        default="",
        help_text="Audience of tokens at its MCP door. Empty: <issuer>/mcp/<id>.",
    )
    mode = models.CharField("authentication", max_length=16, choices=DoorMode, default=DoorMode.REQUIRED)
    agent_required = models.BooleanField(default=True, help_text="A token at its MCP door must name an agent.")
    managed_on_clients = models.BooleanField(
        default=False, help_text="A client's tool `mcp__S__T` of this name is this server's tool."
    )
    names_on_clients = StringSet(help_text="Further names that clients know it by; letter case does not count.")
    pinned_to_gateway = models.BooleanField(
        default=False, help_text="Client hooks hand its calls off; the gateway decides them."
    )
    server_requests = StringSet(help_text="Requests from server to client that are let through.")
    denial = models.JSONField(blank=True, default=empty, help_text="How a denial is told at the MCP door.")
    accept_wording = models.BooleanField(
        "accept rewording",
        default=False,
        help_text="Accept mere rewording of a pinned tool by itself; never from confidential up.",
    )
    rate_class = models.CharField(max_length=40, default=RATE_CLASS)
    capture = models.CharField(max_length=16, choices=CaptureChoice, default=CaptureChoice.REDACTED)

    class Meta:
        ordering = ("slug",)

    @classmethod
    def scope_filter(cls, *, departments: frozenset[str], servers: frozenset[str]) -> Q | None:
        by_department = super().scope_filter(departments=departments, servers=servers)
        by_server = Q(slug__in=sorted(servers)) if servers else None
        return by_server if by_department is None else by_department if by_server is None else by_department | by_server

    def in_scope(self, *, departments: frozenset[str], servers: frozenset[str]) -> bool:
        return self.slug in servers or super().in_scope(departments=departments, servers=servers)


class Tool(Entity, Versioned):
    """One tool of a server. Its boundaries hold in addition to the server's; class and capture, unset, are its."""

    server = models.ForeignKey(
        Server, to_field="slug", db_column="server", on_delete=models.CASCADE, related_name="tools"
    )
    own_name = models.CharField(
        "tool name",
        max_length=128,
        validators=[validate_tool_name],
        db_collation="C",
        help_text="The tool's own name at its server.",
    )
    rate_class = models.CharField(max_length=40, blank=True, default="", help_text="Empty: its server's.")
    capture = models.CharField(
        max_length=16, choices=CaptureChoice, blank=True, default="", help_text="Empty: its server's."
    )
    data_sources = slug_set(help_text="Data sources that every call of it touches.")
    schema = ExactJSONField(
        "pinned schema", null=True, blank=True, default=None, help_text="JSON Schema of its arguments, as accepted."
    )

    class Meta:
        ordering = ("server", "own_name")
        constraints = (models.UniqueConstraint(fields=["server", "own_name"], name="governance_tool_once_a_server"),)

    def __str__(self) -> str:
        return self.object_id

    @property
    def object_id(self) -> str:
        return f"{self.server_id}/{self.own_name}"

    @classmethod
    def scope_filter(cls, *, departments: frozenset[str], servers: frozenset[str]) -> Q | None:
        reached = Q(pk__in=())
        if servers:
            reached |= Q(server_id__in=sorted(servers))
        if departments:
            held = sorted(departments)
            reached |= Q(server__departments__contained_by=held) & Q(server__departments__len__gt=0)
        return reached

    def in_scope(self, *, departments: frozenset[str], servers: frozenset[str]) -> bool:
        return self.server_id in servers or (
            bool(departments) and self.server.in_scope(departments=departments, servers=servers)
        )


class ToolPin(models.Model):
    """What a server really offers under a tool's name, beside what a person accepted: state, not policy.

    `accepted` is the definition that clients are served (name, title, description, schemas, annotations …), `seen` the
    newest one when it differs; while it does and nobody has accepted it, the tool is in quarantine.
    """

    server = SlugField(db_index=True)
    own_name = models.CharField(max_length=128, db_collation="C")
    accepted = ExactJSONField(null=True, blank=True, default=None)
    fingerprint = models.CharField(max_length=64, blank=True, default="")
    accepted_by = models.CharField(max_length=128, blank=True, default="")
    accepted_at = models.DateTimeField(null=True, blank=True)
    seen = ExactJSONField(null=True, blank=True, default=None)
    seen_fingerprint = models.CharField(max_length=64, blank=True, default="")
    seen_at = models.DateTimeField(null=True, blank=True)
    quarantined = models.BooleanField(default=True)

    class Meta:
        ordering = ("server", "own_name")
        constraints = (models.UniqueConstraint(fields=["server", "own_name"], name="governance_toolpin_once"),)

    def __str__(self) -> str:
        return f"{self.server}/{self.own_name}"

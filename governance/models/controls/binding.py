"""Bindings: which secret goes into which call. References, never values."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from accounts.models.authored import Versioned
from accounts.models.slug import SlugField
from governance.models.entities.server import empty
from governance.models.field import StringSet

PLACES = ("header", "environment", "argument", "query")


class Binding(Versioned):
    """A secret tied to a server, or to one of its tools."""

    secret = SlugField(help_text="Name of the secret.")
    server = SlugField(help_text="Id of the server that receives it.")
    tool = models.CharField(max_length=128, blank=True, default="", help_text="Only this tool of it.")
    into = models.JSONField(
        default=empty, help_text="Where it goes: exactly one of header, environment, argument, query."
    )
    hosts = StringSet(help_text="Hosts that may receive it; needed for an argument.")

    class Meta:
        ordering = ("secret", "server", "tool", "id")

    def __str__(self) -> str:
        return self.object_id

    @property
    def place(self) -> tuple[str, Any]:
        """Which place, and its name."""
        return next(((place, self.into[place]) for place in PLACES if self.into.get(place)), ("", ""))

    @property
    def object_id(self) -> str:
        place, name = self.place
        return f"{self.secret} into {self.server}{f'/{self.tool}' if self.tool else ''} {place} {name}".rstrip()

    @classmethod
    def scope_filter(cls, *, departments: frozenset[str], servers: frozenset[str]) -> Q | None:
        return Q(server__in=sorted(servers)) if servers else None

    def in_scope(self, *, departments: frozenset[str], servers: frozenset[str]) -> bool:
        return self.server in servers

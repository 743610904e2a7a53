"""The blocklist: what no call may contain, whoever makes it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models.authored import Authored
from governance.models.entities.server import empty
from governance.models.field import ExactJSONField, Mode, StringSet
from governance.models.singleton import Singleton


def builtin_pack() -> list[str]:
    """The packs that are on when nobody says otherwise."""
    return ["builtin"]


class BlocklistSettings(Singleton):
    """Which shipped packs are on, and which of their entries are off or in shadow."""

    packs = StringSet(default=builtin_pack, help_text="Shipped packs. Nothing: all off, visibly.")
    off = StringSet(help_text="Packs or entries that are off.")
    shadow = StringSet(help_text="Packs or entries that are recorded and not enforced.")

    class Meta(Singleton.Meta):
        verbose_name = verbose_name_plural = "blocklist packs"


class BlockKind(models.TextChoices):
    """What an entry's pattern is about."""

    ENTITY = "entity", "entity"
    HOST = "host", "host"
    NETWORK = "network", "network"
    COMMAND = "command", "command"
    SQL = "sql", "sql"
    PATH = "path", "path"
    ARGUMENT = "argument", "argument"


class BlocklistEntry(Authored):
    """One thing that is denied, with examples that are checked whenever the policy is read."""

    description = models.TextField(blank=True, default="")
    kind = models.CharField(max_length=16, choices=BlockKind)
    pattern = models.TextField(
        help_text="What is denied: an entity glob, a host, a network, a command, SQL, a path, an argument."
    )
    pointer = models.CharField(
        max_length=500,
        blank=True,
        default="",
        help_text="For argument: JSON pointer to the only place that is looked at.",
    )
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.ENFORCE)
    examples = ExactJSONField(blank=True, default=empty, help_text="What it must match, and what it must let pass.")

    class Meta:
        ordering = ("slug",)
        verbose_name_plural = "blocklist entries"
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=BlockKind.values), name="governance_blocklistentry_kind"),
        )

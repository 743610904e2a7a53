"""How the world outside the release stood at a past time: the directory and the kill switches, from the records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q

from audit.models import OutboxEntry, TrailRecord
from audit.records.change_record import ChangeRecord, read_change
from audit.records.kinds import Kind, Retention
from audit.records.record import kind_of
from audit.records.uuid7 import floor_of
from governance.engine.principal import TIERS, Directory, DirectoryEntry, PrincipalKind
from governance.engine.world import Switch as EngineSwitch
from governance.engine.world import SwitchKind, World
from governance.models import Release, Switch

USER = "accounts.user"


def release_at(at: float) -> int | None:
    """The number of the release in force at `at` (seconds UTC); None before the first."""
    made = Release.objects.filter(created_at__lte=datetime.fromtimestamp(at, UTC))
    return made.order_by("-number").values_list("number", flat=True).first()


def world_at(at: float, now: Directory) -> World:
    """The switches and the directory of `at`; `now` is the directory as it stands."""
    when = datetime.fromtimestamp(at, UTC)
    on = Switch.objects.filter(
        Q(lifted_at=None) | Q(lifted_at__gt=when), Q(until=None) | Q(until__gt=when), set_at__lte=when
    )
    switches = [
        EngineSwitch(
            id=str(row.pk),
            kind=SwitchKind(row.scope),
            target=row.target,
            epoch=row.epoch,
            until=row.until.timestamp() if row.until else None,
            drill=row.drill,
        )
        for row in on
    ]
    return World.of(switches=switches, confirmed_at=at, directory=directory_at(at, now))


def directory_at(at: float, now: Directory) -> Directory:
    """The directory of `at`: what it says now, with every later change of an account taken back.

    The first record about an account after `at` holds what it was before.
    """
    found = dict(now)
    for change in _later_changes(at):
        found.pop(change.object, None)
        if change.before:
            found[change.object] = _entry(change.before)
    return found


def _later_changes(at: float) -> list[ChangeRecord]:
    """Changes of accounts after `at`, the newest first, so that the oldest has the last word."""
    since = floor_of(int(at * 1_000_000) + 1)
    trail = TrailRecord.objects.filter(
        retention=Retention.EVIDENCE.value, kind=Kind.DIRECTORY_CHANGE.value, id__gte=since
    )
    bodies = {row.id: bytes(row.body) for row in trail.only("id", "body").iterator(chunk_size=1_000)}
    waiting = {row.id: bytes(row.body) for row in OutboxEntry.objects.filter(id__gte=since).only("id", "body")}
    bodies |= {id: body for id, body in waiting.items() if kind_of(body) is Kind.DIRECTORY_CHANGE}
    changes = (read_change(bodies[id]) for id in sorted(bodies, reverse=True))
    return [each for each in changes if each.model == USER and each.action in ("created", "changed", "deleted")]


def _entry(row: Mapping[str, Any]) -> DirectoryEntry:
    return DirectoryEntry(
        kind=PrincipalKind(row.get("kind", "user")),
        active=row.get("status") == "active",
        tier=TIERS[row.get("tier", "user")],
        epoch=int(row.get("epoch") or 0),
        owner=row.get("owner"),
        roles=frozenset(row.get("roles") or ()),
        groups=frozenset(row.get("groups") or ()),
        departments=frozenset(row.get("departments") or ()),
    )

"""The directory in memory: principals, agent keys, revocations and the guard's lists, as every process holds them.

A state is never changed, only replaced whole, so that one decision sees one directory. Reading is incremental: the
database raises one revision with every change, in commit order, and a refresh reads what is newer than what it has.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from ipaddress import ip_network
from math import inf
from typing import NamedTuple

import structlog
from django.db import transaction

from accounts.credentials.agent_key import KeyEntry
from accounts.directory.guard_rows import guard_lists
from accounts.guard.lists import GuardLists
from accounts.models import AgentKey, DirectoryEpoch, Revocation, StaffGrant, User
from accounts.tokens.digest import KeyedDigest
from accounts.tokens.errors import RevocationTampered
from accounts.tokens.revoke import RevocationSet, Revoked, checked_set
from governance.engine.principal import TIERS, DirectoryEntry, PrincipalKind

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.25
_NOBODY: frozenset[str] = frozenset()


class Called(NamedTuple):
    """What people call a principal, and where they write to; either may be empty."""

    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryState:
    """One moment of the directory. `generation` grows with each state of this process.

    `rate_tiers` holds the principals whose rate tier is set apart from their tier, `named` those that have a name or an
    address: records keep them beside ids, nothing is decided by them. `confirmed_at` is when the
    database last confirmed everything (seconds, UTC); None: never. `tampered` says that it did not, and why. One
    `from_disk` is the last good one of an earlier process: the database's next answer is read whole.
    """

    principals: Mapping[str, DirectoryEntry] = field(default_factory=dict, repr=False)
    rate_tiers: Mapping[str, str] = field(default_factory=dict, repr=False)
    named: Mapping[str, Called] = field(default_factory=dict, repr=False)
    keys: Mapping[str, KeyEntry] = field(default_factory=dict, repr=False)
    revocations: RevocationSet = RevocationSet()
    guard: GuardLists = GuardLists()
    revision: int = 0
    generation: int = 0
    confirmed_at: float | None = None
    tampered: str | None = None
    from_disk: bool = False


class LiveDirectory:
    """Keeps the state of this process. `state` may be read from any thread; `refresh` runs in one at a time."""

    def __init__(self, *, macs: KeyedDigest, alarm: Callable[[str], None] = lambda reason: None) -> None:
        self._macs = macs
        self._alarm = alarm
        self._lock = threading.Lock()
        self.state = DirectoryState()

    def refresh(self, now: float) -> bool:
        """Read what has changed, at `now`; whether anything has. One cheap query when nothing did.

        Raises Django's database errors; the last good state stays. A revocation that was altered in the database is
        an alarm and leaves the last good set in force, unconfirmed, so that what is stale is denied in the end.
        """
        with self._lock:
            before = self.state
            after = _confirmed_again(before, now) or self._read(before, now)
            if after.tampered is not None and after.tampered != before.tampered:
                log.error("directory.revocation_tampered", reason=after.tampered)
                self._alarm(after.tampered)
            self.state = after
            return after.generation != before.generation

    def _read(self, before: DirectoryState, now: float) -> DirectoryState:
        with transaction.atomic():
            epoch = DirectoryEpoch.objects.filter(id=1).first() or DirectoryEpoch()
            never = before.generation == 0 or before.from_disk
            anew = never or epoch.removed_at > before.revision or epoch.revision < before.revision
            people = _read_people(before, since=None if anew else before.revision)
            keys = _read_keys() if anew or epoch.keys_at > before.revision else before.keys
            guard = guard_lists() if anew or epoch.guard_at > before.revision else before.guard
            revocations, tampered = before.revocations, before.tampered
            if anew or tampered or epoch.revocations_at > before.revision:
                try:
                    revocations = checked_set(_read_revocations(), macs=self._macs, known=before.revocations, now=now)
                    tampered = None
                except RevocationTampered as error:
                    tampered = str(error)
        changed = never or epoch.revision != before.revision or tampered != before.tampered
        return DirectoryState(
            principals=people.principals,
            rate_tiers=people.rate_tiers,
            named=people.named,
            keys=keys,
            revocations=revocations,
            guard=guard,
            revision=epoch.revision,
            generation=before.generation + changed,
            confirmed_at=before.confirmed_at if tampered else now,
            tampered=tampered,
        )


def _confirmed_again(state: DirectoryState, now: float) -> DirectoryState | None:
    """The same state at a later moment, or None when the database has a newer one."""
    if state.generation == 0 or state.from_disk or state.tampered:
        return None
    revision = DirectoryEpoch.objects.filter(id=1).values_list("revision", flat=True).first() or 0
    if revision != state.revision:
        return None
    return replace(state, confirmed_at=now, revocations=state.revocations.without_expired(now))


class _People(NamedTuple):
    """The part of a state that is read from accounts."""

    principals: dict[str, DirectoryEntry]
    rate_tiers: dict[str, str]
    named: dict[str, Called]


def _read_people(before: DirectoryState, *, since: int | None) -> _People:
    rows = User.objects.values_list(
        "username", "kind", "status", "tier", "epoch", "owner__username", "roles", "groups", "departments", "rate_tier",
        "name", "email",
    ).order_by()  # fmt: skip
    staff = _staff_until()
    if since is not None:
        rows = rows.filter(directory_revision__gt=since)
    anew = since is None
    found = _People(
        {} if anew else dict(before.principals),
        {} if anew else dict(before.rate_tiers),
        {} if anew else dict(before.named),
    )
    seen: dict[tuple[str, ...], frozenset[str]] = {(): _NOBODY}

    def shared(names: list[str]) -> frozenset[str]:
        # A hundred thousand principals hold a few hundred different sets: one object each.
        key = tuple(names)
        return seen.get(key) or seen.setdefault(key, frozenset(key))

    for id, kind, status, tier, epoch, owner, roles, groups, departments, rate_tier, *called in rows.iterator(5_000):
        found.principals[id] = DirectoryEntry(
            kind=PrincipalKind(kind),
            active=status == "active",
            tier=TIERS[tier],
            epoch=epoch,
            owner=owner,
            roles=shared(roles),
            groups=shared(groups),
            departments=shared(departments),
            staff_until=staff.get(id, 0.0),
        )
        found.rate_tiers.pop(id, None)
        if rate_tier:
            found.rate_tiers[id] = rate_tier
        found.named.pop(id, None)
        if any(called):
            found.named[id] = Called(*called)
    return found


def _staff_until() -> dict[str, float]:
    """When the last staff role of each member of staff ends; few people, so all of them are read every time."""
    found: dict[str, float] = {}
    for name, until in StaffGrant.objects.order_by().values_list("user__username", "valid_until"):
        found[name] = max(found.get(name, 0.0), until.timestamp() if until is not None else inf)
    return found


def _read_keys() -> dict[str, KeyEntry]:
    rows = AgentKey.objects.select_related("principal").order_by()
    return {
        row.public_id: KeyEntry(
            public_id=row.public_id,
            digest=bytes(row.digest),
            digest_key_id=row.digest_key_id,
            agent=row.agent,
            principal=row.principal.username,
            scopes=frozenset(row.scopes),
            audiences=frozenset(row.audiences),
            servers=frozenset(row.servers),
            networks=tuple(ip_network(network) for network in row.networks),
            expires_at=row.expires_at.timestamp() if row.expires_at else None,
            issued_at=row.created_at.timestamp(),
            revoked=row.revoked_at is not None,
        )
        for row in rows
    }


def _read_revocations() -> list[Revoked]:
    return [
        Revoked(
            epoch=row.epoch,
            kind=row.kind,
            value=row.value,
            issued_before=microseconds(row.issued_before),
            expires_at=microseconds(row.expires_at),
            key_id=row.key_id,
            mac=bytes(row.mac),
        )
        for row in Revocation.objects.order_by()
    ]


def microseconds(moment: datetime | None) -> int | None:
    """Whole microseconds since the epoch, exactly as the database keeps them."""
    if moment is None:
        return None
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * 1_000_000 + moment.microsecond

"""How much of the trail a person may look at: by staff role, and no further than each grant reaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from accounts.models import StaffGrant, User
from audit.records.kinds import Kind

EVERYTHING = "audit.view_trailrecord"
PAYLOADS = "audit.open_payload"
KINDS: dict[str, tuple[str, ...]] = {
    "audit.view_decision": (Kind.DECISION,),
    "audit.view_history": (Kind.ADMIN_CHANGE, Kind.DIRECTORY_CHANGE),
}
"""Permission → the kinds of records it shows; `EVERYTHING` shows all."""


def sees_any(user: User | AnonymousUser) -> bool:
    """Whether this person may look at any record at all."""
    return any(user.has_perm(name) for name in (EVERYTHING, *KINDS))


def within_reach(user: User | AnonymousUser) -> Q:
    """The records that this person's grants show. A grant for one department or server shows what is of it."""
    return _any_of(_kinds(grant) & _place(grant) for grant in _grants(user))


def reached_for(user: User | AnonymousUser, perm: str) -> Q:
    """The records that this person's grants reach for one permission: what another grant shows does not count."""
    return _any_of(_place(grant) for grant in _grants(user) if grant.gives(perm))


def _grants(user: User | AnonymousUser) -> Iterable[StaffGrant]:
    return user.live_grants() if isinstance(user, User) else ()


def _any_of(parts: Iterable[Q]) -> Q:
    found = Q(pk__in=())
    for part in parts:
        if not part:  # joined to others, an empty Q would be as nothing instead of everything
            return part
        found |= part
    return found


def _kinds(grant: StaffGrant) -> Q:
    if grant.gives(EVERYTHING):
        return Q()
    return Q(kind__in=[kind for name, kinds in KINDS.items() if grant.gives(name) for kind in kinds])


def _place(grant: StaffGrant) -> Q:
    if grant.is_global:
        return Q()
    found = Q(pk__in=())
    if grant.servers:
        found |= Q(server__in=grant.servers)
    for department in grant.departments:  # the column holds them all, separated by commas
        alone = Q(department=department) | Q(department__startswith=f"{department},")
        found |= alone | Q(department__endswith=f",{department}") | Q(department__contains=f",{department},")
    return found


def without_payloads(value: Any) -> Any:
    """A record's content without what was captured: sealed bytes, and the key that they were sealed under."""
    if isinstance(value, list):
        return [without_payloads(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: without_payloads(item) for name, item in _unsealed(value)}


def _unsealed(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, item in value.items():
        if name == "sealed":
            yield name, "[for auditors]"
        elif not (name == "key" and "sealed" in value):
            yield name, item

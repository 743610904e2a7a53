"""Agent keys: issued once, shown once, revoked for good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from django.db import transaction

from accounts.credentials.agent_key import make_key
from accounts.models import AgentKey, RevocationKind, User
from accounts.services.actor import Actor
from accounts.services.change import save_changed, save_new
from accounts.services.errors import ServiceError
from accounts.services.revocations import revoke
from accounts.tokens.digest import KeyedDigest
from audit.records.kinds import Kind

AUDIENCES = ("api", "hook")


class KeyNotIssued(ServiceError):
    """An agent key that was not issued."""


def issue_agent_key(
    *,
    actor: Actor,
    digests: KeyedDigest,
    name: str,
    agent: str,
    principal: str,
    scopes: Sequence[str] = (),
    audiences: Sequence[str] = AUDIENCES,
    servers: Sequence[str] = (),
    networks: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> tuple[str, AgentKey]:
    """A new key and its row. The key is returned this once and kept nowhere.

    Raises KeyNotIssued without an active principal, NotPermitted, and Django's ValidationError (by field).
    """
    user = User.objects.filter(username=principal).first()
    if user is None or not user.is_active:
        raise KeyNotIssued(f"There is no active principal {principal}.")
    made = make_key(digests)
    row = AgentKey(
        public_id=made.public_id,
        digest=made.digest,
        digest_key_id=made.digest_key_id,
        name=name,
        agent=agent,
        principal=user,
        scopes=sorted(set(scopes)),
        audiences=sorted(set(audiences)),
        servers=sorted(set(servers)),
        networks=sorted(set(networks)),
        expires_at=expires_at,
        issued_by=actor.name,
    )
    save_new(actor=actor, instance=row, kind=Kind.DIRECTORY_CHANGE)
    return made.key, row


def revoke_agent_key(*, actor: Actor, macs: KeyedDigest, public_id: str, reason: str) -> AgentKey:
    """Revoke a key: its row says so, and a revocation that no row can take back. Raises KeyNotIssued, NotPermitted."""
    with transaction.atomic():
        row = AgentKey.objects.select_for_update().filter(public_id=public_id).first()
        if row is None:
            raise KeyNotIssued(f"There is no key {public_id}.")
        if row.revoked_at is None:
            row.revoked_at, row.revoked_by = datetime.now(UTC), actor.name
            save_changed(actor=actor, instance=row, expected_revision=None, kind=Kind.DIRECTORY_CHANGE, reason=reason)
            revoke(actor=actor, macs=macs, kind=RevocationKind.KEY, value=public_id, reason=reason)
    return row


def note_uses(used: Mapping[str, float]) -> None:
    """Write when keys were last used (seconds since the epoch by public id). No change, so no record."""
    for public_id, moment in used.items():
        AgentKey.objects.filter(public_id=public_id).update(last_used_at=datetime.fromtimestamp(moment, UTC))

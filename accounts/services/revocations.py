"""Revoking: a token, a session, a principal's or an agent's tokens, a key. In force everywhere within half a second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Max

from accounts.directory.live import microseconds
from accounts.models import DirectoryEpoch, Revocation, RevocationKind
from accounts.services.actor import Actor
from accounts.services.change import RowChange, record
from accounts.tokens.digest import KeyedDigest
from accounts.tokens.revoke import revocation_message
from accounts.tokens.verify import LIFETIME_CAP
from audit.records.kinds import Kind

ADD = "accounts.add_revocation"
_WHOLE = frozenset({RevocationKind.PRINCIPAL, RevocationKind.AGENT})


def revoke(
    *, actor: Actor, macs: KeyedDigest, kind: str, value: str, reason: str, now: datetime | None = None
) -> Revocation:
    """Shut out one thing. A principal's and an agent's revocation is of what was issued until now; theirs go on after.

    Raises NotPermitted, and ValueError for an unknown kind or without a value or reason.
    """
    if kind not in RevocationKind.values or not value or not reason:
        raise ValueError("A revocation names a kind, a value and a reason.")
    at = now or datetime.now(UTC)
    whole = kind in _WHOLE
    # A token cannot outlive its cap, a session's refresh or a key can: those are revoked for good.
    lives = kind == RevocationKind.JTI or whole
    until = at + timedelta(seconds=LIFETIME_CAP + 60) if lives else None
    with transaction.atomic():
        actor.require(ADD)
        # The directory's one row is the lock: epochs are given out, and committed, in order.
        DirectoryEpoch.objects.select_for_update().get_or_create(id=1)
        epoch = (Revocation.objects.aggregate(last=Max("epoch"))["last"] or 0) + 1
        before = at if whole else None
        message = revocation_message(
            epoch=epoch,
            kind=kind,
            value=value,
            issued_before=microseconds(before),
            expires_at=microseconds(until),
        )
        made = Revocation.objects.create(
            kind=kind,
            value=value,
            issued_before=before,
            expires_at=until,
            reason=reason,
            revoked_by=actor.name,
            created_at=at,
            epoch=epoch,
            key_id=macs.key_id,
            mac=macs.make(message),
        )
        after = {"kind": kind, "value": value, "epoch": epoch, "reason": reason}
        change = RowChange(
            action="revoked", model="revocation", object=f"{kind}:{value}", name="", before=None, after=after
        )
        record(actor=actor, changes=[change], kind=Kind.DIRECTORY_CHANGE, reason=reason)
    return made

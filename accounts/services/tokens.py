"""Issuing tokens to principals of the directory, each on the record."""

from __future__ import annotations

import uuid

from accounts.models import User
from accounts.services.actor import Actor
from accounts.services.errors import ServiceError
from accounts.tokens.issue import Grant, IssuedToken, Issuer, Subject
from audit.records.kinds import Kind
from audit.writing import outbox


class NotIssued(ServiceError):
    """A token that was not issued: the principal is not there, or not active."""


def subject_of(user: User) -> Subject:
    """What tokens say of a principal now."""
    return Subject(
        id=user.username,
        epoch=user.epoch,
        user_type=user.user_type,
        rate_limit_tier=user.effective_rate_tier,
        roles=frozenset(user.roles),
        groups=frozenset(user.groups),
        departments=frozenset(user.departments),
        username=user.name or None,
    )


def new_session() -> str:
    """The id of a session that begins."""
    return f"s-{uuid.uuid4().hex}"


def issue_token(*, actor: Actor, issuer: Issuer, principal: str, grant: Grant, now: float, method: str) -> IssuedToken:
    """Sign a token for an active principal as the directory has it now, and record that it was.

    `method` says by what right (`command`, a grant's name). Raises NotIssued, and TokenError where the token would not
    verify. Call it inside a transaction: without the record there is no token.
    """
    user = User.objects.filter(username=principal).first()
    if user is None:
        raise NotIssued(f"There is no principal {principal}.")
    if not user.is_active:
        raise NotIssued(f"The principal {principal} is {user.status}; only an active one gets a token.")
    issued = issuer.issue(subject_of(user), grant, now=now)
    claims = issued.claims
    outbox.record(
        Kind.AUTHENTICATION,
        actor=actor.who,
        action="token.issued",
        status="success",
        method=method,
        audience=claims.aud,
        issued_jti=claims.jti,
        expires_at=claims.exp * 1_000_000,
        detail={
            "principal": claims.sub,
            "names": user.record_names,
            "agent": claims.agent,
            "session": claims.sid,
            "kid": issued.kid,
        },
    )
    return issued

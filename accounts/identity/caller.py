"""From verified claims to the engine's caller: what the token says, narrowed by what the directory says now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from accounts.tokens.claims import ActLink, Claims
from accounts.tokens.errors import TokenError
from governance.engine.principal import (
    TIERS,
    Caller,
    Directory,
    DirectoryEntry,
    Link,
    Principal,
    Tier,
    lowered,
    principal_of,
    rate_tiers_of,
)


def caller_of(claims: Claims, directory: Directory, rate_tiers: Mapping[str, str]) -> Caller:
    """The caller that these claims make. Raises TokenError `token.stale` where the directory has moved on.

    `rate_tiers` are those that the directory sets apart. A subject that it does not hold is no error here: the engine
    decides about it, and denies.
    """
    return Caller(
        principal=_subject(claims, directory.get(claims.sub), rate_tiers.get(claims.sub)),
        agent=claims.agent,
        chain=tuple(_link(actor, directory) for actor in claims.act),
        session_id=claims.sid,
        client_id=claims.client_id,
        audience=claims.aud,
    )


def _subject(claims: Claims, entry: DirectoryEntry | None, set_apart: str | None) -> Principal:
    tier = lowered(TIERS.get(claims.user_type or "", Tier.ANONYMOUS), claims.scope)
    if entry is None:
        return replace(principal_of(claims.sub, None), tier=tier)
    if claims.epoch != entry.epoch:
        # Not only older ones: an account that was removed and made again counts from one.
        raise TokenError("token.stale", "The principal has changed since the token was issued.")
    rate_tier, rate_ceiling = rate_tiers_of(entry, set_apart=set_apart, tier=tier, claimed=claims.rate_limit_tier)
    return Principal(
        id=claims.sub,
        kind=entry.kind,
        tier=tier,
        roles=_narrowed(entry.roles, claims.roles),
        groups=_narrowed(entry.groups, claims.groups),
        departments=_narrowed(entry.departments, claims.departments),
        active=entry.active,
        owner=entry.owner,
        rate_tier=rate_tier,
        rate_ceiling=rate_ceiling,
    )


def _narrowed(held: frozenset[str], claimed: frozenset[str] | None) -> frozenset[str]:
    return held if claimed is None or claimed == held else held & claimed


def _link(actor: ActLink, directory: Directory) -> Link:
    if actor.sub is None:
        return Link(agent=actor.agent)
    entry = directory.get(actor.sub)
    if entry is not None and actor.epoch is not None and actor.epoch != entry.epoch:
        raise TokenError("token.stale", "A principal of the chain has changed since the token was issued.")
    return Link(principal=principal_of(actor.sub, entry), agent=actor.agent)

"""Issuing tokens: the claims of a principal as the directory has it now, signed by the first key."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from accounts.tokens import base64url
from accounts.tokens.claims import CHAIN_LINKS, TOKEN_BYTES, ActLink, Claims, read_claims
from accounts.tokens.errors import TokenError
from accounts.tokens.keys import KeyRing, SigningKey
from accounts.tokens.verify import ACCESS_SECONDS, LIFETIME_CAP


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom a token is for: the directory's data of a principal at `epoch`."""

    id: str
    epoch: int
    user_type: str
    rate_limit_tier: str
    roles: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    username: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token lets its subject do, and through whom. `ttl` in seconds. Without `scope` nothing is narrowed."""

    audience: str = "api"
    ttl: int = ACCESS_SECONDS
    agent: str | None = None
    session: str | None = None
    scope: tuple[str, ...] = ()
    client_id: str | None = None
    act: tuple[ActLink, ...] = ()
    auth_time: int | None = None
    amr: tuple[str, ...] = ()
    pep_subjects: tuple[str, ...] = ()
    pep_servers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token and what it claims. The token itself never shows in a repr."""

    token: str = field(repr=False)
    claims: Claims
    kid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Issues tokens in one issuer's name."""

    ring: KeyRing
    issuer: str
    lifetime_cap: int = LIFETIME_CAP

    def issue(self, subject: Subject, grant: Grant, *, now: float, jti: str | None = None) -> IssuedToken:
        """Sign a token. Raises TokenError where its own verifier would refuse what is asked for."""
        if not 1 <= grant.ttl <= self.lifetime_cap:
            raise TokenError("token.lifetime", f"A token lives for 1 to {self.lifetime_cap} seconds.")
        if len(grant.act) > CHAIN_LINKS:
            raise TokenError("token.claims", f"A delegation chain has at most {CHAIN_LINKS} links.")
        issued = int(now)
        payload = _present(
            iss=self.issuer,
            sub=subject.id,
            aud=grant.audience,
            iat=issued,
            nbf=issued,
            exp=issued + grant.ttl,
            jti=jti or uuid.uuid4().hex,
            sid=grant.session,
            scope=" ".join(grant.scope) or None,
            roles=sorted(subject.roles),
            groups=sorted(subject.groups),
            departments=sorted(subject.departments),
            user_type=subject.user_type,
            rate_limit_tier=subject.rate_limit_tier,
            epoch=subject.epoch,
            client_id=grant.client_id,
            agent=grant.agent,
            act=_nested(grant.act),
            token_type="access",
            auth_time=grant.auth_time,
            amr=list(grant.amr) or None,
            username=subject.username,
            pep=_present(subjects=list(grant.pep_subjects) or None, servers=list(grant.pep_servers) or None) or None,
        )
        claims = read_claims(payload)
        key = self.ring.signer
        token = sign_payload(payload, key)
        if len(token) > TOKEN_BYTES:
            raise TokenError("token.too_large", f"The claims of {subject.id} do not fit into {TOKEN_BYTES} bytes.")
        return IssuedToken(token=token, claims=claims, kid=key.kid)


def sign_payload(payload: dict[str, Any], key: SigningKey) -> str:
    """A compact token of this payload, as it is, under this key."""
    header = {"alg": key.algorithm, "kid": key.kid, "typ": "at+jwt"}
    signed = ".".join(base64url.encode(_json(part)) for part in (header, payload))
    return f"{signed}.{base64url.encode(key.sign(signed.encode('ascii')))}"


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def _present(**claims: Any) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if value is not None}


def _nested(actors: Iterable[ActLink]) -> dict[str, Any] | None:
    nested: dict[str, Any] | None = None
    for actor in reversed(tuple(actors)):
        nested = _present(sub=actor.sub, agent=actor.agent, epoch=actor.epoch, act=nested)
    return nested

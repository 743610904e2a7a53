"""Verifying a token: its form, its key, its signature, its claims, in that order, and all of them.

The signature itself is PyJWT's work. What surrounds it is ours, because the library accepts a trailing `=`, a lifetime
of any length and claims that stand there twice, reads the algorithm from the token, and reads the clock itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from accounts.tokens import base64url
from accounts.tokens.claims import TOKEN_BYTES, Claims, read_claims, read_object
from accounts.tokens.errors import TokenError
from accounts.tokens.keys import KeyRing, SigningKey

ACCESS_SECONDS = 900
"""Lifetime of an access token unless its issuer asks for another."""

LIFETIME_CAP = 3600
"""The longest lifetime, in seconds, that any token may be issued with or is accepted with."""

LEEWAY = 5
"""Seconds that an issuer's clock may be ahead of ours; the specification's bound is 30. An expiry gets none."""

_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_HEADERS = frozenset({"alg", "kid", "typ"})
_TYPES = frozenset({"at+jwt", "JWT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedToken:
    """A token that holds: what it claims, and the key that says so."""

    claims: Claims
    kid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """Verifies tokens of one issuer, signed by a key of `ring`. Touches no database and no clock."""

    ring: KeyRing
    issuer: str
    lifetime_cap: int = LIFETIME_CAP
    leeway: int = LEEWAY

    def verify(self, token: str, *, audience: str, now: float) -> VerifiedToken:
        """The token's claims, for the door whose audience this is. Raises TokenError, and nothing else."""
        if len(token) > TOKEN_BYTES:
            raise TokenError("token.too_large", f"A token is at most {TOKEN_BYTES} bytes.")
        if not _FORM.fullmatch(token):
            raise TokenError("token.malformed", "This is not a token of three base64url parts.")
        signed, _, signature = token.rpartition(".")
        head, _, body = signed.partition(".")
        try:
            key = self._key(head)
            if not key.verifies(signed.encode("ascii"), base64url.decode(signature)):
                raise TokenError("token.signature", "The signature is not of the key that the token names.")
            claims = read_claims(read_object(base64url.decode(body)))
        except ValueError:
            raise TokenError("token.malformed", "A part of the token cannot be read.") from None
        self._check(claims, audience, now)
        return VerifiedToken(claims=claims, kid=key.kid)

    def _key(self, head: str) -> SigningKey:
        header = read_object(base64url.decode(head))
        if not header.keys() <= _HEADERS:
            raise TokenError("token.header", "Only the headers alg, kid and typ are understood.")
        kid, algorithm = header.get("kid"), header.get("alg")
        key = self.ring.get(kid) if type(kid) is str else None
        if key is None:
            raise TokenError("token.key", "The token names no key that is in force.")
        if type(algorithm) is not str or algorithm != key.algorithm:
            raise TokenError("token.algorithm", "The key that the token names is not for this algorithm.")
        if "typ" in header and (type(header["typ"]) is not str or header["typ"] not in _TYPES):
            raise TokenError("token.header", "The token is of another type.")
        return key

    def _check(self, claims: Claims, audience: str, now: float) -> None:
        if claims.iss != self.issuer:
            raise TokenError("token.issuer", "The token is of another issuer.")
        if claims.aud != audience:
            raise TokenError("token.audience", "The token is for another audience.")
        if claims.exp <= claims.iat or claims.exp - claims.iat > self.lifetime_cap or claims.nbf > claims.exp:
            raise TokenError("token.lifetime", f"A token lives for 1 to {self.lifetime_cap} seconds.")
        self.check_time(claims, now)

    def check_time(self, claims: Claims, now: float) -> None:
        """Whether the token is in force at `now`; the one check that a token verified before needs again."""
        if claims.exp <= now:
            raise TokenError("token.expired", "The token has expired.")
        latest = now + self.leeway
        if claims.nbf > latest or claims.iat > latest:
            raise TokenError("token.not_yet", "The token is not in force yet.")


def claimed_audience(token: str) -> str:
    """The audience a token says it is for, unverified; empty where it says none. Only ever to verify it against."""
    if len(token) > TOKEN_BYTES or not _FORM.fullmatch(token):
        return ""
    try:
        claimed = read_object(base64url.decode(token.split(".")[1])).get("aud")
    except ValueError:
        return ""
    return claimed if type(claimed) is str else ""

"""Builders for tokens, good and hostile, of one issuer at one moment."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from accounts.tokens import base64url
from accounts.tokens.issue import Grant, IssuedToken, Issuer, Subject
from accounts.tokens.keys import KeyRing, parse_signing_keys
from accounts.tokens.verify import Verifier

ISSUER = "http://127.0.0.1:8000"
NOW = 1_700_000_000.25
SECRET = bytes(range(40, 72))
RING = parse_signing_keys(f"k1:HS256:{base64url.encode(SECRET)}")
VERIFIER = Verifier(ring=RING, issuer=ISSUER)


def subject(name: str = "alice", **changes: Any) -> Subject:
    fields: dict[str, Any] = {
        "id": name,
        "epoch": 3,
        "user_type": "user",
        "rate_limit_tier": "user",
        "roles": frozenset({"analyst"}),
        "departments": frozenset({"finance"}),
    }
    return Subject(**fields | changes)


def issued(name: str = "alice", *, now: float = NOW, ring: KeyRing = RING, **grant: Any) -> IssuedToken:
    of = {key: grant.pop(key) for key in ("epoch", "user_type", "rate_limit_tier", "roles") if key in grant}
    return Issuer(ring=ring, issuer=ISSUER).issue(subject(name, **of), Grant(**grant), now=now)


def payload(**changes: Any) -> dict[str, Any]:
    """Good claims, changed; a change to `...` takes the claim out."""
    second = int(NOW)
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "sub": "alice",
        "aud": "api",
        "iat": second,
        "nbf": second,
        "exp": second + 900,
        "jti": "j-1",
        "sid": "s-1",
        "scope": "user",
        "user_type": "user",
        "epoch": 3,
        "token_type": "access",
    }
    return {name: value for name, value in (claims | changes).items() if value is not ...}


def signed(head: Any, body: Any, *, secret: bytes = SECRET, hash_name: str = "sha256") -> str:
    """A compact token of these two parts (bytes as they are, else as JSON) under an HMAC."""
    parts = [part if type(part) is bytes else json.dumps(part).encode() for part in (head, body)]
    text = ".".join(base64url.encode(part) for part in parts)
    return f"{text}.{base64url.encode(hmac.digest(secret, text.encode(), hash_name))}"


def header(**changes: Any) -> dict[str, Any]:
    good: dict[str, Any] = {"alg": "HS256", "kid": "k1", "typ": "at+jwt"}
    return {name: value for name, value in (good | changes).items() if value is not ...}


def token(**claims: Any) -> str:
    """A token with a good header and signature over these claims."""
    return signed(header(), payload(**claims))


def fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

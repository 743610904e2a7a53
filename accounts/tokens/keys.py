"""Signing keys: `kid:HS256:base64url`, `kid:EdDSA:/path.pem`, `kid:RS256:/path.pem`; the first signs, all verify.

The algorithm belongs to the key: what a token says of its algorithm is only ever compared with it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from jwt.algorithms import Algorithm, get_default_algorithms
from jwt.exceptions import InvalidKeyError

from accounts.tokens import base64url
from accounts.tokens.errors import KeyConfigurationError
from governance.vault.encoding import KID

ALGORITHMS = ("HS256", "EdDSA", "RS256")
HMAC_BYTES = 32
RSA_BITS = 2048
_IMPLEMENTED = get_default_algorithms()


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """One key and the one algorithm it is for. `private` is None where only verifying is possible."""

    kid: str
    algorithm: str
    private: Any = field(repr=False)
    public: Any = field(repr=False)

    @property
    def _implementation(self) -> Algorithm:
        return _IMPLEMENTED[self.algorithm]

    def sign(self, message: bytes) -> bytes:
        """The signature of `message`. Raises KeyConfigurationError for a key that can only verify."""
        if self.private is None:
            raise KeyConfigurationError(f"signing key {self.kid}: it can only verify; put one that signs first")
        return self._implementation.sign(message, self.private)

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's for `message`, compared in constant time."""
        return self._implementation.verify(message, self.public, signature)

    def jwk(self) -> dict[str, Any] | None:
        """The public half as a JSON web key; None for a shared secret, which has none."""
        if self.algorithm == "HS256":
            return None
        made: dict[str, Any] = self._implementation.to_jwk(self.public, as_dict=True)
        made.pop("key_ops", None)
        return {**made, "kid": self.kid, "alg": self.algorithm, "use": "sig"}


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Every key in force by kid. `fingerprint` changes with any of them: what was verified under another is void."""

    members: tuple[SigningKey, ...]
    fingerprint: str = field(init=False)
    _by_kid: dict[str, SigningKey] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_kid = {key.kid: key for key in self.members}
        if len(by_kid) != len(self.members):
            raise KeyConfigurationError("signing keys: a kid stands there twice")
        if not by_kid:
            raise KeyConfigurationError("signing keys: there is none")
        object.__setattr__(self, "_by_kid", by_kid)
        digest = hashlib.sha256()
        for key in self.members:
            digest.update(f"{key.kid}:{key.algorithm}:".encode() + _identity(key) + b"\n")
        object.__setattr__(self, "fingerprint", digest.hexdigest())

    @property
    def signer(self) -> SigningKey:
        """The key that signs new tokens."""
        return self.members[0]

    def get(self, kid: str) -> SigningKey | None:
        """The key of this id, or None for one that is unknown or retired."""
        return self._by_kid.get(kid)

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The public halves as a JSON web key set (RFC 7517); shared secrets are not in it."""
        return {"keys": [jwk for key in self.members if (jwk := key.jwk()) is not None]}


def parse_signing_keys(text: str) -> KeyRing:
    """Read `TOOLGATE_SIGNING_KEYS`: comma-separated `kid:algorithm:material`.

    Raises KeyConfigurationError, which names a key by its place: what stands where a kid or a path should may be a key.
    """
    parts = filter(None, (part.strip() for part in text.split(",")))
    return KeyRing(tuple(_parse_one(part, f"signing key {place}") for place, part in enumerate(parts, 1)))


def _parse_one(text: str, named: str) -> SigningKey:
    kid, _, rest = text.partition(":")
    algorithm, _, material = rest.partition(":")
    if not KID.fullmatch(kid):
        raise KeyConfigurationError(f"{named}: a kid is 1 to 64 of A–Z a–z 0–9 . _ -, followed by :algorithm:material")
    if algorithm not in ALGORITHMS:
        raise KeyConfigurationError(f"{named}: the algorithm must be one of {', '.join(ALGORITHMS)}")
    if algorithm == "HS256":
        return _shared(kid, material, named)
    return _pair(kid, algorithm, material, named)


def _shared(kid: str, material: str, named: str) -> SigningKey:
    try:
        secret = base64url.decode(material.rstrip("="))
    except ValueError:
        raise KeyConfigurationError(f"{named}: the material must be base64url") from None
    if len(secret) < HMAC_BYTES:
        raise KeyConfigurationError(f"{named}: HS256 needs at least {HMAC_BYTES} bytes, not {len(secret)}")
    if len(set(secret)) < 8:
        raise KeyConfigurationError(f"{named}: these bytes repeat; use random ones")
    try:
        prepared = _IMPLEMENTED["HS256"].prepare_key(secret)
    except InvalidKeyError:
        # A public key used as a shared secret is the classic confusion: anybody could sign.
        raise KeyConfigurationError(f"{named}: HS256 needs random bytes, not another kind of key") from None
    return SigningKey(kid=kid, algorithm="HS256", private=prepared, public=prepared)


def _pair(kid: str, algorithm: str, path: str, named: str) -> SigningKey:
    try:
        pem = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no path"
        raise KeyConfigurationError(f"{named}: cannot read its PEM file: {why}") from None
    private: Any = None
    public: Any = None
    try:
        if b"PRIVATE KEY-----" in pem:
            private = load_pem_private_key(pem, password=None)
            public = private.public_key()
        else:
            public = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyConfigurationError(f"{named}: its file is not an unencrypted PEM key") from None
    wanted = (Ed25519PublicKey, Ed25519PrivateKey) if algorithm == "EdDSA" else (RSAPublicKey, RSAPrivateKey)
    if not isinstance(public, wanted[0]):
        raise KeyConfigurationError(f"{named}: its file is not a key for {algorithm}")
    if isinstance(public, RSAPublicKey) and public.key_size < RSA_BITS:
        raise KeyConfigurationError(f"{named}: RSA needs at least {RSA_BITS} bits, not {public.key_size}")
    return SigningKey(kid=kid, algorithm=algorithm, private=private, public=public)


def _identity(key: SigningKey) -> bytes:
    if key.algorithm == "HS256":
        return hashlib.sha256(b"toolgate-kid" + bytes(key.public)).digest()
    return json.dumps(key.jwk(), sort_keys=True).encode()

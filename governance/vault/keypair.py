"""Asymmetric keys an operator configures: Ed25519 for signatures, X25519 for captured payloads.

A setting holds PEM text (one block or several), or comma-separated `kid:base64url` (32 raw bytes, or
`kid:public:base64url` for a public half), `kid:/path.pem` or `/path.pem`. The first key signs or receives, all
verify or open. A PEM key without a kid gets one from its public half, so that both halves have the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from governance.vault.encoding import KID, from_base64url
from governance.vault.errors import KeyMaterialError
from governance.vault.master import weakness_of

_PEM_BLOCK = re.compile(r"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----", re.DOTALL)

Private = TypeVar("Private", Ed25519PrivateKey, X25519PrivateKey)
Public = TypeVar("Public", Ed25519PublicKey, X25519PublicKey)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair(Generic[Private, Public]):
    """One key: always its public half, its private half where this process has it."""

    kid: str
    public: Public
    private: Private | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPairs(Generic[Private, Public]):
    """The keys of one setting, first one first."""

    keys: tuple[KeyPair[Private, Public], ...]

    @property
    def first(self) -> KeyPair[Private, Public]:
        """The key that signs, or that payloads are sealed to."""
        return self.keys[0]

    def named(self, kid: str) -> KeyPair[Private, Public] | None:
        """The key of that id."""
        return next((key for key in self.keys if key.kid == kid), None)

    def public_only(self) -> KeyPairs[Private, Public]:
        """The same ring without any private half."""
        return KeyPairs(keys=tuple(KeyPair(kid=key.kid, public=key.public) for key in self.keys))


SigningKeys = KeyPairs[Ed25519PrivateKey, Ed25519PublicKey]
CaptureKeys = KeyPairs[X25519PrivateKey, X25519PublicKey]


def parse_signing_keys(text: str, *, setting: str) -> SigningKeys:
    """Ed25519 keys of a setting. Raises KeyMaterialError."""
    return _parse(text, setting, Ed25519PrivateKey, Ed25519PublicKey)  # type: ignore[type-abstract]


def parse_capture_keys(text: str, *, setting: str = "TOOLGATE_CAPTURE_KEY") -> CaptureKeys:
    """X25519 keys of `TOOLGATE_CAPTURE_KEY`. Raises KeyMaterialError."""
    return _parse(text, setting, X25519PrivateKey, X25519PublicKey)  # type: ignore[type-abstract]


def _parse(
    text: str, setting: str, private_type: type[Private], public_type: type[Public]
) -> KeyPairs[Private, Public]:
    keys: list[KeyPair[Private, Public]] = []
    for place, (given, loaded) in enumerate(_load(text, setting, private_type, public_type), 1):
        if isinstance(loaded, private_type):
            # mypy checks a constrained type variable once per constraint, and no variable can be both.
            private: Any = loaded
            public: Any = loaded.public_key()
        elif isinstance(loaded, public_type):
            private, public = None, loaded
        else:
            raise KeyMaterialError(
                f"{setting}: a key is not of the kind {public_type.__name__.removesuffix('PublicKey')}"
            )
        kid = given or fingerprint(public)
        if any(key.kid == kid for key in keys):
            raise KeyMaterialError(f"{setting}: key {place} is given twice")
        keys.append(KeyPair(kid=kid, public=public, private=private))
    if not keys:
        raise KeyMaterialError(f"{setting}: no key is given")
    return KeyPairs(keys=tuple(keys))


def fingerprint(public: Ed25519PublicKey | X25519PublicKey) -> str:
    """The id of a key that was given none: the first 8 bytes of the SHA-256 of its public half, in hex."""
    return hashlib.sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def _load(
    text: str, setting: str, private_type: type[Private], public_type: type[Public]
) -> Iterator[tuple[str, object]]:
    if "-----BEGIN" in text:
        for block in _PEM_BLOCK.findall(text):
            yield "", _load_pem(block.encode("ascii", "replace"), setting)
        return
    parts = filter(None, (part.strip() for part in text.split(",")))
    for place, item in enumerate(parts, 1):  # an error names neither kid nor path: a key may stand there
        kid, _, value = ("", "", item) if item.startswith("/") else item.partition(":")
        if (kid and not KID.fullmatch(kid)) or not value:
            raise KeyMaterialError(f"{setting}: each key is written kid:base64url or kid:/path.pem")
        if value.startswith("/"):
            try:
                data = Path(value).read_bytes()
            except (OSError, ValueError) as error:
                why = getattr(error, "strerror", None) or "no path"
                raise KeyMaterialError(f"{setting}: the file of key {place} cannot be read: {why}") from None
            yield kid, _load_pem(data, setting)
        else:
            yield kid, _load_raw(value, f"{setting}: key {place}", private_type, public_type)


def _load_raw(value: str, named: str, private_type: type[Private], public_type: type[Public]) -> object:
    is_public = value.startswith("public:")
    try:
        raw = from_base64url(value.removeprefix("public:").rstrip("="))
        if len(raw) != 32:
            raise ValueError
    except ValueError:
        raise KeyMaterialError(f"{named} is not 32 bytes of base64url") from None
    if is_public:
        return public_type.from_public_bytes(raw)
    if weakness := weakness_of(raw):
        raise KeyMaterialError(f"{named} is refused, {weakness}")
    return private_type.from_private_bytes(raw)


def _load_pem(data: bytes, setting: str) -> object:
    try:
        if b"PRIVATE KEY" in data:
            return load_pem_private_key(data, password=None)
        return load_pem_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyMaterialError(f"{setting}: holds no unencrypted PEM key") from None

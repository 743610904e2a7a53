"""Keyed digests for one purpose each: what is stored of an agent key, and what proves a revocation unaltered."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from accounts.tokens import base64url
from accounts.tokens.errors import KeyConfigurationError

AGENT_KEYS = "toolgate/agent-key-digest/1"
REVOCATIONS = "toolgate/revocation-mac/1"
MASTER_BYTES = 32


@dataclass(frozen=True, slots=True)
class KeyedDigest:
    """HMAC-SHA256 under keys of one purpose, by key id. The first makes new digests, all check old ones."""

    keys: Mapping[str, bytes] = field(repr=False)

    @property
    def key_id(self) -> str:
        """The id of the key that makes new digests."""
        return next(iter(self.keys))

    def make(self, message: bytes, *, key_id: str | None = None) -> bytes:
        """32 bytes. Raises KeyError for a key id that is not in force."""
        return hmac.digest(self.keys[key_id or self.key_id], message, "sha256")

    def holds(self, message: bytes, digest: bytes, *, key_id: str) -> bool:
        """Whether `digest` was made of `message` under that key, compared in constant time."""
        return key_id in self.keys and hmac.compare_digest(self.make(message, key_id=key_id), digest)

    @classmethod
    def derived(cls, master_keys: str, purpose: str) -> KeyedDigest:
        """One key for `purpose` from each of `TOOLGATE_MASTER_KEYS` (`kid:base64url`, comma-separated), by HKDF."""
        keys: dict[str, bytes] = {}
        for part in filter(None, (part.strip() for part in master_keys.split(","))):
            kid, _, material = part.partition(":")
            try:
                master = base64url.decode(material.rstrip("="))
            except ValueError:
                raise KeyConfigurationError(f"master key {kid}: the material must be base64url") from None
            if len(master) < MASTER_BYTES:
                raise KeyConfigurationError(f"master key {kid}: at least {MASTER_BYTES} bytes are needed")
            keys[kid] = HKDF(SHA256(), hashlib.sha256().digest_size, None, purpose.encode()).derive(master)
        if not keys:
            raise KeyConfigurationError("master keys: there is none")
        return cls(keys)

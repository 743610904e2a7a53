"""Keyed digests for one purpose each: what is stored of an agent key, and what proves a revocation unaltered."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class KeyedDigest:
    """HMAC-SHA256 under keys of one purpose, by key id. The first makes new digests, all check old ones.

    The keys are handed in: deriving them from the master keys is the vault's work.
    """

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

"""Master keys, and the keys derived from them: one label a purpose."""

from __future__ import annotations

import hashlib
import hmac
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from governance.vault.encoding import frame, from_base64url, split_key
from governance.vault.errors import KeyMaterialError, VaultError

KEY_BYTES = 32
_SALT = b"toolgate/v1"
_PLACEHOLDERS = ("change", "secret", "example", "placeholder", "password", "default", "insecure", "replace")


class Purpose(StrEnum):
    """What a derived key is for. Two purposes never share a key, so a digest made for one says nothing in another."""

    SECRET_WRAP = "secret-wrap"
    MAC = "mac"
    JOURNAL = "journal"
    FINGERPRINT = "fingerprint"
    ARGUMENTS_DIGEST = "digest-arguments"
    RESULT_DIGEST = "digest-result"
    REQUEST_DIGEST = "digest-request"
    AGENT_KEY_DIGEST = "digest-agent-key"


def weakness_of(key: bytes) -> str | None:
    """Why a key of 32 bytes is no product of a random generator, or None.

    32 random bytes have about 4.9 bits of entropy a byte as counted here; under 4.0, all printable, or evenly
    stepped does not happen by chance (each less than once in 10^12 keys).
    """
    if any(word.encode() in key.lower() for word in _PLACEHOLDERS) or all(32 <= byte < 127 for byte in key):
        return "it is text, not random bytes"
    entropy = -sum(count / len(key) * math.log2(count / len(key)) for count in Counter(key).values())
    steps = {(after - before) % 256 for before, after in zip(key, key[1:], strict=False)}
    if entropy < 4.0 or len(steps) < 8:
        return "it has too little entropy"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKey:
    """One master key. Never shown."""

    kid: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKeys:
    """All configured master keys: `first` wraps and derives, every one unwraps what it wrapped."""

    first: MasterKey
    by_kid: Mapping[str, MasterKey] = field(repr=False)

    @classmethod
    def parse(cls, text: str, *, setting: str = "TOOLGATE_MASTER_KEYS") -> MasterKeys:
        """Keys from `kid:base64url[,kid:base64url…]`.

        Raises KeyMaterialError for an empty list, a repeated kid, and a key that is not 32 bytes, or not random ones.
        """
        keys: dict[str, MasterKey] = {}
        parts = filter(None, (part.strip() for part in text.split(",")))
        for place, item in enumerate(parts, 1):  # an error names no kid: a key may stand where the kid should
            kid, encoded = split_key(item, setting=setting)
            try:
                key = from_base64url(encoded.rstrip("="))
            except ValueError:
                raise KeyMaterialError(f"{setting}: key {place} is not base64url") from None
            if len(key) != KEY_BYTES:
                raise KeyMaterialError(f"{setting}: key {place} is {len(key)} bytes, not {KEY_BYTES}")
            if weakness := weakness_of(key):
                raise KeyMaterialError(f"{setting}: key {place} is refused, {weakness}")
            if kid in keys:
                raise KeyMaterialError(f"{setting}: key {place} is given twice")
            keys[kid] = MasterKey(kid=kid, key=key)
        if not keys:
            raise KeyMaterialError(f"{setting}: no key is given")
        return cls(first=next(iter(keys.values())), by_kid=MappingProxyType(keys))

    @property
    def kid(self) -> str:
        """The id of the key that derives now; it is stored beside what was made with it."""
        return self.first.kid

    def derive(self, purpose: Purpose, *context: str, kid: str | None = None) -> bytes:
        """The 32-byte key for one purpose and context, from the first master key or the one named `kid`.

        Raises VaultError for a `kid` that is not configured.
        """
        master = self.first if kid is None else self.by_kid.get(kid)
        if master is None:
            raise VaultError
        return HKDF(SHA256(), 32, _SALT, frame("toolgate/v1", purpose.value, *context)).derive(master.key)

    def digest(self, purpose: Purpose, data: bytes) -> str:
        """Keyed digest (HMAC-SHA256, hex) of `data`, prefixed with the key's id: `kid:hex`."""
        return f"{self.kid}:{hmac.new(self.derive(purpose), data, hashlib.sha256).hexdigest()}"

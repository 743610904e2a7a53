"""Signatures over releases (Ed25519) and MACs over small shared state, each bound to a growing number.

Neither NOTIFY nor the database is an authority: a process believes what carries a signature or a MAC, and
nothing whose number is not above what it has already seen.
"""

from __future__ import annotations

import hashlib
import hmac

from cryptography.exceptions import InvalidSignature

from governance.vault.encoding import KID, frame, from_base64url, to_base64url
from governance.vault.errors import KeyMaterialError, VaultError
from governance.vault.keypair import SigningKeys
from governance.vault.master import MasterKeys, Purpose


def sign(keys: SigningKeys, *, domain: str, number: int, digest: str) -> str:
    """`kid:base64url` signature over (domain, number, digest). Raises KeyMaterialError without a private half."""
    key = keys.first
    if key.private is None:
        raise KeyMaterialError(f"key {key.kid} has only its public half here: this process cannot sign")
    return f"{key.kid}:{to_base64url(key.private.sign(frame('toolgate/v1', 'signature', domain, number, digest)))}"


def verify(keys: SigningKeys, signature: str, *, domain: str, number: int, digest: str) -> None:
    """Returns when the signature holds under the key it names. Raises VaultError otherwise, always the same."""
    kid, _, encoded = signature.rpartition(":")
    key = keys.named(kid)
    if key is None:
        raise VaultError
    try:
        key.public.verify(from_base64url(encoded), frame("toolgate/v1", "signature", domain, number, digest))
    except (ValueError, InvalidSignature):
        raise VaultError from None


def sign_release(keys: SigningKeys, *, number: int, digest: str) -> str:
    """Signature of a release: its number and the SHA-256 (hex) of its canonical document."""
    return sign(keys, domain="release", number=number, digest=digest)


def verify_release(keys: SigningKeys, signature: str, *, number: int, digest: str) -> None:
    """Raises VaultError unless this signature was made for exactly this release."""
    verify(keys, signature, domain="release", number=number, digest=digest)


class EpochMac:
    """MACs over state rows (switches, revocations, approvals, bindings): `kid:hex` over (domain, epoch, body).

    Keyed BLAKE2b of 32 bytes under the `mac` key of a master key. Rotating the master key keeps old tags valid
    as long as the old key is configured.
    """

    __slots__ = ("_derived", "_keys")

    def __init__(self, keys: MasterKeys) -> None:
        self._keys = keys
        self._derived: dict[str, bytes] = {}

    def tag(self, *, domain: str, epoch: int, body: bytes) -> str:
        """The tag of `body` at `epoch` under the first master key."""
        return f"{self._keys.kid}:{self._mac(self._keys.kid, domain, epoch, body)}"

    def check(self, tag: str, *, domain: str, epoch: int, body: bytes, above: int | None = None) -> None:
        """Returns when the tag holds and `epoch` is greater than `above`. Raises VaultError otherwise."""
        kid, _, given = tag.rpartition(":")
        if not KID.fullmatch(kid):
            raise VaultError
        if not hmac.compare_digest(given.encode("utf-8"), self._mac(kid, domain, epoch, body).encode("ascii")):
            raise VaultError
        if above is not None and epoch <= above:
            raise VaultError

    def _mac(self, kid: str, domain: str, epoch: int, body: bytes) -> str:
        key = self._derived.get(kid)
        if key is None:
            key = self._derived[kid] = self._keys.derive(Purpose.MAC, kid=kid)
        head = frame("toolgate/v1", "mac", domain, epoch, len(body))
        return hashlib.blake2b(head + body, key=key, digest_size=32).hexdigest()

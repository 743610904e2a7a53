"""Envelope encryption of stored secrets: a data key per secret, wrapped by a key per provider.

Text form `tg1.<kid>.<wrapped data key>.<nonce, ciphertext, tag>`, each binary part unpadded base64url.
Associated data names where the value belongs, so that a sealed value moved to another row, field, provider
or version does not open.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.vault.encoding import KID, frame, from_base64url, to_base64url
from governance.vault.errors import VaultError
from governance.vault.master import MasterKeys, Purpose
from governance.vault.secret import Secret

_FORMAT = "tg1"
_NONCE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopePlace:
    """Where a sealed value belongs. `row` is the row's id, known before it is written; `version` counts up from 1."""

    provider: str
    model: str
    field: str
    row: str
    version: int

    def data(self, *extra: str) -> bytes:
        """The associated data that binds a ciphertext to this place."""
        return frame(_FORMAT, self.provider, self.model, self.field, self.row, self.version, *extra)


def _seal(key: bytes, plain: bytes, data: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, data)


def _open(key: bytes, sealed: bytes, data: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], data)


class Envelope:
    """Seals and opens secrets with the configured master keys."""

    __slots__ = ("_keys",)

    def __init__(self, keys: MasterKeys) -> None:
        self._keys = keys

    def _wrap_key(self, place: EnvelopePlace, kid: str) -> bytes:
        return self._keys.derive(Purpose.SECRET_WRAP, place.provider, kid, kid=kid)

    def seal(self, secret: Secret, place: EnvelopePlace) -> str:
        """The sealed text of `secret` at `place`, under a fresh data key."""
        kid, data_key = self._keys.kid, AESGCM.generate_key(256)
        wrapped = _seal(self._wrap_key(place, kid), data_key, place.data("key", kid))
        body = _seal(data_key, secret.reveal("sealing").encode("utf-8"), place.data("value"))
        return ".".join((_FORMAT, kid, to_base64url(wrapped), to_base64url(body)))

    def open(self, sealed: str, place: EnvelopePlace) -> Secret:
        """The secret behind `sealed`. Raises VaultError, always the same, when it does not belong or was touched."""
        try:
            kid, wrapped, body = self._parts(sealed)
            data_key = _open(self._wrap_key(place, kid), wrapped, place.data("key", kid))
            return Secret(_open(data_key, body, place.data("value")).decode("utf-8"))
        except (ValueError, InvalidTag):
            raise VaultError from None

    def rewrap(self, sealed: str, place: EnvelopePlace) -> str:
        """The same value with its data key wrapped by the first master key; unchanged when it already is."""
        try:
            kid, wrapped, body = self._parts(sealed)
            data_key = _open(self._wrap_key(place, kid), wrapped, place.data("key", kid))
            _open(data_key, body, place.data("value"))
        except (ValueError, InvalidTag):
            raise VaultError from None
        if kid == self._keys.kid:
            return sealed
        kid = self._keys.kid
        wrapped = _seal(self._wrap_key(place, kid), data_key, place.data("key", kid))
        return ".".join((_FORMAT, kid, to_base64url(wrapped), to_base64url(body)))

    @staticmethod
    def kid_of(sealed: str) -> str:
        """The id of the master key that wrapped `sealed`, for counting what still waits to be rewrapped."""
        return Envelope._parts(sealed)[0]

    @staticmethod
    def _parts(sealed: str) -> tuple[str, bytes, bytes]:
        parts = sealed.split(".")
        # A kid may itself hold dots: the format and the two binary parts stand at the ends.
        if len(parts) < 4 or parts[0] != _FORMAT:
            raise VaultError
        kid = ".".join(parts[1:-2])
        if not KID.fullmatch(kid):
            raise VaultError
        try:
            wrapped, body = from_base64url(parts[-2]), from_base64url(parts[-1])
        except ValueError:
            raise VaultError from None
        if len(wrapped) != _NONCE + 32 + 16 or len(body) < _NONCE + 16:
            raise VaultError
        return kid, wrapped, body

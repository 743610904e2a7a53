"""Captured payloads: a data key per principal and UTC day, sealed to the auditors' public key (X25519).

Web makes the data key, encrypts with it for that day and forgets it: afterwards only a process with the private
half opens what was captured. Erasing a person is destroying the sealed keys of their days.
"""

from __future__ import annotations

import os
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from governance.vault.encoding import frame, from_base64url, to_base64url
from governance.vault.errors import VaultError
from governance.vault.keypair import CaptureKeys

_NONCE = 12
_DAY_US = 86_400_000_000
MAXIMUM_KEYS = 20_000
"""Data keys held at once; the least used is forgotten first and its principal gets another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedDayKey:
    """A data key as it is stored: `day` counts UTC days since the epoch, `sealed` opens with the private half only."""

    id: str
    kid: str
    principal: str
    day: int
    sealed: str


class Captured(NamedTuple):
    """An encrypted payload. `new_key` must be made durable with the first record that uses it."""

    key_id: str
    payload: str
    new_key: SealedDayKey | None = None


@dataclass(slots=True)
class _Held:
    sealed: SealedDayKey
    cipher: AESGCM = field(repr=False)
    delivered: bool = False
    bound: dict[str, bytes] = field(default_factory=dict)


def _shared(secret: bytes, ephemeral: bytes, recipient: bytes) -> AESGCM:
    info = frame("toolgate/v1", "day-key", to_base64url(ephemeral), to_base64url(recipient))
    return AESGCM(HKDF(SHA256(), 32, b"toolgate/v1", info).derive(secret))


def _raw(public: X25519PublicKey) -> bytes:
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _key_data(kid: str, key_id: str, principal: str, day: int) -> bytes:
    return frame("toolgate/v1", "day-key", kid, key_id, principal, day)


def _payload_data(key_id: str, principal: str, day: int, place: str) -> bytes:
    return frame("toolgate/v1", "payload", key_id, principal, day, place)


class DayKeys:
    """The sealing side: needs the public half only. Not safe for use by several threads at once."""

    __slots__ = ("_day", "_held", "_ring")

    def __init__(self, ring: CaptureKeys) -> None:
        self._ring = ring.public_only()
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._day = -1

    def seal(self, payload: bytes, *, principal: str, at: int, place: str) -> Captured:
        """`payload` encrypted under the day key of `principal`; `at` in microseconds since the epoch.

        `place` says what it is (`arguments`, `result`) and is bound to the ciphertext.
        """
        day = at // _DAY_US
        if day != self._day:
            self._held.clear()
            self._day = day
        held = self._held.get(principal)
        if held is None:
            held = self._held[principal] = self._make(principal, day)
            if len(self._held) > MAXIMUM_KEYS:
                self._held.popitem(last=False)
        else:
            self._held.move_to_end(principal)
        nonce = os.urandom(_NONCE)
        data = held.bound.get(place)
        if data is None:
            data = held.bound[place] = _payload_data(held.sealed.id, principal, day, place)
        text = to_base64url(nonce + held.cipher.encrypt(nonce, payload, data))
        return Captured(key_id=held.sealed.id, payload=text, new_key=None if held.delivered else held.sealed)

    def delivered(self, captured: Captured) -> None:
        """Call after the record with `captured.new_key` is durable: the key need not be sent again."""
        if captured.new_key is not None:
            held = self._held.get(captured.new_key.principal)
            if held is not None and held.sealed.id == captured.new_key.id:
                held.delivered = True

    def forget(self) -> None:
        """Drop every data key: after a fork, and when a day has ended without traffic."""
        self._held.clear()

    def _make(self, principal: str, day: int) -> _Held:
        key_id, data_key = str(uuid.uuid4()), AESGCM.generate_key(256)
        recipient = self._ring.first
        ephemeral = X25519PrivateKey.generate()
        epk, rpk = _raw(ephemeral.public_key()), _raw(recipient.public)
        nonce = os.urandom(_NONCE)
        body = _shared(ephemeral.exchange(recipient.public), epk, rpk).encrypt(
            nonce, data_key, _key_data(recipient.kid, key_id, principal, day)
        )
        sealed = SealedDayKey(
            id=key_id, kid=recipient.kid, principal=principal, day=day, sealed=to_base64url(epk + nonce + body)
        )
        return _Held(sealed, AESGCM(data_key))


def open_captured(ring: CaptureKeys, key: SealedDayKey, payload: str, *, place: str) -> bytes:
    """The payload behind a capture. Raises VaultError when anything about key, payload or place is not as sealed."""
    return OpenedDayKey(ring, key).open(payload, place=place)


class OpenedDayKey:
    """The opening side of one day key: the slow half is done once, for whoever reads many payloads of a day."""

    __slots__ = ("_bound", "_cipher", "_key")

    def __init__(self, ring: CaptureKeys, key: SealedDayKey) -> None:
        """Raises VaultError without the private half, or where the key is not as sealed."""
        recipient = ring.named(key.kid)
        if recipient is None or recipient.private is None:
            raise VaultError
        try:
            raw = from_base64url(key.sealed)
            epk, nonce, body = raw[:32], raw[32 : 32 + _NONCE], raw[32 + _NONCE :]
            shared = recipient.private.exchange(X25519PublicKey.from_public_bytes(epk))
            data_key = _shared(shared, epk, _raw(recipient.public)).decrypt(
                nonce, body, _key_data(key.kid, key.id, key.principal, key.day)
            )
            self._key, self._cipher = key, AESGCM(data_key)
            self._bound: dict[str, bytes] = {}
        except (ValueError, InvalidTag):
            raise VaultError from None

    def open(self, payload: str, *, place: str) -> bytes:
        """One payload. Raises VaultError when it is not as sealed, or was sealed for another place."""
        try:
            sealed = from_base64url(payload)
            data = self._bound.get(place)
            if data is None:
                data = self._bound[place] = _payload_data(self._key.id, self._key.principal, self._key.day, place)
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], data)
        except (ValueError, InvalidTag):
            raise VaultError from None

"""Identity that a trusted proxy has verified: believed only from its network, and only under its signature."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from accounts.credentials.networks import Network, is_within
from accounts.credentials.presented import RawHeaders
from accounts.tokens.errors import CredentialError

WINDOW = 30.0
"""Seconds that a proxy's clock may differ from ours, either way."""

NONCES = 100_000
VERIFIED, USER, PERMISSIONS = b"x-proxy-verified", b"x-user-id", b"x-user-permissions"
TIMESTAMP, NONCE, SIGNATURE = b"x-proxy-timestamp", b"x-proxy-nonce", b"x-proxy-signature"
NAMES = frozenset({VERIFIED, USER, PERMISSIONS, TIMESTAMP, NONCE, SIGNATURE})
_NONCE = re.compile(r"[A-Za-z0-9._:-]{16,128}", re.ASCII)
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


class NonceStore(Protocol):
    """Where nonces are remembered; shared when there are several processes."""

    def first_use(self, nonce: str, now: float) -> bool:
        """Whether `nonce` was not seen within the window, and remembers it. False when it cannot be told."""


class MemoryNonces:
    """The nonces of one process, each for twice the window. When full it remembers, and so admits, nothing new."""

    def __init__(self, capacity: int = NONCES) -> None:
        self._capacity = capacity
        self._until: OrderedDict[str, float] = OrderedDict()

    def first_use(self, nonce: str, now: float) -> bool:
        """Whether `nonce` is new."""
        while self._until:
            oldest = next(iter(self._until))
            if self._until[oldest] > now:
                break
            self._until.popitem(last=False)
        if nonce in self._until or len(self._until) >= self._capacity:
            return False
        self._until[nonce] = now + 2 * WINDOW
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyClaim:
    """Whom a proxy has verified, and the tiers it lets them have. Empty permissions narrow nothing."""

    user: str
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedProxy:
    """Checks the headers of the proxies in `networks`, signed with `key`."""

    networks: Sequence[Network]
    key: bytes = field(repr=False)
    nonces: NonceStore

    def claim(
        self, headers: RawHeaders, *, method: str, target: bytes, body: bytes, peer: str | None, now: float
    ) -> ProxyClaim:
        """What the proxy says of this request. `target` is the raw request target, query included.

        Raises CredentialError `proxy.refused` for headers that are not from a listed network, doubled, not signed, too
        old, or used before; the caller strips them and records the attempt.
        """
        found = _once(headers)
        if not self.key or not is_within(peer, self.networks) or found.get(VERIFIED) != "true" or not found.get(USER):
            raise _refused()
        timestamp, nonce = found.get(TIMESTAMP, ""), found.get(NONCE, "")
        if not _TIMESTAMP.fullmatch(timestamp) or not _NONCE.fullmatch(nonce):
            raise _refused()
        signed = sign(self.key, found, method=method, target=target, body=body)
        if not hmac.compare_digest(signed.encode(), found.get(SIGNATURE, "").encode()):
            raise _refused()
        # Only what is signed may cost a nonce: nobody else fills the table.
        if abs(int(timestamp) - now) > WINDOW or not self.nonces.first_use(nonce, now):
            raise _refused()
        return ProxyClaim(user=found[USER], permissions=tuple(found.get(PERMISSIONS, "").split()))


def sign(key: bytes, values: Mapping[bytes, str], *, method: str, target: bytes, body: bytes) -> str:
    """`v1=` and the hex HMAC-SHA256 that a proxy puts into `x-proxy-signature`."""
    said = [values.get(name, "").encode("latin-1") for name in (TIMESTAMP, NONCE)]
    whom = [values.get(name, "").encode("latin-1") for name in (VERIFIED, USER, PERMISSIONS)]
    lines = [b"v1", *said, method.encode("latin-1"), target, hashlib.sha256(body).hexdigest().encode(), *whom]
    return "v1=" + hmac.new(key, b"\n".join(lines), hashlib.sha256).hexdigest()


def _once(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    for name, value in headers:
        if name in NAMES:
            # A comma is how a server joins a header sent twice; none of ours holds one.
            if name in found or b"," in value or b"\n" in value:
                raise _refused()
            found[name] = value.decode("latin-1")
    return found


def _refused() -> CredentialError:
    return CredentialError("proxy.refused", "The proxy's headers are not believed.")

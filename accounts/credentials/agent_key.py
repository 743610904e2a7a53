"""Agent keys: opaque credentials `tg_…`, of which only a keyed digest is kept."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field

from accounts.credentials.networks import Network, is_within
from accounts.tokens.digest import KeyedDigest
from accounts.tokens.errors import CredentialError

PREFIX = "tg_"
_ALPHABET = string.ascii_letters + string.digits
_PUBLIC, _SECRET = 16, 43  # 95 and 256 bits
_FORM = re.compile(rf"(tg_[A-Za-z0-9]{{{_PUBLIC}}})_[A-Za-z0-9]{{{_SECRET}}}", re.ASCII)
_REFUSED = ("key.invalid", "The agent key is not in force.")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """What every process holds in memory of an agent key. `expires_at` in seconds since the epoch; None: never."""

    public_id: str
    digest: bytes = field(repr=False)
    digest_key_id: str
    agent: str
    principal: str
    scopes: frozenset[str] = frozenset()
    audiences: frozenset[str] = frozenset()
    servers: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    expires_at: float | None = None
    issued_at: float = 0.0
    revoked: bool = False

    def check_use(self, *, audience: str, server: str | None, peer: str | None, now: float) -> None:
        """Whether the key may be used here and now. Raises CredentialError."""
        if self.revoked or (self.expires_at is not None and self.expires_at <= now):
            raise CredentialError(*_REFUSED)
        accepted = server in self.servers if server is not None else audience in self.audiences
        if not accepted:
            raise CredentialError("key.audience", "The agent key is not for this door.")
        if self.networks and not is_within(peer, self.networks):
            raise CredentialError("key.network", "The agent key may not be used from this network.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key just made: `key` is shown once, the rest is kept."""

    key: str = field(repr=False)
    public_id: str
    digest: bytes = field(repr=False)
    digest_key_id: str


def make_key(digests: KeyedDigest) -> NewKey:
    """A new random key of 256 bits."""
    public_id = PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_PUBLIC))
    key = f"{public_id}_{''.join(secrets.choice(_ALPHABET) for _ in range(_SECRET))}"
    return NewKey(key=key, public_id=public_id, digest=digests.make(key.encode()), digest_key_id=digests.key_id)


def public_part(presented: str) -> str | None:
    """The public id in a text of a key's form; None for any other."""
    form = _FORM.fullmatch(presented)
    return form[1] if form else None


def find_key(presented: str, keys: Mapping[str, KeyEntry], digests: KeyedDigest) -> KeyEntry:
    """The entry of a presented key. Raises CredentialError, always the same, for any that is not there."""
    entry = keys.get(public_part(presented) or "")
    if entry is None or not digests.holds(presented.encode(), entry.digest, key_id=entry.digest_key_id):
        raise CredentialError(*_REFUSED)
    return entry

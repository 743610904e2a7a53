"""Who a request comes from, as verified: the engine's caller and the credential that proves it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from accounts.tokens.claims import Claims
from governance.engine.principal import ANONYMOUS, Caller


class Credential(StrEnum):
    """What a request was authenticated by."""

    TOKEN = "token"
    KEY = "key"
    PROXY = "proxy"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A verified caller. `expires_at` is in seconds since the epoch (None: the credential has no end of its own).

    `token_sha256` (hex) names the exact token in the record, never in a deny list: those go by `jti`. `key_id` is the
    public part of an agent key, `kid` the key that signed the token. `names` are what revocations may name. `asked_by`
    is the enforcement point whose credential this is, where it asks about somebody else.
    """

    caller: Caller
    credential: Credential
    expires_at: float | None = None
    issued_at: float = 0.0
    claims: Claims | None = None
    kid: str | None = None
    token_sha256: str | None = None
    key_id: str | None = None
    names: tuple[str, ...] = ()
    asked_by: str | None = None

    @property
    def authenticated(self) -> bool:
        """Whether anybody is: exactly Anonymous or Authenticated."""
        return self.credential is not Credential.NONE

    @property
    def jti(self) -> str | None:
        """The token's id."""
        return self.claims.jti if self.claims is not None else None

    @property
    def iss(self) -> str | None:
        """The token's issuer."""
        return self.claims.iss if self.claims is not None else None


def anonymous(audience: str) -> Identity:
    """Nobody, at the door of this audience."""
    return Identity(caller=Caller(principal=ANONYMOUS, audience=audience), credential=Credential.NONE)


def revocable_names(caller: Caller, *, jti: str | None = None, key: str | None = None) -> tuple[str, ...]:
    """Everything by which this caller can be revoked, as `RevocationSet` names it; the chain's links included."""
    found = [f"principal:{caller.principal.id}"]
    for kind, value in (("jti", jti), ("session", caller.session_id), ("agent", caller.agent), ("key", key)):
        if value is not None:
            found.append(f"{kind}:{value}")
    for link in caller.chain:
        if link.principal is not None:
            found.append(f"principal:{link.principal.id}")
        if link.agent is not None:
            found.append(f"agent:{link.agent}")
    return tuple(found)

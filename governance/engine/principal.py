"""Who asks: the principal, the agent acting for it, and the chain between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Tier(IntEnum):
    """The six permission levels, totally ordered; a tier implies every lower one."""

    ANONYMOUS = 10
    MCP = 20
    A2A = 30
    SERVICE = 40
    USER = 50
    ADMIN = 100

    @property
    def word(self) -> str:
        """The tier as policy and tokens write it: `user`."""
        return self.name.lower()


TIERS: Mapping[str, Tier] = {tier.word: tier for tier in Tier}


class PrincipalKind(StrEnum):
    """What a principal is."""

    USER = "user"
    SERVICE = "service"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """An authenticated caller with its directory data, already narrowed by its token.

    `known` is false for a valid token whose subject the directory does not hold; `active` is the directory's word.
    `rate_tier` is one of admin user service a2a mcp anon. `owner` is the human owner of a service principal.
    """

    id: str
    kind: PrincipalKind
    tier: Tier
    roles: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    known: bool = True
    active: bool = True
    owner: str | None = None
    rate_tier: str = "user"


ANONYMOUS = Principal(id="anonymous", kind=PrincipalKind.ANONYMOUS, tier=Tier.ANONYMOUS, rate_tier="anon")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One further link of a delegation chain (`act`, RFC 8693): a principal, an agent, or both."""

    principal: Principal | None = None
    agent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Everything verified about who asks. `agent` comes from the signed claim only.

    `session_id` is the signed session (`sid`), `audience` the token's audience.
    """

    principal: Principal
    agent: str | None = None
    chain: tuple[Link, ...] = ()
    session_id: str | None = None
    client_id: str | None = None
    audience: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEntry:
    """What every process holds in memory of a principal.

    `staff_until` is when the last of its staff roles ends, in seconds UTC (infinity: never, 0: it holds none).
    """

    kind: PrincipalKind
    active: bool
    tier: Tier
    epoch: int
    owner: str | None = None
    roles: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    staff_until: float = 0.0


Directory = Mapping[str, DirectoryEntry]

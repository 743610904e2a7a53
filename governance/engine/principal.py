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

_RATE_ORDER: Mapping[str, Tier] = {"anon" if tier is Tier.ANONYMOUS else tier.word: tier for tier in Tier}

RATE_TIERS = frozenset(_RATE_ORDER)


class PrincipalKind(StrEnum):
    """What a principal is."""

    USER = "user"
    SERVICE = "service"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """An authenticated caller with its directory data, already narrowed by its token.

    `known` is false for a valid token whose subject the directory does not hold; `active` is the directory's word.
    `rate_tier` is one of admin user service a2a mcp anon; `rate_ceiling` the one it has without what lowered it, whose
    rate it never exceeds: a lower tier may have a larger factor. `owner` is the human owner of a service principal.
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
    rate_ceiling: str | None = None


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


def lowered(tier: Tier, scope: tuple[str, ...] | frozenset[str]) -> Tier:
    """The tier, lowered to the highest one in `scope`. Words that are no tier do not count; none lowers nothing."""
    named = [TIERS[word] for word in scope if word in TIERS]
    return min(tier, max(named)) if named else tier


def rate_tier_of(word: str | None) -> str:
    """The rate tier that a claim or a tier names; anonymous, missing and unknown ones count as anon."""
    return word if word in RATE_TIERS else "anon"


def rate_tiers_of(
    entry: DirectoryEntry, *, set_apart: str | None, tier: Tier, claimed: str | None = None
) -> tuple[str, str | None]:
    """The rate tier of a credential of `tier`, and the principal's own where that is another: its `rate_ceiling`.

    Its own is the one that the directory sets apart, else its tier's. A lower `tier` and a claim lower it, in the order
    of the tiers; nothing raises it.
    """
    own = rate_tier_of(set_apart or entry.tier.word)
    said = [own]
    if tier < entry.tier:
        said.append(rate_tier_of(tier.word))
    if claimed is not None:
        said.append(rate_tier_of(claimed))
    lowest = min(said, key=_RATE_ORDER.__getitem__)
    return lowest, own if lowest != own else None


def principal_of(
    name: str,
    entry: DirectoryEntry | None,
    *,
    scope: tuple[str, ...] | frozenset[str] = frozenset(),
    rate_tier: str | None = None,
) -> Principal:
    """A principal wholly from the directory, tier and rate tier lowered to `scope`; unknown where there is no entry.

    `rate_tier` is the one that the directory sets apart from its tier.
    """
    if entry is None:
        return Principal(
            id=name, kind=PrincipalKind.USER, tier=Tier.ANONYMOUS, known=False, active=False, rate_tier="anon"
        )
    tier = lowered(entry.tier, scope)
    rate, ceiling = rate_tiers_of(entry, set_apart=rate_tier, tier=tier)
    return Principal(
        id=name,
        kind=entry.kind,
        tier=tier,
        roles=entry.roles,
        groups=entry.groups,
        departments=entry.departments,
        active=entry.active,
        owner=entry.owner,
        rate_tier=rate,
        rate_ceiling=ceiling,
    )

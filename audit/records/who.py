"""Who acted, as every record says it: a principal with the chain that acts for it, or one of our own components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

import orjson

from audit.records.canonical import RecordInvalid, clean, fragment
from audit.records.fields import Fields
from governance.engine.principal import Caller, Link, Principal, PrincipalKind, Tier

_TIERS = {int(tier): tier for tier in Tier}

Names: TypeAlias = Mapping[str, str]
"""What people call whom ids name, by the keys that the ids stand under, and `email`: the principal's own address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRef:
    """The verified credential of an authenticated act; `sha256` is the hex digest of the canonical token."""

    iss: str | None = None
    jti: str | None = None
    kid: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who acted, as bytes made once per verified token (`Who.principal`) or component (`Who.component`).

    `id` is the principal's id, or the component's name; the journal's fair share goes by it.
    """

    id: str
    part: orjson.Fragment = field(repr=False)

    @classmethod
    def principal(
        cls,
        id: str,
        *,
        kind: str,
        owner: str | None = None,
        agent: str | None = None,
        session: str | None = None,
        departments: tuple[str, ...] | frozenset[str] = (),
        links: list[dict[str, Any]] | None = None,
        names: Names | None = None,
        token: TokenRef | None = None,
        asked_by: str | None = None,
        staff: str | None = None,
    ) -> Who:
        """A principal (`kind` user, service or anonymous).

        `links` are the effective claims of every link of the chain, first the principal's own. `names` are those of
        `principal`, `owner`, `agent` and `asked_by`, as the directory and the release have them. `asked_by` is the
        enforcement point that asked for it, `staff` the operating-system user behind a command.
        """
        if not id:
            raise RecordInvalid("/who/principal", "is empty: what has no principal names its component")
        part: dict[str, Any] = {"kind": kind, "principal": clean(id)}
        optional = {"owner": owner, "agent": agent, "session": session, "asked_by": asked_by, "staff": staff}
        part |= {key: clean(value) for key, value in optional.items() if value is not None}
        if departments:
            part["departments"] = sorted(map(clean, departments))
        if links:
            part["links"] = links
        if names:
            part["names"] = _clean_names(names)
        if token is not None:
            known = {"iss": token.iss, "jti": token.jti, "kid": token.kid, "sha256": token.sha256}
            part["token"] = {key: clean(value) for key, value in known.items() if value is not None}
        return cls(id=id, part=fragment(part))

    @classmethod
    def component(cls, name: str, *, staff: str | None = None) -> Who:
        """One of our own components (`journal`, `beat`, `worker`, `command:kill`): no act is anonymous."""
        if not name:
            raise RecordInvalid("/who/component", "is empty")
        part = {"kind": "component", "component": clean(name)}
        if staff is not None:
            part["staff"] = clean(staff)
        return cls(id=name, part=fragment(part))


def _clean_names(names: Names) -> dict[str, str]:
    return {key: clean(value) for key, value in names.items()}


def _claims(principal: Principal) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "principal": clean(principal.id),
        "kind": principal.kind.value,
        "tier": int(principal.tier),
        "rate_tier": principal.rate_tier,
        "known": principal.known,
        "active": principal.active,
    }
    for name in ("roles", "groups", "departments"):
        if values := getattr(principal, name):
            claims[name] = sorted(map(clean, values))
    if principal.owner is not None:
        claims["owner"] = clean(principal.owner)
    if principal.rate_ceiling is not None:
        claims["rate_ceiling"] = principal.rate_ceiling
    return claims


def links_of(caller: Caller, names: Sequence[Names] = ()) -> list[dict[str, Any]]:
    """The effective claims of every link of a caller's chain, its own first: make them once per verified token.

    `names` are those of each of the links after its own, or of none; its own stand beside its ids.
    """
    own = _claims(caller.principal)
    if caller.agent is not None:
        own["agent"] = clean(caller.agent)
    called = names or ({},) * len(caller.chain)
    return [own, *(_link(link, known) for link, known in zip(caller.chain, called, strict=True))]


def _link(link: Link, names: Names) -> dict[str, Any]:
    claims = _claims(link.principal) if link.principal is not None else {}
    if link.agent is not None:
        claims["agent"] = clean(link.agent)
    if names:
        claims["names"] = _clean_names(names)
    return claims


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedWho:
    """A `Who` read back. `caller` is the chain with its effective claims, None where the record has no links.

    The caller's `client_id` and `audience` are not recorded; its session is the record's. `link_names` are the names of
    the links after its own, empty where none of them has any.
    """

    kind: str
    principal: str | None = None
    component: str | None = None
    owner: str | None = None
    agent: str | None = None
    session: str | None = None
    departments: frozenset[str] = frozenset()
    caller: Caller | None = None
    names: Names = field(default_factory=dict)
    link_names: tuple[Names, ...] = ()
    token: TokenRef | None = None
    asked_by: str | None = None
    staff: str | None = None

    @property
    def name(self) -> str:
        """The principal's id, or else the component's name."""
        return self.principal or self.component or ""


def read_who(who: object) -> RecordedWho:
    """The `who` of a record, read once for all records of a caller. Raises RecordInvalid."""
    return _read_who(orjson.dumps(who))


@lru_cache(maxsize=1_024)
def _read_who(who: bytes) -> RecordedWho:
    part = Fields(orjson.loads(who), "/who")
    if "component" in part:
        if (kind := part.text("kind")) != "component":
            raise part.invalid("kind", f"{kind!r} is no component")
        found = RecordedWho(kind=kind, component=part.text("component"), staff=part.perhaps_text("staff"))
    else:
        session = part.perhaps_text("session")
        links = part.each("links")
        link_names = tuple(link.names("names") for link in links[1:])
        found = RecordedWho(
            kind=part.choice("kind", PrincipalKind).value,
            principal=part.text("principal"),
            owner=part.perhaps_text("owner"),
            agent=part.perhaps_text("agent"),
            session=session,
            departments=frozenset(part.texts("departments")),
            caller=_read_caller(links, session=session),
            names=part.names("names"),
            link_names=link_names if any(link_names) else (),
            token=_read_token(part.perhaps_fields("token")),
            asked_by=part.perhaps_text("asked_by"),
            staff=part.perhaps_text("staff"),
        )
    part.end()
    return found


def _read_token(part: Fields | None) -> TokenRef | None:
    if part is None:
        return None
    found = TokenRef(
        iss=part.perhaps_text("iss"),
        jti=part.perhaps_text("jti"),
        kid=part.perhaps_text("kid"),
        sha256=part.perhaps_text("sha256"),
    )
    part.end()
    return found


def _read_caller(links: list[Fields], *, session: str | None) -> Caller | None:
    """The chain that `links_of` wrote."""
    if not links:
        return None
    own, *chain = (_read_link(link) for link in links)
    if own.principal is None:
        raise links[0].invalid("principal", "is missing")
    return Caller(principal=own.principal, agent=own.agent, chain=tuple(chain), session_id=session)


def _read_link(link: Fields) -> Link:
    found = Link(principal=_read_principal(link) if "principal" in link else None, agent=link.perhaps_text("agent"))
    link.end()
    return found


def _read_principal(claims: Fields) -> Principal:
    tier = claims.whole("tier")
    if tier not in _TIERS:
        raise claims.invalid("tier", f"{tier} is no tier")
    return Principal(
        id=claims.text("principal"),
        kind=claims.choice("kind", PrincipalKind),
        tier=_TIERS[tier],
        roles=frozenset(claims.texts("roles")),
        groups=frozenset(claims.texts("groups")),
        departments=frozenset(claims.texts("departments")),
        known=claims.flag("known"),
        active=claims.flag("active"),
        owner=claims.perhaps_text("owner"),
        rate_tier=claims.text("rate_tier"),
        rate_ceiling=claims.perhaps_text("rate_ceiling"),
    )

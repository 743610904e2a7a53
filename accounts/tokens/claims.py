"""A token's claims, read strictly: every one has its type and its bound, and none stands there twice."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from accounts.tokens.errors import TokenError

TOKEN_BYTES = 4096
CHAIN_LINKS = 8
LISTED = 256
"""At most so many roles, groups or departments; a token of 4 KiB holds no more anyway."""
LAST_SECOND = 2**40
"""Seconds since the epoch that a claim may name: some 34,000 years, exact in any JSON reader."""
REQUIRED = ("exp", "iat", "nbf", "aud", "iss", "sub", "jti")
ACCESS_TYPES = frozenset({"access", "Bearer"})

_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActLink:
    """One link of `act` (RFC 8693): who acts. `agent` and `sub` are ids; one of them at least is there."""

    sub: str | None = None
    agent: str | None = None
    epoch: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a verified token says. Times are whole seconds since the epoch, UTC. None or empty: not in the token."""

    iss: str
    sub: str
    aud: str
    exp: int
    nbf: int
    iat: int
    jti: str
    sid: str | None = None
    scope: tuple[str, ...] = ()
    roles: frozenset[str] | None = None
    groups: frozenset[str] | None = None
    departments: frozenset[str] | None = None
    user_type: str | None = None
    rate_limit_tier: str | None = None
    epoch: int | None = None
    client_id: str | None = None
    agent: str | None = None
    act: tuple[ActLink, ...] = ()
    auth_time: int | None = None
    amr: tuple[str, ...] = ()
    username: str | None = None
    pep_subjects: tuple[str, ...] = ()
    pep_servers: tuple[str, ...] = ()


def read_object(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`. Raises ValueError for anything else, duplicates, NaN, and what is nested too deep."""
    try:
        found = _DECODER.decode(data.decode("utf-8"))
    except RecursionError:
        raise ValueError("nested too deep") from None
    if type(found) is not dict:
        raise ValueError("not an object")
    return found


def read_claims(found: dict[str, Any]) -> Claims:
    """Claims from a decoded payload. Raises TokenError `token.claims`, naming the claim. Unknown ones mean nothing."""
    for name in REQUIRED:
        if name not in found:
            raise TokenError("token.claims", f"The claim {name} is missing.")
    token_type = found.get("token_type")
    if token_type is not None and (type(token_type) is not str or token_type not in ACCESS_TYPES):
        raise TokenError("token.type", "This is not an access token.")
    act = found.get("act")
    pep = _mapping(found, "pep")
    return Claims(
        iss=_text(found, "iss"),
        sub=_text(found, "sub"),
        aud=_audience(found["aud"]),
        exp=_second(found, "exp"),
        nbf=_second(found, "nbf"),
        iat=_second(found, "iat"),
        jti=_identifier(found, "jti") or _wrong("jti"),
        sid=_identifier(found, "sid"),
        scope=_scope(found.get("scope")),
        roles=_names(found, "roles"),
        groups=_names(found, "groups"),
        departments=_names(found, "departments"),
        user_type=_optional_text(found, "user_type"),
        rate_limit_tier=_optional_text(found, "rate_limit_tier"),
        epoch=None if found.get("epoch") is None else _second(found, "epoch"),
        client_id=_optional_text(found, "client_id"),
        agent=_optional_text(found, "agent"),
        act=() if act is None else _chain(act),
        auth_time=None if found.get("auth_time") is None else _second(found, "auth_time"),
        amr=tuple(sorted(_names(found, "amr") or ())),
        username=_optional_text(found, "username"),
        pep_subjects=tuple(sorted(_names(pep, "subjects") or ())),
        pep_servers=tuple(sorted(_names(pep, "servers") or ())),
    )


def _wrong(name: str) -> NoReturn:
    raise TokenError("token.claims", f"The claim {name} is not of its type.")


def _text(found: dict[str, Any], name: str) -> str:
    value = found[name]
    if type(value) is not str or not value or len(value) > 512 or _CONTROL.search(value):
        _wrong(name)
    return value


def _optional_text(found: dict[str, Any], name: str) -> str | None:
    return None if found.get(name) is None else _text(found, name)


def _identifier(found: dict[str, Any], name: str) -> str | None:
    value = found.get(name)
    if value is None:
        return None
    if type(value) is not str or not _ID.fullmatch(value):
        _wrong(name)
    return value


def _second(found: dict[str, Any], name: str) -> int:
    value = found[name]
    # Not isinstance: True is an int to Python, and no time.
    if type(value) is not int or not 0 <= value <= LAST_SECOND:
        _wrong(name)
    return value


def _audience(value: Any) -> str:
    if type(value) is list and len(value) == 1:
        value = value[0]
    return _text({"aud": value}, "aud")


def _scope(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if type(value) is not str or _CONTROL.search(value):
        _wrong("scope")
    return tuple(value.split())


def _names(found: dict[str, Any], name: str) -> frozenset[str] | None:
    value = found.get(name)
    if value is None:
        return None
    if type(value) is not list or len(value) > LISTED:
        _wrong(name)
    for item in value:
        if type(item) is not str or not item or _CONTROL.search(item):
            _wrong(name)
    return frozenset(value)


def _mapping(found: dict[str, Any], name: str) -> dict[str, Any]:
    value = found.get(name)
    if value is None:
        return {}
    if type(value) is not dict:
        _wrong(name)
    return value


def _chain(value: Any) -> tuple[ActLink, ...]:
    links: list[ActLink] = []
    while value is not None:
        if type(value) is not dict or len(links) == CHAIN_LINKS:
            _wrong("act")
        link = ActLink(
            sub=_optional_text(value, "sub"),
            agent=_optional_text(value, "agent"),
            epoch=None if value.get("epoch") is None else _second(value, "epoch"),
        )
        if link.sub is None and link.agent is None:
            _wrong("act")
        links.append(link)
        value = value.get("act")
    return tuple(links)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _exact_integer(text: str) -> int:
    if len(text) > 20:
        raise ValueError("an integer beyond 64 bits")
    return int(text)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_without_duplicates, parse_constant=_no_constant, parse_int=_exact_integer
)

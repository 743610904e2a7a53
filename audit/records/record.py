"""The record: who acted, what happened, and its exact canonical bytes.

A `Prepared` says everything but where it stands; the journal (or the outbox) stamps it with id, time, node, boot and
counter and makes the bytes that are stored, hashed and never serialised again.

    {"at": 1763764984123456, "boot": "…", "class": "evidence", "data": {…}, "id": "…", "kind": "decision",
     "level": "info", "n": 17, "node": "…", "salt": "…32 hex…", "source": "observed", "v": 1, "who": {…},
     "trace": …, "context": …, "task": …, "client": …, "client_session": …}

What is unknown is left out. `at` counts microseconds since the epoch, UTC, by this server's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import orjson

from audit.records.canonical import RecordInvalid, canonical, clean, fragment, map_text
from audit.records.kinds import EVIDENCE_KINDS, FIELDS, Kind, Level, Retention, Source, retention_of
from audit.records.uuid7 import make_id

VERSION = 1


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
        names: Mapping[str, str] | None = None,
        token: TokenRef | None = None,
        asked_by: str | None = None,
        staff: str | None = None,
    ) -> Who:
        """A principal (`kind` user, service or anonymous).

        `links` are the effective claims of every link of the chain, first the principal's own. `names` are display
        names beside the ids (`principal`, `owner`, `agent`). `asked_by` is the enforcement point that asked for it,
        `staff` the operating-system user behind a command.
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
            part["names"] = {key: clean(value) for key, value in names.items()}
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


Ids = Mapping[str, str]
"""Ids that tie records together, as `ids()` makes them: labels of the caller, never identity."""
NO_IDS: Ids = MappingProxyType({})


def ids(
    *,
    trace: str | None = None,
    context: str | None = None,
    task: str | None = None,
    client: str | None = None,
    client_session: str | None = None,
) -> Ids:
    """The ids that are known, fit for a record."""
    known: dict[str, str] = {}
    if trace is not None:
        known["trace"] = clean(trace)
    if context is not None:
        known["context"] = clean(context)
    if task is not None:
        known["task"] = clean(task)
    if client is not None:
        known["client"] = clean(client)
    if client_session is not None:
        known["client_session"] = clean(client_session)
    return known


@dataclass(slots=True, kw_only=True)
class Prepared:
    """A record before it has a place.

    `data` holds only what `canonical` takes. `attachments` are small canonical objects with a key `attach` that must
    be durable together with the record and are no part of it (sealed day keys). `typed` is set by a builder that has
    checked the type of every value itself, on the hot path.
    """

    kind: Kind
    who: Who
    data: dict[str, Any]
    level: Level = Level.INFO
    source: Source = Source.OBSERVED
    ids: Ids = field(default_factory=dict)
    attachments: tuple[dict[str, Any], ...] = ()
    typed: bool = False

    @property
    def retention(self) -> Retention:
        """The class this record is kept under."""
        return retention_of(self.kind, self.level)


def prepare(
    kind: Kind,
    *,
    who: Who,
    level: Level = Level.INFO,
    source: Source = Source.OBSERVED,
    ids: Ids = NO_IDS,
    **fields: Any,
) -> Prepared:
    """A draft of any kind but decision and execution (they have builders of their own), checked against FIELDS.

    Raises RecordInvalid for an unknown field, one that is missing, and one of the wrong type.
    """
    known = FIELDS.get(kind)
    if known is None:
        raise RecordInvalid("/kind", f"{kind} has a builder of its own")
    data: dict[str, Any] = {}
    for name, value in fields.items():
        kind_of_field = known.get(name)
        if kind_of_field is None:
            raise RecordInvalid(f"/data/{name}", f"is no field of {kind}; it has {', '.join(known)}")
        if value is None:
            continue
        if kind_of_field == "map":
            data[name] = map_text(value)
        elif kind_of_field == "int":
            if type(value) is not int:
                raise RecordInvalid(f"/data/{name}", f"must be an integer, not {type(value).__name__}")
            data[name] = value
        else:
            if not isinstance(value, str):
                raise RecordInvalid(f"/data/{name}", f"must be a string, not {type(value).__name__}")
            data[name] = clean(value, limit=4096)
    for name, kind_of_field in known.items():
        if kind_of_field.endswith("!") and not data.get(name):
            raise RecordInvalid(f"/data/{name}", f"is required for {kind}")
    return Prepared(kind=kind, who=who, data=data, level=level, source=source, ids=ids)


def stamp(record: Prepared, *, at: int, node: str, boot: str | None, n: int | None, random: bytes) -> tuple[str, bytes]:
    """Id and canonical bytes of a record at its place. `random` is 24 fresh bytes: 8 for the id, 16 of salt."""
    record_id = make_id(at, random)
    kind, level = record.kind, record.level
    body: dict[str, Any] = {
        "at": at,
        "class": "evidence" if kind in EVIDENCE_KINDS else level._value_,
        "data": record.data,
        "id": record_id,
        "kind": kind._value_,  # `value` is a Python-level property: slow on the hot path
        "level": level._value_,
        "node": node,
        "salt": random[8:24].hex(),
        "source": record.source._value_,
        "v": VERSION,
        "who": record.who.part,
    }
    if boot is not None:
        body["boot"] = boot
        body["n"] = n
    if record.ids:
        body |= record.ids
    return record_id, canonical(body, typed=record.typed)

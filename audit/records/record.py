"""The record: who acted, what happened, and its exact canonical bytes; what every record says is read here too.

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

from audit.records.canonical import RecordInvalid, canonical, clean, holds_nul, map_text
from audit.records.fields import Fields
from audit.records.kinds import EVIDENCE_KINDS, FIELDS, Kind, Level, Retention, Source, retention_of
from audit.records.uuid7 import make_id, read_id
from audit.records.who import RecordedWho, Who, read_who

VERSION = 1
SALT_BYTES = 16
# Members of a StrEnum hash and compare as their values do.
_KINDS, _LEVELS, _SOURCES, _CLASSES = frozenset(Kind), frozenset(Level), frozenset(Source), frozenset(Retention)
_IDS = ("trace", "context", "task", "client", "client_session")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What every record says beside its own data, as `stamp` wrote it. `at` in microseconds since the epoch, UTC."""

    id: str
    at: int
    kind: Kind
    level: Level
    source: Source
    node: str
    boot: str | None
    n: int | None
    salt: str
    who: RecordedWho
    ids: Ids


def open_record(body: bytes) -> dict[str, Any]:
    """A record's content as it stands, with what its place in the trail rests on checked: version, kind, class, time.

    Raises RecordInvalid. Its data is for the reader of its kind; `content()` of a row is for showing any bytes at all.
    """
    try:
        content: dict[str, Any] = orjson.loads(body)
        if content["v"] != VERSION:
            raise RecordInvalid("/v", f"version {content['v']} is not known")
        if content["kind"] not in _KINDS or content["level"] not in _LEVELS or content["source"] not in _SOURCES:
            raise RecordInvalid("", "kind, level or source is not known")
        if content["class"] not in _CLASSES:
            raise RecordInvalid("/class", f"{content['class']!r} is not known")
        read_id(content["id"], at=content["at"])
        if not isinstance(content["who"], dict) or not isinstance(content["data"], dict):
            raise RecordInvalid("", "who or data is no object")
    except RecordInvalid:
        raise
    except KeyError as error:
        raise RecordInvalid(f"/{error.args[0]}", "is missing") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise RecordInvalid("", str(error)) from None
    if holds_nul(body):
        raise RecordInvalid("", "a string holds NUL")
    return content


def kind_of(body: bytes) -> Kind:
    """Of what kind a record is. Raises RecordInvalid."""
    return Kind(open_record(body)["kind"])


def read_head(body: bytes, *kinds: Kind) -> tuple[Head, Fields]:
    """What a record of one of these kinds says of itself, and its data, to be read on and to its end.

    Raises RecordInvalid for another kind, another form and what is not in canonical bytes.
    """
    content = open_record(body)
    if canonical(content, typed=True) != body:
        raise RecordInvalid("", "is not in canonical form")
    who, fields = content.pop("who"), Fields(content)
    fields.whole("v")
    head = Head(
        id=fields.text("id"),
        at=fields.whole("at"),
        kind=fields.choice("kind", Kind),
        level=fields.choice("level", Level),
        source=fields.choice("source", Source),
        node=fields.text("node"),
        boot=fields.perhaps_text("boot"),
        n=fields.perhaps_whole("n"),
        salt=fields.text("salt"),
        who=read_who(who),
        ids={name: fields.text(name) for name in _IDS if name in fields},
    )
    if head.kind not in kinds:
        raise RecordInvalid("/kind", f"{head.kind} is not {' or '.join(kinds)}")
    if fields.text("class") != retention_of(head.kind, head.level):
        raise RecordInvalid("/class", f"is not that of {head.kind} at {head.level}")
    if head.id != make_id(head.at, read_id(head.id, at=head.at)[8:]):
        raise RecordInvalid("/id", "is not of the record's time")
    if (head.boot is None) != (head.n is None):
        raise RecordInvalid("/n", "stands with its boot")
    if len(head.salt) != 2 * SALT_BYTES or set(head.salt) - set("0123456789abcdef"):
        raise RecordInvalid("/salt", f"is not {SALT_BYTES} bytes in hexadecimal")
    data = fields.fields("data")
    fields.end()
    return head, data


def read_prepared(body: bytes, *kinds: Kind) -> tuple[Head, dict[str, Any]]:
    """What `prepare` was given for a record of one of these kinds: its fields, maps as JSON. Raises RecordInvalid."""
    head, data = read_head(body, *kinds)
    fields: dict[str, Any] = {}
    for name, kind_of_field in FIELDS[head.kind].items():
        if name in data:
            take = {"map": data.map, "int": data.whole}.get(kind_of_field, data.text)
            fields[name] = take(name)
        if kind_of_field.endswith("!") and not fields.get(name):
            raise data.invalid(name, "is missing")
    data.end()
    return head, fields

"""The trail's columns as an index over the body: what stands in which, and its place in a binary COPY."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import orjson

from audit.records.canonical import holds_nul
from audit.records.kinds import RETENTION_DAYS, Kind, Level, Source
from audit.writing.frames import leaf_of

COLUMNS = (
    "seq", "id", "at", "kind", "level", "class", "source", "node", "boot", "n", "actor", "principal", "owner", "agent",
    "session", "department", "iss", "jti", "kid", "token", "trace", "context", "task", "client", "client_session",
    "entity_kind", "server", "tool", "effect", "status", "code", "layer", "rule", "release", "decision", "execution",
    "call_id", "leaf", "body",
)  # fmt: skip
COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_TRAILER = b"\xff\xff"
_KINDS = frozenset(kind.value for kind in Kind)
_LEVELS = frozenset(level.value for level in Level)
_SOURCES = frozenset(source.value for source in Source)
_CLASSES = frozenset(name.value for name in RETENTION_DAYS)
_EPOCH_2000 = 946_684_800_000_000
_NULL = b"\xff\xff\xff\xff"
_HEAD = struct.Struct(">hiq")
_LENGTH = struct.Struct(">i")
_LONG = struct.Struct(">iq")


class NoRow(ValueError):
    """A record that cannot be a row of the trail; the message says why."""


class Row:
    """One record as a row: `packed` is its binary COPY form without field count and `seq`."""

    __slots__ = ("at", "body", "boot", "id", "leaf", "n", "packed", "retention")

    def __init__(self, raw: bytes) -> None:
        """Reads a record's exact bytes. Raises NoRow when they are none of version 1, or its id is not of its time."""
        try:
            body = orjson.loads(raw)
            if body["v"] != 1:
                raise NoRow(f"version {body['v']} is not known")
            self.at, self.retention, self.boot, self.n = body["at"], body["class"], body.get("boot"), body.get("n")
            if body["kind"] not in _KINDS or body["level"] not in _LEVELS or body["source"] not in _SOURCES:
                raise NoRow("kind, level or source is not known")
            if self.retention not in _CLASSES:
                raise NoRow(f"class {self.retention!r} is not known")
            self.id = body["id"]
            packed_id = bytes.fromhex(self.id.replace("-", ""))
            if len(packed_id) != 16 or packed_id[6] >> 4 != 7:
                raise NoRow("the id is no version 7 UUID")
            if int.from_bytes(packed_id[:6], "big") != self.at // 1000:
                raise NoRow("the id is not of the record's time")
            if holds_nul(raw):
                raise NoRow("a string holds NUL")
            self.body, self.leaf = raw, leaf_of(raw)
            self.packed = self._pack(body, packed_id)
        except NoRow:
            raise
        except (KeyError, TypeError, ValueError, AttributeError, struct.error, OverflowError) as error:
            raise NoRow(f"it is no record of version 1: {type(error).__name__}: {error}") from None

    def _pack(self, body: Mapping[str, Any], packed_id: bytes) -> bytes:
        who, data, boot = body["who"], body["data"], self.boot
        token = who.get("token") or {}
        departments = who.get("departments")
        get = data.get
        return b"".join(
            (
                b"\x00\x00\x00\x10", packed_id, _LONG.pack(8, self.at - _EPOCH_2000),
                _text(body["kind"]), _text(body["level"]), _text(self.retention), _text(body["source"]),
                b"\x00\x00\x00\x10", bytes.fromhex(body["node"].replace("-", "")),
                _NULL if boot is None else b"\x00\x00\x00\x10" + bytes.fromhex(boot.replace("-", "")),
                _number(self.n),
                _text(who.get("component") or who["kind"]),
                _text(who.get("principal")), _text(who.get("owner")),
                _text(who.get("agent")), _text(who.get("session")),
                _text(",".join(departments)) if departments else _NULL,
                _text(token.get("iss")), _text(token.get("jti")), _text(token.get("kid")), _text(token.get("sha256")),
                _text(body.get("trace")), _text(body.get("context")), _text(body.get("task")),
                _text(body.get("client")), _text(body.get("client_session")),
                _text(get("entity_kind")), _text(get("server")), _text(get("tool")), _text(get("effect")),
                _text(get("status")), _text(get("code")), _text(get("layer")), _text(get("rule")),
                _number(get("release")), _text(get("decision")), _text(get("execution")), _text(get("call_id")),
                b"\x00\x00\x00\x20", self.leaf, _LENGTH.pack(len(self.body)), self.body,
            )
        )  # fmt: skip


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    encoded = value.encode()
    return _LENGTH.pack(len(encoded)) + encoded


def _number(value: int | None) -> bytes:
    return _NULL if value is None else _LONG.pack(8, value)


def copy_data(rows: list[Row], first_seq: int) -> bytes:
    """The rows as binary COPY data, with `seq` counted up from `first_seq`."""
    parts = [COPY_HEADER]
    for seq, row in enumerate(rows, first_seq):
        parts.append(_HEAD.pack(len(COLUMNS), 8, seq))
        parts.append(row.packed)
    parts.append(COPY_TRAILER)
    return b"".join(parts)

"""The trail's columns as an index over the body: what stands in which, and its place in a binary COPY."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from audit.records.canonical import RecordInvalid
from audit.records.record import open_record
from audit.writing.frames import leaf_of

COLUMNS = (
    "seq", "id", "at", "kind", "level", "class", "source", "node", "boot", "n", "actor", "principal", "owner", "agent",
    "session", "department", "iss", "jti", "kid", "token", "trace", "context", "task", "client", "client_session",
    "entity_kind", "server", "tool", "effect", "status", "code", "layer", "rule", "release", "decision", "execution",
    "call_id", "leaf", "body",
)  # fmt: skip
COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_TRAILER = b"\xff\xff"
_EPOCH_2000 = 946_684_800_000_000
_NULL = b"\xff\xff\xff\xff"
_HEAD = struct.Struct(">hiq")
_LENGTH = struct.Struct(">i")
_LONG = struct.Struct(">iq")


class NoRow(ValueError):
    """A record that cannot be a row of the trail; the message says why."""


class Row:
    """One record as a row: `packed` is its binary COPY form without field count and `seq`.

    `rules` are the ids of what matched the call of a decision, in shadow too; detectors and entries may be among them.
    """

    __slots__ = ("at", "body", "boot", "id", "leaf", "n", "packed", "retention", "rules")

    def __init__(self, raw: bytes) -> None:
        """Reads a record's exact bytes. Raises NoRow when they are none of version 1, or its id is not of its time."""
        try:
            content = open_record(raw)
            self.id, self.at, self.retention = content["id"], content["at"], content["class"]
            self.boot, self.n = content.get("boot"), content.get("n")
            self.body, self.leaf = raw, leaf_of(raw)
            data = content["data"]
            self.rules = tuple(map(str, (*data.get("matched", ()), *data.get("shadowed", ()))))
            self.packed = self._pack(content, bytes.fromhex(self.id.replace("-", "")))
        except RecordInvalid as error:
            raise NoRow(str(error)) from None
        except (KeyError, TypeError, ValueError, AttributeError, struct.error, OverflowError) as error:
            raise NoRow(f"it is no record of version 1: {type(error).__name__}: {error}") from None

    def _pack(self, content: Mapping[str, Any], packed_id: bytes) -> bytes:
        who, data, boot = content["who"], content["data"], self.boot
        token = who.get("token") or {}
        departments = who.get("departments")
        get = data.get
        return b"".join(
            (
                b"\x00\x00\x00\x10", packed_id, _LONG.pack(8, self.at - _EPOCH_2000),
                _text(content["kind"]), _text(content["level"]), _text(self.retention), _text(content["source"]),
                b"\x00\x00\x00\x10", bytes.fromhex(content["node"].replace("-", "")),
                _NULL if boot is None else b"\x00\x00\x00\x10" + bytes.fromhex(boot.replace("-", "")),
                _number(self.n),
                _text(who.get("component") or who["kind"]),
                _text(who.get("principal")), _text(who.get("owner")),
                _text(who.get("agent")), _text(who.get("session")),
                _text(",".join(departments)) if departments else _NULL,
                _text(token.get("iss")), _text(token.get("jti")), _text(token.get("kid")), _text(token.get("sha256")),
                _text(content.get("trace")), _text(content.get("context")), _text(content.get("task")),
                _text(content.get("client")), _text(content.get("client_session")),
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

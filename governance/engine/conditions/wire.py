"""Protocol buffer messages by field number, without their descriptors."""

from __future__ import annotations

from typing import Any, TypeAlias

Fields: TypeAlias = dict[int, list[Any]]


def fields(message: bytes) -> Fields:
    """The fields of a message: integers for varints, bytes for everything else. Raises ValueError when cut short."""
    found: Fields = {}
    at, end = 0, len(message)
    while at < end:
        tag, at = (message[at], at + 1) if message[at] < 0x80 else _varint(message, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(message, at)
            found.setdefault(tag >> 3, []).append(value)
            continue
        if kind == 2:
            size, at = (message[at], at + 1) if at < end and message[at] < 0x80 else _varint(message, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind} is not used here")
        if at + size > end:
            raise ValueError("a field is cut short")
        found.setdefault(tag >> 3, []).append(message[at : at + size])
        at += size
    return found


def number(message: Fields, field: int) -> int:
    """An integer field, 0 when it is not there."""
    return int(message.get(field, [0])[0])


def text(message: Fields, field: int) -> str:
    """A string field, empty when it is not there."""
    return bytes(message.get(field, [b""])[0]).decode()


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message):
            raise ValueError("a number is cut short")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def encoded(message: Fields) -> bytes:
    """A message of varints (integers) and length-delimited fields (bytes), in the order given."""
    parts: list[bytes] = []
    for place, values in message.items():
        for value in values:
            if isinstance(value, int):
                parts += (_written(place << 3), _written(value))
            else:
                parts += (_written(place << 3 | 2), _written(len(value)), value)
    return b"".join(parts)


def _written(value: int) -> bytes:
    if value < 0x80:
        return _SINGLE[value]
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


_SINGLE = [bytes((value,)) for value in range(0x80)]

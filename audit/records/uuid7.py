"""Record ids: UUID version 7 (RFC 9562) whose time is the record's, to the microsecond.

The trail is partitioned by id, so whoever knows a time bound knows an id range and the other way round.
"""

from __future__ import annotations

from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
_LOW_62 = (1 << 62) - 1
_HIGHEST_MS = (1 << 48) - 1


def make_id(at: int, random: bytes) -> str:
    """Id for time `at` (microseconds since the epoch, UTC) with the first 8 bytes of `random`.

    The microseconds within the millisecond stand in the 12 bits after it, so ids sort by time.
    """
    ms, us = divmod(at, 1000)
    number = (
        (ms << 80) | _VERSION | ((us * 4096 // 1000) << 64) | _VARIANT | (int.from_bytes(random[:8], "big") & _LOW_62)
    )
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def read_id(record_id: str, *, at: int) -> bytes:
    """The 16 bytes of a record's id. Raises ValueError where it is none, or not of the millisecond of `at`."""
    packed = bytes.fromhex(record_id.replace("-", ""))
    if len(packed) != 16 or packed[6] >> 4 != 7:
        raise ValueError("the id is no version 7 UUID")
    if int.from_bytes(packed[:6], "big") != at // 1000:
        raise ValueError("the id is not of the record's time")
    return packed


def milliseconds_of(record_id: UUID) -> int:
    """The time in an id, in milliseconds since the epoch. Raises ValueError for another version of UUID."""
    if record_id.version != 7:
        raise ValueError(f"{record_id} is not a version 7 UUID")
    return record_id.int >> 80


def floor_of(at: int) -> UUID:
    """The lowest id of the millisecond of `at` (microseconds): `id >= floor_of(since) AND id < floor_of(until)`."""
    return UUID(int=min(max(at // 1000, 0), _HIGHEST_MS) << 80)

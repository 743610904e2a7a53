"""Frames of the journal: `length crc32 mac json`, one a line, each MACed over the one before.

    000001c8 9b2f31aa 5c0e…32 hex… {"at":…}\n

`length` (hex) and `crc32` are of the JSON; `mac` is keyed BLAKE2b (16 bytes) over the previous frame's mac, the two
fields before it, and the JSON. The first frame of a segment is its header (previous mac: sixteen zero bytes), which
names the last mac of the segment before it, so the chain runs through a whole boot.
"""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

KeyFor = Callable[[str], bytes]
"""The journal key under a master key, by that key's id; LookupError when it is not configured."""

MAC_BYTES = 16
PREFIX = 8 + 1 + 8 + 1 + 2 * MAC_BYTES + 1
NO_MAC = bytes(MAC_BYTES)
MAXIMUM_JSON = 1 << 20


class FrameBroken(Exception):
    """A frame that does not hold, at byte `position` of what was read. `torn` when it may merely be unfinished."""

    def __init__(self, position: int, problem: str, *, torn: bool = False) -> None:
        super().__init__(f"at byte {position}: {problem}")
        self.position, self.problem, self.torn = position, problem, torn


def boot_key(journal_key: bytes, boot: str) -> bytes:
    """The MAC key of one boot, derived from the vault's journal key (which is not in the database)."""
    return hashlib.blake2b(boot.encode("ascii"), key=journal_key, digest_size=32, person=b"toolgate-boot").digest()


def encode_frame(key: bytes, previous: bytes, json: bytes) -> tuple[bytes, bytes]:
    """The frame's bytes and its mac."""
    head = b"%08x %08x" % (len(json), zlib.crc32(json))
    mac = hashlib.blake2b(b"%b%b %b" % (previous, head, json), key=key, digest_size=MAC_BYTES).digest()
    return b"%b %b %b\n" % (head, mac.hex().encode(), json), mac


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as read: `start` and `end` are byte positions in what it was read from."""

    start: int
    end: int
    mac: bytes
    json: bytes


def split_frames(data: bytes, *, start: int = 0, limit: int | None = None) -> Iterator[Frame]:
    """The frames in `data` from `start` on, macs unchecked. Raises FrameBroken at the first that does not hold."""
    position, size, count = start, len(data), 0
    while position < size and (limit is None or count < limit):
        body = position + PREFIX
        if size < body:
            raise FrameBroken(position, "the frame ends in its prefix", torn=True)
        try:
            length, crc = int(data[position : position + 8], 16), int(data[position + 9 : position + 17], 16)
            mac = bytes.fromhex(data[position + 18 : body - 1].decode("ascii"))
        except ValueError:
            raise FrameBroken(position, "the prefix is not one of a frame") from None
        # Digits in another case, a sign or a space in a number: not what was written.
        written = b"%08x %08x %b " % (length, crc, mac.hex().encode())
        if data[position:body] != written or length > MAXIMUM_JSON:
            raise FrameBroken(position, "the prefix is not one of a frame")
        end = body + length
        if size < end + 1:
            raise FrameBroken(position, "the frame is cut short", torn=True)
        json = data[body:end]
        if data[end] != 10 or zlib.crc32(json) != crc:
            raise FrameBroken(position, "the checksum does not hold")
        yield Frame(position, end + 1, mac, json)
        position, count = end + 1, count + 1


def mac_of(key: bytes, previous: bytes, json: bytes) -> bytes:
    """The mac of a frame with this JSON after the frame whose mac is `previous`."""
    head = b"%08x %08x" % (len(json), zlib.crc32(json))
    return hashlib.blake2b(b"%b%b %b" % (previous, head, json), key=key, digest_size=MAC_BYTES).digest()


def check_macs(key: bytes, previous: bytes, frames: list[Frame]) -> bytes:
    """The mac after the last frame. Raises FrameBroken at the first frame whose mac does not follow from `previous`."""
    for frame in frames:
        mac = mac_of(key, previous, frame.json)
        if not hmac.compare_digest(mac, frame.mac):
            raise FrameBroken(frame.start, "the mac does not hold")
        previous = mac
    return previous


def leaf_of(body: bytes) -> bytes:
    """The record's leaf hash, SHA-256 over 0x00 and its bytes (RFC 6962): its digest in receipts and proofs."""
    return hashlib.sha256(b"\x00" + body).digest()

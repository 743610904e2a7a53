"""Where the next page starts: opaque, and good only for the reader and the query it was given out for."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence

import orjson

from accounts.tokens.digest import KeyedDigest

TAG = 16  # bytes of the HMAC that a cursor carries
LONGEST = 2_048  # characters
_DOMAIN = b"toolgate page cursor\n"


class BadCursor(Exception):
    """A cursor that this reader was not given for this query."""


def write_cursor(after: str, *, reader: str, query: Sequence[object], digests: KeyedDigest) -> str:
    """The cursor behind the item `after`."""
    place = after.encode()
    return base64.urlsafe_b64encode(_tag(place, reader, query, digests) + place).rstrip(b"=").decode()


def read_cursor(cursor: str, *, reader: str, query: Sequence[object], digests: KeyedDigest) -> str:
    """What comes before the page; empty for the first one. Raises BadCursor."""
    if not cursor:
        return ""
    try:
        if len(cursor) > LONGEST:
            raise BadCursor
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        place = raw[TAG:]
        # Under any key in force: cursors outlive a rotation for as long as the old key is kept.
        tags = (_tag(place, reader, query, digests, key_id=kid) for kid in digests.keys)
        if not any(hmac.compare_digest(raw[:TAG], tag) for tag in tags):
            raise BadCursor
        return place.decode()
    except (binascii.Error, ValueError):
        raise BadCursor from None


def _tag(
    place: bytes, reader: str, query: Sequence[object], digests: KeyedDigest, *, key_id: str | None = None
) -> bytes:
    said = orjson.dumps([reader, *query], option=orjson.OPT_SORT_KEYS)
    return digests.make(_DOMAIN + said + b"\n" + place, key_id=key_id)[:TAG]

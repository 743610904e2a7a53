"""Lists a page at a time: how many are asked for, and where the next page starts.

A cursor is opaque, and good only for the reader and the query it was given out for.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Container, Mapping, Sequence

import orjson

from accounts.tokens.digest import KeyedDigest
from governance.api.door.exchange import Problem
from governance.api.door.problems import unknown_query

TAG = 16  # bytes of the HMAC that a cursor carries
LONGEST = 2_048  # characters
MOST_DIGITS = 4  # of a limit
_DOMAIN = b"toolgate page cursor\n"


def only_known_once(query: Mapping[str, Sequence[str]], known: Container[str]) -> None:
    """Raise `Problem` 400 for the first parameter of a query that is not known, or given twice."""
    for name, values in query.items():
        if name not in known or len(values) > 1:
            raise unknown_query(name)


def limit_of(text: str, *, most: int) -> int:
    """How many a page, from 1 to `most`. Raises `Problem` 400."""
    if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS and 1 <= int(text) <= most:
        return int(text)
    raise Problem(400, "query.value", f"Must be a number from 1 to {most}.", path="?limit")


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

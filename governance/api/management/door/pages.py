"""Lists a page at a time, in the order in which rows were made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from accounts.identity.verified import Identity
from governance.api.door.exchange import Problem
from governance.api.door.paging import BadCursor, limit_of, read_cursor, write_cursor
from governance.deciding.runtime import Runtime

PAGE = 100
MOST_A_PAGE = 500
QUERY = {"after": "", "limit": str(PAGE)}
"""The parameters that every list takes, with their defaults."""


def page_of(
    rows: QuerySet[Any],
    *,
    runtime: Runtime,
    identity: Identity,
    query: dict[str, str],
    about: Sequence[str],
    newest_first: bool = False,
) -> tuple[list[Any], str | None]:
    """One page of `rows` and the cursor of the next (None: there is none). `about` is what the list is of.

    Raises `Problem` 400 for a cursor of another list, filter or reader.
    """
    limit = limit_of(query["limit"], most=MOST_A_PAGE)
    reader = identity.caller.principal.id
    asked = [*about, {name: value for name, value in query.items() if name not in QUERY}]
    try:
        after = read_cursor(query["after"], reader=reader, query=asked, digests=runtime.requests)
    except BadCursor:
        raise Problem(400, "cursor.invalid", "This cursor was given out for another list.", path="?after") from None
    rows = rows.order_by("-pk" if newest_first else "pk")
    if after:
        rows = rows.filter(**{"pk__lt" if newest_first else "pk__gt": int(after)})
    found = list(rows[: limit + 1])
    if len(found) <= limit:
        return found, None
    shown = found[:limit]
    return shown, write_cursor(str(shown[-1].pk), reader=reader, query=asked, digests=runtime.requests)

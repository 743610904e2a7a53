"""Rows as they are asked for: one, or a page at a time in the order in which they were made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from governance.api.door.exchange import Problem
from governance.api.door.paging import BadCursor, limit_of, read_cursor, write_cursor
from governance.api.management.door.door import ManagementView, running
from governance.api.management.door.problems import not_found

_Row = TypeVar("_Row", bound=Model)

PAGE = 100
MOST_A_PAGE = 500
QUERY = {"after": "", "limit": str(PAGE)}
"""The parameters that every list takes, with their defaults."""


def page(
    view: ManagementView,
    request: Request,
    rows: QuerySet[Any],
    shown: Callable[[Any], Any],
    *,
    about: str,
    query: dict[str, str] | None = None,
    newest_first: bool = False,
) -> HttpResponse:
    """The answer of a list: one page of `rows`, each as `shown`, and the cursor of the next page, null at the end.

    `about` is what the list is of; `query` was read already where it has more than QUERY.
    Raises `Problem` 400 for a cursor of another list, filter or reader.
    """
    query = view.query(request, QUERY) if query is None else query
    limit = limit_of(query["limit"], most=MOST_A_PAGE)
    reader, digests = view.identity(request).caller.principal.id, running().requests
    asked = [about, {name: value for name, value in query.items() if name not in QUERY}]
    try:
        after = read_cursor(query["after"], reader=reader, query=asked, digests=digests)
    except BadCursor:
        raise Problem(400, "cursor.invalid", "This cursor was given out for another list.", path="?after") from None
    rows = rows.order_by("-pk" if newest_first else "pk")
    if after:
        rows = rows.filter(**{"pk__lt" if newest_first else "pk__gt": int(after)})
    found = list(rows[: limit + 1])
    following = None
    if len(found) > limit:
        found = found[:limit]
        following = write_cursor(str(found[-1].pk), reader=reader, query=asked, digests=digests)
    return view.reply({"items": [shown(row) for row in found], "next": following})


def row_of(rows: QuerySet[_Row], **key: Any) -> _Row:
    """The one row of a key. Raises `Problem` 404."""
    row = rows.filter(**key).first()
    if row is None:
        raise not_found()
    return row

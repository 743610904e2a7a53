"""Reading the body of a deciding route: type, size, exact JSON, known fields, each error with its path."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from governance.api.door.exchange import MAX_BODY, Exchange, Problem
from governance.api.door.problems import BodyTooLarge, encoded, no_json, no_object, unreadable
from governance.engine.call import Json
from governance.engine.strict_json import BadJson, pointer, read_json

CALLER_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
JSON_CONTENT_TYPES = frozenset(
    {b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"}
)

T = TypeVar("T")


def read_body(exchange: Exchange) -> dict[str, Any]:
    """Return the request's JSON object; raise `Problem` 400, 413 or 415."""
    if len(exchange.body) > MAX_BODY:
        raise BodyTooLarge(exchange.body)
    check_type(exchange)
    return read_object(exchange.body)


def check_type(exchange: Exchange) -> None:
    """Raise `Problem` 415 for a body that is encoded, or not said to be JSON."""
    named = exchange.named
    if named.get(b"content-encoding", b"identity") != b"identity":
        raise encoded()
    if named.get(b"content-type", b"").lower() not in JSON_CONTENT_TYPES:
        raise no_json()


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`; raise `Problem` 400."""
    try:
        document = read_json(body)
    except BadJson as bad:
        raise unreadable(bad) from None
    if not isinstance(document, dict):
        raise no_object()
    return document


def only_known(document: Mapping[str, Any], known: frozenset[str], path: str = "") -> None:
    """Raise for the first field that this route does not know."""
    for key in document:
        if key not in known:
            raise Problem(400, "field.unknown", "This field is not known here.", path=pointer(path, key))


def field(document: Mapping[str, Any], key: str, kind: type[T], *, path: str = "", default: T | None = None) -> T:
    """Return a field of one type; raise where it is missing (without a default) or of another type."""
    value = document.get(key, default)
    if value is None:
        raise Problem(400, "field.missing", "This field is required.", path=pointer(path, key))
    if not isinstance(value, kind):
        raise Problem(400, "field.type", f"This field must be {_NAMES[kind]}.", path=pointer(path, key))
    return value


def caller_id(document: Mapping[str, Any], key: str, *, path: str = "") -> str | None:
    """Return a caller's own id (`[A-Za-z0-9._:-]{1,128}`), or None where it is absent or null."""
    value = document.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not CALLER_ID.fullmatch(value):
        raise Problem(
            400, "field.format", "Must be 1 to 128 characters of A-Z a-z 0-9 . _ : -", path=pointer(path, key)
        )
    return value


def name(document: Mapping[str, Any], key: str, *, check: Callable[[str], str | None], path: str = "") -> str:
    """Return a server's or tool's name as sent; `check` says what is wrong with it, or None."""
    value = field(document, key, str, path=path)
    fault = check(value)
    if fault is not None:
        raise Problem(400, "field.format", fault, path=pointer(path, key))
    return value


def strings(document: Mapping[str, Any], key: str, *, most: int, path: str = "") -> tuple[str, ...]:
    """Return a list of strings; absent is empty."""
    value: list[Json] = field(document, key, list, path=path, default=[])
    here = pointer(path, key)
    if len(value) > most:
        raise Problem(400, "field.size", f"At most {most} items.", path=here)
    found = []
    for index, item in enumerate(value):
        if not isinstance(item, str) or not CALLER_ID.fullmatch(item):
            raise Problem(400, "field.format", "Must be a name of 1 to 128 characters.", path=pointer(here, index))
        found.append(item)
    return tuple(found)


_NAMES: Mapping[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a string",
}

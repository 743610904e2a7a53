"""Reading the body of a deciding route: type, size, exact JSON, known fields, each error with its path."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from governance.api.door.exchange import Exchange, Problem
from governance.engine.call import Json
from governance.engine.strict_json import BadJson, pointer, read_json

MAX_BODY = 256 * 1024  # bytes; 40-api.md
CALLER_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
JSON_CONTENT_TYPES = frozenset(
    {"application/json", "application/json; charset=utf-8", "application/json;charset=utf-8"}
)

T = TypeVar("T")


def read_body(exchange: Exchange) -> dict[str, Any]:
    """Return the request's JSON object; raise `Problem` 400, 413 or 415."""
    if len(exchange.body) > MAX_BODY:
        raise BodyTooLarge(exchange.body)
    if exchange.header(b"content-encoding") not in (None, "identity"):
        raise Problem(415, "encoding.unsupported", "Content-Encoding is not accepted on this route.")
    content_type = exchange.header(b"content-type")
    if content_type is None or content_type.lower() not in JSON_CONTENT_TYPES:
        raise Problem(415, "type.unsupported", "The content type must be application/json.")
    try:
        document = read_json(exchange.body)
    except BadJson as bad:
        raise Problem(400, "json.invalid", bad.message, path=bad.path) from None
    if not isinstance(document, dict):
        raise Problem(400, "field.type", "The body must be a JSON object.", path="")
    return document


class BodyTooLarge(Problem):
    """A body beyond `MAX_BODY`; `beginning` is what was read of it, for a client whose answer depends on its event."""

    def __init__(self, beginning: bytes = b"") -> None:
        super().__init__(413, "body.too_large", f"The body must be at most {MAX_BODY} bytes.")
        self.beginning = beginning


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
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
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
    int: "an integer",
    bool: "true or false",
}

"""Reading a caller's JSON without altering or guessing anything.

`read_json` takes UTF-8 bytes and returns the value, or raises `BadJson` with the JSON pointer of what is wrong.
Refused: malformed text, duplicate keys, NaN and Infinity, lone surrogates, nesting deeper than `MAX_DEPTH`,
integers beyond 64 bits and numbers that a double cannot hold, because another reader would see another value.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from governance.engine.call import Json

MAX_DEPTH = 32
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1


class BadJson(Exception):
    """What is wrong with a document, and where: `path` is a JSON pointer ("" is the document itself)."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path


def read_json(body: bytes) -> Json:
    """Return the value that `body` holds; raise `BadJson` where it is not exactly one plain JSON value."""
    try:
        text = body.decode("utf-8")
        value: Json = _FAST.decode(text)
    except UnicodeDecodeError as error:
        raise BadJson(f"The body is not UTF-8 (byte {error.start}).") from None
    except _Suspicious:
        raise _located(text) from None
    except json.JSONDecodeError as error:
        raise BadJson(f"Malformed JSON at line {error.lineno}, column {error.colno}: {error.msg}.") from None
    except RecursionError:
        raise BadJson(f"Nested deeper than {MAX_DEPTH} levels.") from None
    if "\\u" in text and ("\\ud" in text or "\\uD" in text):
        _refuse_first_fault(text)
    elif text.count("{") + text.count("[") > MAX_DEPTH:
        _refuse_deep(value)
    return value


def pointer(path: str, segment: str | int) -> str:
    """Extend a JSON pointer (RFC 6901) by one key or index."""
    return f"{path}/{str(segment).replace('~', '~0').replace('/', '~1')}"


class _Suspicious(Exception):
    """Something in the text must be refused; the slow reader says where."""


def _plain_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    if len(plain) != len(pairs):
        raise _Suspicious
    return plain


def _plain_integer(text: str) -> int:
    if len(text) > 20 or not MIN_INTEGER <= (number := int(text)) <= MAX_INTEGER:
        raise _Suspicious
    return number


def _plain_float(text: str) -> float:
    number = float(text)
    if not _holds(number, text):
        raise _Suspicious
    return number


def _holds(number: float, text: str) -> bool:
    try:
        return Decimal(repr(number)) == Decimal(text)
    except InvalidOperation:
        return False


def _no_constant(name: str) -> Any:
    raise _Suspicious(name)


_FAST = json.JSONDecoder(
    object_pairs_hook=_plain_object, parse_int=_plain_integer, parse_float=_plain_float, parse_constant=_no_constant
)


@dataclass(frozen=True, slots=True)
class _Pairs:
    items: list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class _Number:
    text: str
    whole: bool


@dataclass(frozen=True, slots=True)
class _Constant:
    name: str


_SLOW = json.JSONDecoder(
    object_pairs_hook=_Pairs,
    parse_int=lambda text: _Number(text, True),
    parse_float=lambda text: _Number(text, False),
    parse_constant=_Constant,
)


def _located(text: str) -> BadJson:
    try:
        _refuse_first_fault(text)
    except BadJson as fault:
        return fault
    except (json.JSONDecodeError, RecursionError):
        pass
    return BadJson("Not plain JSON.")


def _refuse_first_fault(text: str) -> None:
    """Walk the document as written and raise for its first fault; returns where there is none."""
    stack: list[tuple[str, Any, int]] = [("", _SLOW.decode(text), 0)]
    while stack:
        path, value, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise BadJson(f"Nested deeper than {MAX_DEPTH} levels.", path)
        if isinstance(value, str):
            if _has_lone_surrogate(value):
                raise BadJson("A string holds a lone surrogate.", path)
        elif isinstance(value, _Number):
            _refuse_inexact(value, path)
        elif isinstance(value, _Constant):
            raise BadJson(f"{value.name} is not a JSON number.", path)
        elif isinstance(value, list):
            stack.extend((pointer(path, index), item, depth + 1) for index, item in reversed(list(enumerate(value))))
        elif isinstance(value, _Pairs):
            seen: set[str] = set()
            for key, _ in value.items:
                if _has_lone_surrogate(key):
                    raise BadJson("A key holds a lone surrogate.", path)
                if key in seen:
                    raise BadJson("Duplicate key.", pointer(path, key))
                seen.add(key)
            stack.extend((pointer(path, key), item, depth + 1) for key, item in reversed(value.items))


def _refuse_inexact(number: _Number, path: str) -> None:
    if number.whole:
        if len(number.text) > 20 or not MIN_INTEGER <= int(number.text) <= MAX_INTEGER:
            raise BadJson("An integer beyond 64 bits cannot be kept exactly.", path)
    elif not _holds(float(number.text), number.text):
        raise BadJson("A number beyond the precision of a double cannot be kept exactly.", path)


def _has_lone_surrogate(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _refuse_deep(value: Json) -> None:
    stack: list[tuple[str, Json, int]] = [("", value, 0)]
    while stack:
        path, item, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise BadJson(f"Nested deeper than {MAX_DEPTH} levels.", path)
        if isinstance(item, dict):
            stack.extend((pointer(path, key), child, depth + 1) for key, child in item.items())
        elif isinstance(item, list):
            stack.extend((pointer(path, index), child, depth + 1) for index, child in enumerate(item))

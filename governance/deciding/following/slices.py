"""Reading a release's canonical JSON a little at a time, so that decisions go on in between.

One `json.loads` of ten thousand rules holds the interpreter for tens of milliseconds, in a thread as well. Canonical
JSON has no whitespace, so the document can be taken apart at its first two levels and read member by member.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

_DECODER = json.JSONDecoder()


class NotCanonical(ValueError):
    """The text is not a canonical JSON object."""


def read_in_slices(text: str, *, members: int = 16) -> Generator[None, None, dict[str, Any]]:
    """Return the object that `text` holds; yields after every `members` members of its first two levels."""
    document: dict[str, Any] = {}
    taken = 0
    position = _expect(text, 0, "{")
    while not _at(text, position, "}"):
        key, position = _key(text, position)
        if _at(text, position, "{"):
            table: dict[str, Any] = {}
            position += 1
            while not _at(text, position, "}"):
                inner, position = _key(text, position)
                table[inner], position = _value(text, position)
                position = _separator(text, position, "}")
                taken += 1
                if taken % members == 0:
                    yield
            document[key] = table
            position += 1
        elif _at(text, position, "["):
            items: list[Any] = []
            position += 1
            while not _at(text, position, "]"):
                item, position = _value(text, position)
                items.append(item)
                position = _separator(text, position, "]")
                taken += 1
                if taken % members == 0:
                    yield
            document[key] = items
            position += 1
        else:
            document[key], position = _value(text, position)
        position = _separator(text, position, "}")
    if position + 1 != len(text):
        raise NotCanonical(f"text after the document at character {position + 1}")
    return document


def _at(text: str, position: int, character: str) -> bool:
    return text.startswith(character, position)


def _expect(text: str, position: int, character: str) -> int:
    if not _at(text, position, character):
        raise NotCanonical(f"{character!r} expected at character {position}")
    return position + 1


def _value(text: str, position: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, position)
    except (json.JSONDecodeError, RecursionError) as error:
        raise NotCanonical(f"no value at character {position}") from error


def _key(text: str, position: int) -> tuple[str, int]:
    key, position = _value(text, position)
    if not isinstance(key, str):
        raise NotCanonical(f"no key before character {position}")
    return key, _expect(text, position, ":")


def _separator(text: str, position: int, closing: str) -> int:
    if _at(text, position, ","):
        if _at(text, position + 1, closing):
            raise NotCanonical(f"a comma before {closing!r} at character {position}")
        return position + 1
    if _at(text, position, closing):
        return position
    raise NotCanonical(f"',' or {closing!r} expected at character {position}")

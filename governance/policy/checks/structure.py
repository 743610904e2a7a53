"""Does a policy have the shape of the schema: keys, types, words, lengths. What it refers to is checked elsewhere."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

from governance.engine.call import Json
from governance.policy.checks.strings import CHECKS
from governance.policy.document.entity_patterns import BadSelector, parse_selector
from governance.policy.document.errors import PolicyError
from governance.policy.document.moments import moment
from governance.policy.document.node import Node
from governance.policy.schema.shapes import (
    Choice,
    Either,
    Field,
    Flag,
    Free,
    Many,
    Moment,
    Number,
    Reference,
    Selector,
    Shape,
    Struct,
    Table,
    Text,
)

BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that make a text read otherwise than it is written (Unicode's bidirectional controls)."""


def check_structure(node: Node, shape: Shape, errors: list[PolicyError]) -> bool:
    """Append everything in `node` that is not of `shape`; whether there was nothing."""
    before = len(errors)
    _CHECKERS[type(shape)](node, shape, errors)
    return len(errors) == before


def _record(node: Node, shape: Struct, errors: list[PolicyError]) -> None:
    if not isinstance(node.content, dict):
        errors.append(_wrong(node, f"a mapping ({shape.what})"))
        return
    for key, child in node.content.items():
        field = shape.fields.get(key)
        if field is None:
            errors.append(child.error(f"{shown(key)} is no key of a {shape.what}{_nearest(key, shape.fields)}"))
        else:
            check_structure(child, field.shape, errors)
    for key, field in shape.fields.items():
        if field.required and key not in node.content:
            errors.append(node.error(f"{key} is missing"))


def _table(node: Node, shape: Table, errors: list[PolicyError]) -> None:
    if not isinstance(node.content, dict):
        errors.append(_wrong(node, f"a mapping by {shape.what}"))
        return
    allowed = _pattern(shape.ids)
    for key, child in node.content.items():
        if not allowed.fullmatch(key):
            errors.append(child.error(f"{shown(key)} is no {shape.what}; it must match {shape.ids}"))
        check_structure(child, shape.of, errors)


def _many(node: Node, shape: Many, errors: list[PolicyError]) -> None:
    if not isinstance(node.content, list):
        errors.append(_wrong(node, "a list"))
        return
    if not node.content and not shape.empty:
        errors.append(node.error("is an empty list; leave the key out"))
    if len(node.content) > shape.max_items:
        errors.append(node.error(f"has {len(node.content)} items; at most {shape.max_items} are allowed"))
    for child in node.content:
        check_structure(child, shape.of, errors)


def _text(node: Node, shape: Text, errors: list[PolicyError]) -> None:
    if not isinstance(node.content, str):
        errors.append(_wrong(node, f"text ({shape.what})"))
        return
    text = node.content
    hidden = sorted({char for char in text if _is_hidden(char, lines=shape.lines)}) if not text.isprintable() else []
    if hidden:
        names = ", ".join(f"U+{ord(char):04X}" for char in hidden)
        errors.append(node.error(f"holds hidden or control characters ({names})"))
    elif len(text) > shape.max_length:
        errors.append(node.error(f"has {len(text)} characters; at most {shape.max_length} are allowed"))
    elif len(text) < shape.min_length:
        errors.append(node.error(f"is empty where a {shape.what} is needed"))
    elif shape.pattern is not None and not _pattern(shape.pattern).fullmatch(text):
        errors.append(node.error(f"{shown(text)} is no {shape.what}; it must match {shape.pattern}"))
    elif shape.check is not None:
        fault = CHECKS[shape.check](text)
        if fault:
            errors.append(node.error(fault))


def _choice(node: Node, shape: Choice, errors: list[PolicyError]) -> None:
    if not isinstance(node.content, str):
        errors.append(_wrong(node, f"one of {', '.join(shape.values)}"))
    elif node.content not in shape.values:
        errors.append(
            node.error(
                f"{shown(node.content)} is none of {', '.join(shape.values)}{_nearest(node.content, shape.values)}"
            )
        )


def _flag(node: Node, _shape: Flag, errors: list[PolicyError]) -> None:
    if not isinstance(node.content, bool):
        errors.append(_wrong(node, "true or false"))


def _number(node: Node, shape: Number, errors: list[PolicyError]) -> None:
    value = node.content
    kind = "a whole number" if shape.whole else "a number"
    if isinstance(value, bool) or not isinstance(value, int | float):
        errors.append(_wrong(node, kind))
    elif shape.whole and isinstance(value, float) and not value.is_integer():
        errors.append(node.error(f"{value} is no whole number"))
    elif not shape.minimum <= value <= shape.maximum:
        errors.append(node.error(f"{value} is not between {shape.minimum:g} and {shape.maximum:g}"))


def _moment(node: Node, _shape: Moment, errors: list[PolicyError]) -> None:
    if not isinstance(node.content, str):
        errors.append(_wrong(node, "a timestamp such as 2026-01-01T00:00:00Z"))
        return
    try:
        moment(node.content)
    except ValueError as error:
        errors.append(node.error(f"{shown(node.content)} {error}"))


def _reference(node: Node, shape: Reference, errors: list[PolicyError]) -> None:
    if not isinstance(node.content, str):
        errors.append(_wrong(node, f"an id of {shape.to}"))
    elif not _pattern(shape.pattern).fullmatch(node.content):
        errors.append(node.error(f"{shown(node.content)} is no id; it must match {shape.pattern}"))


def _selector(node: Node, shape: Selector, errors: list[PolicyError]) -> None:
    if not isinstance(node.content, str):
        errors.append(_wrong(node, "an entity pattern such as tool:files/read"))
        return
    try:
        parse_selector(node.content)
    except BadSelector as error:
        errors.append(node.error(f"{shown(node.content)} {error}"))
        return
    if shape.across:
        return
    if "**" in node.content:
        errors.append(node.error(f"{shown(node.content)} holds **; name one entity"))
    elif not any(letter.isalnum() for letter in node.content.rpartition(":")[2]):
        errors.append(node.error(f"{shown(node.content)} is for every one of them; name one entity"))


def _free(node: Node, shape: Free, errors: list[PolicyError]) -> None:
    if shape.mapping and not isinstance(node.content, dict):
        errors.append(_wrong(node, "a mapping"))
        return
    _no_surrogates(node, errors)


def _no_surrogates(node: Node, errors: list[PolicyError]) -> None:
    if isinstance(node.content, dict):
        for key, child in node.content.items():
            if any("\ud800" <= char <= "\udfff" for char in key):
                errors.append(node.error("a key holds a lone surrogate"))
            _no_surrogates(child, errors)
    elif isinstance(node.content, list):
        for child in node.content:
            _no_surrogates(child, errors)
    elif isinstance(node.content, str) and any("\ud800" <= char <= "\udfff" for char in node.content):
        errors.append(node.error("holds a lone surrogate"))


def _either(node: Node, shape: Either, errors: list[PolicyError]) -> None:
    if isinstance(node.content, str):
        _text(node, shape.text, errors)
    elif isinstance(node.content, dict):
        _record(node, shape.record, errors)
    else:
        errors.append(_wrong(node, f"text ({shape.text.what}) or a mapping ({shape.record.what})"))


_CHECKERS: dict[type, Callable[..., None]] = {
    Struct: _record,
    Table: _table,
    Many: _many,
    Text: _text,
    Choice: _choice,
    Flag: _flag,
    Number: _number,
    Moment: _moment,
    Reference: _reference,
    Selector: _selector,
    Free: _free,
    Either: _either,
}


def shown(value: Json, limit: int = 60) -> str:
    """A value as an error quotes it: printable, shortened."""
    text = ascii(value) if not (isinstance(value, str) and value.isprintable()) else f"'{value}'"
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _wrong(node: Node, wanted: str) -> PolicyError:
    content = node.content
    if isinstance(content, dict):
        found = "a mapping"
    elif isinstance(content, list):
        found = "a list"
    elif isinstance(content, str):
        found = f"text {shown(content)}"
    else:
        found = "nothing" if content is None else str(content).lower()
    return node.error(f"must be {wanted}, and is {found}")


def _nearest(key: str, known: Iterable[str] | dict[str, Field]) -> str:
    close = difflib.get_close_matches(key.lower(), list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def _is_hidden(char: str, *, lines: bool) -> bool:
    """Whether a reader would not see `char`; line feeds, tabs and joiners are fine where text has `lines`."""
    if lines and char in "\n\t\u200c\u200d":
        return False
    return char in BIDI or unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)

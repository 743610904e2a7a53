"""A document as a policy file in canonical form: block style, two spaces, one way to write each value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from governance.policy.document.canonical import normalise
from governance.policy.files.yaml_reader import Unreadable, resolve

WIDTH = 100
"""Characters that a short list may take on one line before it is written as a block."""

# Words that a YAML 1.1 reader takes for something else are quoted too, so that every reader sees one document.
_TAKEN = frozenset(
    word
    for plain in ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
    for word in (plain, plain.capitalize(), plain.upper())
)
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@+-]*(?: [A-Za-z0-9_./@+()=<>-]+)*", re.ASCII)
_FLOWING = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@+-]*", re.ASCII)


def write_yaml(document: Mapping[str, Any]) -> str:
    """The policy file of a sound document. Reading it gives the document's canonical form back, byte for byte."""
    canonical = normalise(document)
    lines: list[str] = []
    for key, value in canonical.items():
        if isinstance(value, dict | list) and lines:
            lines.append("")
        lines.extend(_entry(key, value, 0))
    return "\n".join(lines) + "\n"


def _entry(key: str, value: object, indent: int) -> Iterator[str]:
    """One key of a mapping and everything below it."""
    head = f"{' ' * indent}{_scalar(key)}:"
    if isinstance(value, dict) and value:
        yield head
        for name, item in value.items():
            yield from _entry(name, item, indent + 2)
    elif isinstance(value, list) and value:
        flow = _flow(value)
        if flow is not None and len(head) + 1 + len(flow) <= WIDTH:
            yield f"{head} {flow}"
            return
        yield head
        for item in value:
            yield from _item(item, indent + 2)
    elif isinstance(value, str) and _is_block(value):
        yield f"{head} {_block_header(value)}"
        yield from _block_lines(value, indent + 2)
    else:
        yield f"{head} {_leaf(value)}"


def _item(value: object, indent: int) -> Iterator[str]:
    """One item of a list: a mapping starts on the line of its dash."""
    dash = f"{' ' * indent}- "
    if isinstance(value, dict) and value:
        first = True
        for key, item in value.items():
            for line in _entry(key, item, indent + 2):
                yield dash + line[indent + 2 :] if first else line
                first = False
    elif isinstance(value, list) and value:
        first = True
        for item in value:
            for line in _item(item, indent + 2):
                yield dash + line[indent + 2 :] if first else line
                first = False
    else:
        yield dash + _leaf(value)


def _flow(value: list[object]) -> str | None:
    """A list of plain words on one line, or None where it is to be a block."""
    words = [item for item in value if isinstance(item, str)]
    if len(words) < len(value):
        return None
    return f"[{', '.join(_scalar(word, flow=True) for word in words)}]"


def _leaf(value: object) -> str:
    if isinstance(value, str):
        return _scalar(value)
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, list):
        return "[]"
    return json.dumps(value, allow_nan=False)


def _scalar(text: str, *, flow: bool = False) -> str:
    """Text without quotes where every reader takes it for text, and in double quotes otherwise."""
    allowed = _FLOWING if flow else _PLAIN
    if allowed.fullmatch(text) and text not in _TAKEN and _reads_as_text(text):
        return text
    return _quoted(text)


def _reads_as_text(text: str) -> bool:
    try:
        return isinstance(resolve(text), str)
    except Unreadable:
        return False


def _quoted(text: str) -> str:
    """JSON's escapes are YAML's; what YAML calls unprintable is escaped beyond them."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else _escape(char) for char in quoted)


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _is_block(text: str) -> bool:
    """Whether text of several lines can stand as a literal block and read back the same."""
    if "\n" not in text or text.endswith("\n\n"):
        return False
    lines = text.split("\n")
    return all(line.isprintable() and line == line.rstrip() for line in lines) and not text.startswith((" ", "\n"))


def _block_header(text: str) -> str:
    """Keep the final line feed, or none."""
    return "|" if text.endswith("\n") else "|-"


def _block_lines(text: str, indent: int) -> Iterator[str]:
    body = text[:-1] if text.endswith("\n") else text
    for line in body.split("\n"):
        yield f"{' ' * indent}{line}" if line else ""

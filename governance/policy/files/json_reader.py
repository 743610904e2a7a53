"""JSON into nodes, read strictly: what two readers could understand differently is refused, each fault at its line."""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right

from governance.policy.document.errors import PolicyError
from governance.policy.document.node import Content, Node
from governance.policy.files.yaml_reader import MAX_DEPTH

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", re.ASCII)
_WORDS: dict[str, None | bool] = {"true": True, "false": False, "null": None}
_WORD = re.compile(r"[A-Za-z]+")


class _Malformed(Exception):
    """The text stops being JSON at offset `at`."""

    def __init__(self, at: int, message: str) -> None:
        super().__init__(message)
        self.at = at


def read_json(text: str, *, file: str) -> tuple[Node | None, list[PolicyError]]:
    """The tree that `text` holds and everything that is wrong with how it is written; None where it is no JSON."""
    reader = _JsonReader(text, file)
    try:
        return reader.document(), reader.errors
    except _Malformed as fault:
        line = reader.line(fault.at)
        return None, [*reader.errors, PolicyError(file=file, line=line, message=f"is no JSON: {fault}")]


class _JsonReader:
    """One pass over the text of one file."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.at = 0
        self.errors: list[PolicyError] = []
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def line(self, at: int) -> int:
        """The line, from 1, that offset `at` stands on."""
        return bisect_right(self.starts, at)

    def document(self) -> Node:
        self._space()
        node = self._value(parent=None, key=None, depth=1)
        self._space()
        if self.at != len(self.text):
            raise _Malformed(self.at, "there is more after the end of the document")
        return node

    def _space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _take(self, char: str) -> bool:
        self._space()
        if self.text.startswith(char, self.at):
            self.at += 1
            return True
        return False

    def _node(self, content: Content, at: int, parent: Node | None, key: str | int | None) -> Node:
        return Node(content=content, file=self.file, line=self.line(at), parent=parent, key=key)

    def _value(self, *, parent: Node | None, key: str | int | None, depth: int) -> Node:
        start = self.at
        if depth > MAX_DEPTH:
            raise _Malformed(start, f"nested deeper than {MAX_DEPTH} levels")
        if self._take("{"):
            return self._object(start, parent, key, depth)
        if self._take("["):
            return self._array(start, parent, key, depth)
        if self.text.startswith('"', start):
            node = self._node(self._string(), start, parent, key)
            if _has_surrogate(str(node.content)):
                self.errors.append(node.error("holds a lone surrogate"))
            return node
        return self._scalar(start, parent, key)

    def _scalar(self, start: int, parent: Node | None, key: str | int | None) -> Node:
        word = _WORD.match(self.text, start)
        if word is not None:
            if word[0] not in _WORDS:
                raise _Malformed(start, f"{word[0]} is no JSON value")
            self.at = word.end()
            return self._node(_WORDS[word[0]], start, parent, key)
        match = _NUMBER.match(self.text, start)
        if match is None:
            raise _Malformed(start, "a value is missing")
        self.at = match.end()
        number: int | float = float(match[0]) if match[1] or match[2] or len(match[0]) > 24 else int(match[0])
        node = self._node(number, start, parent, key)
        if isinstance(number, float) and math.isinf(number):
            self.errors.append(node.error("is a number beyond the range of a double"))
        elif not (match[1] or match[2]) and not -(2**63) <= number < 2**63:
            self.errors.append(node.error("is an integer beyond 64 bits"))
        return node

    def _string(self) -> str:
        match = _STRING.match(self.text, self.at)
        if match is None:
            raise _Malformed(self.at, "a string is not closed, or holds a control character or an unknown escape")
        self.at = match.end()
        return str(json.loads(match[0]))

    def _object(self, start: int, parent: Node | None, key: str | int | None, depth: int) -> Node:
        content: dict[str, Node] = {}
        node = self._node(content, start, parent, key)
        if self._take("}"):
            return node
        while True:
            self._space()
            at = self.at
            if not self.text.startswith('"', at):
                raise _Malformed(at, "a key in double quotes is missing")
            name = self._string()
            if not self._take(":"):
                raise _Malformed(self.at, "a colon is missing")
            self._space()
            child = self._value(parent=node, key=name, depth=depth + 1)
            if _has_surrogate(name):
                self.errors.append(node.error("a key holds a lone surrogate"))
            elif name in content:
                first = content[name].line
                self.errors.append(
                    PolicyError(
                        file=self.file,
                        line=self.line(at),
                        path=child.path,
                        message=f"is a duplicate key; the first stands at line {first}",
                    )
                )
            else:
                content[name] = child
            if self._take("}"):
                return node
            if not self._take(","):
                raise _Malformed(self.at, "a comma or a closing brace is missing")

    def _array(self, start: int, parent: Node | None, key: str | int | None, depth: int) -> Node:
        content: list[Node] = []
        node = self._node(content, start, parent, key)
        if self._take("]"):
            return node
        while True:
            self._space()
            content.append(self._value(parent=node, key=len(content), depth=depth + 1))
            if self._take("]"):
                return node
            if not self._take(","):
                raise _Malformed(self.at, "a comma or a closing bracket is missing")


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)

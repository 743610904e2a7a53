"""YAML into nodes, by the core schema of YAML 1.2 and nothing more.

PyYAML only supplies the events. Scalars are resolved here: `true` and `false` are the only booleans (in the three
spellings of the core schema), `yes`, `on`, `1:30` and timestamps are strings, `012` is twelve. Anchors, aliases, tags
and merge keys are refused: a policy says everything where it stands, and no small file can unfold into a large one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from governance.policy.document.errors import PolicyError
from governance.policy.document.node import Content, Node, path_step

MAX_DEPTH = 64
"""How deep a policy file may nest; pinned argument schemas are the deepest part of one."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_OCTAL = re.compile(r"0o[0-7]+", re.ASCII)
_HEX = re.compile(r"0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", re.ASCII)
_WORDS: dict[str, None | bool] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Unreadable(ValueError):
    """A scalar that names no value a policy can hold."""


def resolve(text: str) -> None | bool | int | float | str:
    """What a plain scalar means by the core schema; raises `Unreadable` for infinity, NaN and inexact numbers."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INTEGER.fullmatch(text) or _OCTAL.fullmatch(text) or _HEX.fullmatch(text):
        return _whole(text)
    if _NO_NUMBER.fullmatch(text):
        raise Unreadable(f"{text} is no number that a policy can hold")
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise Unreadable("is a number beyond the range of a double")
        return number
    return text


def _whole(text: str) -> int:
    if len(text) > 24:
        raise Unreadable("is an integer beyond 64 bits")
    number = int(text, 10) if _INTEGER.fullmatch(text) else int(text, 0)
    if not -(2**63) <= number < 2**63:
        raise Unreadable("is an integer beyond 64 bits")
    return number


def read_yaml(text: str, *, file: str) -> tuple[Node | None, list[PolicyError]]:
    """The tree that `text` holds and everything that is wrong with how it is written.

    The tree is None where there is none to check further. Duplicate keys, anchors and tags are reported, each at its
    line, and reading goes on.
    """
    reader = _YamlReader(file)
    try:
        return reader.document(iter(yaml.parse(text, Loader=_LOADER))), reader.errors
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        message = f"is no YAML: {error.problem or error.context}"
        return None, [*reader.errors, PolicyError(file=file, line=line, message=message)]
    except _TooDeep as error:
        message = f"is nested deeper than {MAX_DEPTH} levels"
        return None, [*reader.errors, PolicyError(file=file, line=error.args[0], message=message)]
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else "nested too deep"
        return None, [*reader.errors, PolicyError(file=file, line=1, message=f"is no YAML: {reason}")]


class _TooDeep(Exception):
    """Nesting beyond MAX_DEPTH begins at this line."""


def _line(event: Event) -> int:
    """The line, from 1, that an event starts at."""
    return int(event.start_mark.line) + 1 if event.start_mark is not None else 0


class _YamlReader:
    """One pass over the events of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.errors: list[PolicyError] = []

    def document(self, events: Iterator[Event]) -> Node | None:
        """The only document of the file; None where there is none or where more than one stand in it."""
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._fault(event, "", "holds a second document; a policy file holds one")
                    return None
            elif isinstance(event, NodeEvent):
                root = self._node(event, events, parent=None, key=None, depth=1)
        if root is None:
            self.errors.append(PolicyError(file=self.file, line=1, message="is empty"))
        return root

    def _fault(self, event: Event, path: str, message: str) -> None:
        self.errors.append(PolicyError(file=self.file, line=_line(event), path=path, message=message))

    def _node(
        self,
        event: Event,
        events: Iterator[Event],
        *,
        parent: Node | None,
        key: str | int | None,
        depth: int,
        line: int = 0,
    ) -> Node:
        """The value that starts with `event`; it stands at `line`, that of its key, or at its own."""
        line = line or _line(event)
        content: Content = None
        if isinstance(event, MappingStartEvent):
            content = {}
        elif isinstance(event, SequenceStartEvent):
            content = []
        node = self._make(line, content, parent, key)
        if depth > MAX_DEPTH:
            raise _TooDeep(line)
        if isinstance(event, AliasEvent):
            self._fault(event, node.path, f"*{event.anchor} is an alias; write the value out")
            return node
        anchor = getattr(event, "anchor", None)
        if anchor:
            self._fault(event, node.path, f"&{anchor} is an anchor; write each value where it stands")
        tag = getattr(event, "tag", None)
        if tag and not (tag == "!" and isinstance(event, ScalarEvent)):
            self._fault(event, node.path, f"{tag} is a tag; tags are not read")
        if isinstance(event, ScalarEvent):
            return self._scalar(event, line, parent, key)
        if isinstance(node.content, dict):
            self._mapping(node, node.content, events, depth)
        elif isinstance(node.content, list):
            for item in events:
                if isinstance(item, SequenceEndEvent):
                    break
                child = self._node(item, events, parent=node, key=len(node.content), depth=depth + 1)
                node.content.append(child)
        return node

    def _make(self, line: int, content: Content, parent: Node | None, key: str | int | None) -> Node:
        return Node(content=content, file=self.file, line=line, parent=parent, key=key)

    def _scalar(self, event: ScalarEvent, line: int, parent: Node | None, key: str | int | None) -> Node:
        value: None | bool | int | float | str = event.value
        if event.style in (None, "") and event.tag is None:
            try:
                value = resolve(event.value)
            except Unreadable as error:
                self._fault(event, self._make(line, None, parent, key).path, str(error))
        return self._make(line, value, parent, key)

    def _mapping(self, node: Node, content: dict[str, Node], events: Iterator[Event], depth: int) -> None:
        lines: dict[str, int] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                return
            name = self._key(node, event, events, depth)
            value = next(events)
            line = _line(event)
            child = self._node(value, events, parent=node, key=name, depth=depth + 1, line=line)
            if name in content:
                self._fault(event, child.path, f"is a duplicate key; the first stands at line {lines[name]}")
                continue
            lines[name] = line
            content[name] = child

    def _key(self, node: Node, event: Event, events: Iterator[Event], depth: int) -> str:
        """A mapping's key as text; everything but a plain or quoted scalar is reported."""
        where = (node.path + path_step("?")).removeprefix(".")
        if not isinstance(event, ScalarEvent):
            self._node(event, events, parent=node, key="?", depth=depth + 1)
            if not isinstance(event, AliasEvent):
                self._fault(event, where, "a key must be text")
            return f"?{_line(event)}"
        if event.anchor:
            self._fault(event, where, f"&{event.anchor} is an anchor; write each value where it stands")
        if event.tag and event.tag != "!":
            self._fault(event, where, f"{event.tag} is a tag; tags are not read")
        name = str(event.value)
        if event.style in (None, ""):
            if name == "<<":
                self._fault(event, where, "<< is a merge key; write the keys out")
            elif not name:
                self._fault(event, where, "a key must be text")
        return name

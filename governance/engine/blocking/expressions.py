"""Argument entries: RE2 expressions at a JSON pointer, or over every key and value."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import re2

from governance.engine.blocking.leaves import JsonNode
from governance.engine.blocking.matchers import set_options
from governance.engine.normalise.text import fold

logging.getLogger("re2").setLevel(logging.CRITICAL)


class ArgumentMatcher:
    """Compiled argument entries.

    A value is compared as it is and, when it is not ASCII, folded; numbers and booleans as JSON writes them.
    """

    __slots__ = ("_anywhere", "_ids", "_pointed")

    def __init__(self, patterns: Iterable[tuple[str, str, str | None]]) -> None:
        self._ids: list[str] = []
        self._pointed: list[tuple[str, re2._Regexp, tuple[str, ...]]] = []
        self._anywhere = re2.Set.SearchSet(set_options())
        for name, pattern, pointer in patterns:
            expression = re2.compile(pattern, set_options())
            if pointer is None:
                self._anywhere.Add(pattern)
                self._ids.append(name)
            else:
                steps = tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
                self._pointed.append((name, expression, steps))
        if self._ids:
            self._anywhere.Compile()

    def __bool__(self) -> bool:
        return bool(self._ids or self._pointed)

    def match(self, arguments: Mapping[str, Any], report: Callable[[str, JsonNode], None]) -> None:
        """Report every entry that a value at its pointer, or any key or value, matches.

        `*` in a pointer stands for any key or index.
        """
        for name, expression, steps in self._pointed:
            for node, text in _texts_at(arguments, steps):
                if expression.search(text) or (not text.isascii() and expression.search(fold(text))):
                    report(name, node)
                    break
        if self._ids:
            for node, text in _all_texts(arguments):
                for form in (text,) if text.isascii() else (text, fold(text)):
                    for place in self._anywhere.Match(form) or ():
                        report(self._ids[place], node)


def _as_text(value: Any) -> str | None:
    if type(value) is str:
        return value
    if value is True or value is False:
        return "true" if value else "false"
    return None if value is None or isinstance(value, (Mapping, list)) else str(value)


def _texts_at(value: Any, steps: tuple[str, ...]) -> list[tuple[JsonNode, str]]:
    level: list[tuple[JsonNode | None, Any]] = [(None, value)]
    for step in steps:
        following: list[tuple[JsonNode | None, Any]] = []
        for node, inner in level:
            if isinstance(inner, Mapping):
                following += [
                    (JsonNode(node, key), inner[key])
                    for key in (inner if step == "*" else [step] if step in inner else ())
                ]
            elif isinstance(inner, list):
                if step == "*":
                    following += [(JsonNode(node, place), each) for place, each in enumerate(inner)]
                elif step.isdigit() and int(step) < len(inner):
                    following.append((JsonNode(node, int(step)), inner[int(step)]))
        level = following
    found: list[tuple[JsonNode, str]] = []
    for node, inner in level:
        if node is not None:
            text = _as_text(inner)
            found += (
                [(node, text)]
                if text is not None
                else [(node, each) for _, each in _all_texts(inner)]
                if isinstance(inner, (Mapping, list))
                else []
            )
    return found


def _all_texts(value: Any) -> list[tuple[JsonNode, str]]:
    found: list[tuple[JsonNode, str]] = []
    stack: list[tuple[JsonNode | None, Any]] = [(None, value)]
    while stack:
        node, inner = stack.pop()
        pairs = inner.items() if isinstance(inner, Mapping) else enumerate(inner)
        for key, each in pairs:
            here = JsonNode(node, key)
            if type(key) is str:
                found.append((here, key))
            if isinstance(each, (Mapping, list)):
                stack.append((here, each))
            else:
                text = _as_text(each)
                if text is not None:
                    found.append((here, text))
    return found

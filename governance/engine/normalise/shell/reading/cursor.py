"""One text and the place that was read up to; what words and their expansions are read with."""

from __future__ import annotations

import re
from typing import Self

from governance.engine.normalise.shell.budget import MAX_DEPTH, TooComplexError
from governance.engine.normalise.shell.marks import SPLIT, UNKNOWN
from governance.engine.normalise.shell.reading.sink import Sink

NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ENVIRONMENT = {
    "HOME": "~",
    "PWD": ".",
    "OLDPWD": "..",
    "SHELL": "/bin/sh",
    "TMPDIR": "/tmp",
    "PATH": "/usr/bin",
    "IFS": " \t\n",
    "BASH": "/bin/bash",
}
_MAX_VALUE = 16_384
_UNPLAIN = re.compile(r"[()'\"`$\\]")


class Cursor:
    """A place in a text. Every construct that is not closed is reported to the sink as a lost place."""

    def __init__(self, text: str, sink: Sink, *, depth: int = 0, windows: bool = False) -> None:
        self.text, self.at, self.sink, self.depth, self.windows = text, 0, sink, depth, windows
        self.end = len(text)
        if depth > MAX_DEPTH:
            raise TooComplexError

    def commands(self, *, closer: str = "") -> None:
        """Read commands until the text ends or `closer` is reached."""
        raise NotImplementedError

    def double(self, *, closing: str) -> str:
        """What stands up to a closing double quote (or the end, for a here-document), with expansions."""
        raise NotImplementedError

    def backtick(self, *, quoted: bool) -> str:
        """The output of an old-style command substitution."""
        raise NotImplementedError

    def dollar(self, *, quoted: bool) -> str:
        """The expansion of what follows a `$`."""
        raise NotImplementedError

    def inside(self, text: str) -> Self:
        """A reader of a text that stands inside of this one."""
        return type(self)(text, self.sink, depth=self.depth + 1)

    def scout(self, at: int) -> Self:
        """A reader of the same text from `at` that reports to nobody: where does what begins there end?"""
        ahead = type(self)(self.text, Sink(self.sink.budget), depth=self.depth + 1, windows=self.windows)
        ahead.at = at
        return ahead

    def single(self) -> str:
        """What stands up to a closing single quote; the place is behind the opening one."""
        stop = self.text.find("'", self.at)
        if stop < 0:
            self.sink.lose()
            stop = self.end
        found = self.text[self.at : stop]
        self.at = stop + 1
        return found

    def matched(self, at: int) -> int:
        """The place behind the `)` that closes a parenthesis opened before `at`, quotes respected, or -1."""
        level = 1
        while found := _UNPLAIN.search(self.text, at):
            self.sink.budget.spend()
            at, char = found.end(), found[0]
            if char == "(":
                level += 1
            elif char == ")":
                level -= 1
                if not level:
                    return at
            elif char == "\\":
                at += 1
            else:
                ahead = self.scout(at if char in "'\"" else at - 1)
                if char == "'":
                    ahead.single()
                elif char == '"':
                    ahead.double(closing='"')
                elif char == "`":
                    ahead.backtick(quoted=True)
                else:
                    ahead.dollar(quoted=False)
                at = ahead.at
        return -1

    def arithmetic(self, text: str) -> str:
        """Read an arithmetic expression for what it would run: substitutions, also those of its variables' values.

        Its value, where it is a number or a variable that holds one; else `UNKNOWN`.
        """
        if "$" in text or "`" in text:
            self.inside(text).double(closing="")
        for name in set(NAME.findall(text)):
            held = self.sink.variables.get(name, "")
            if "[" in held and ("$(" in held or "`" in held):
                self.inside(held).double(closing="")
        alone = text.strip().removeprefix("$")
        alone = self.sink.variables.get(alone, alone)
        return alone if alone.isdecimal() and len(alone) < 10 else UNKNOWN

    def bracketed(self) -> str:
        """What stands up to a closing `]`, with expansions; the place is behind the opening `[`."""
        text, level = self.text, 1
        parts: list[str] = []
        while self.at < self.end:
            self.sink.budget.spend()
            char = text[self.at]
            if char == "$":
                parts.append(self.dollar(quoted=True))
                continue
            if char == "`":
                parts.append(self.backtick(quoted=True))
                continue
            self.at += 1
            if char == "'":
                parts.append(self.single())
            elif char == '"':
                parts.append(self.double(closing='"'))
            elif char == "\\":
                parts.append(text[self.at : self.at + 1])
                self.at += 1
            else:
                level += (char == "[") - (char == "]")
                if not level:
                    found = "".join(parts)
                    self.arithmetic(found)
                    return found
                parts.append(char)
        self.sink.lose()
        return "".join(parts)

    def value(self, name: str) -> str:
        """What a variable or a special parameter holds: assigned here, else known everywhere, else `UNKNOWN`."""
        sink = self.sink
        if name.isdigit():
            place = int(name[:6])
            return sink.zero if not place else sink.arguments[place - 1] if place <= len(sink.arguments) else ""
        if name in "@*":
            return " ".join(sink.arguments)
        held = sink.variables.get(name)
        return held if held is not None else _ENVIRONMENT.get(name, UNKNOWN)

    def fields(self, value: str, quoted: bool) -> str:
        """A value as it enters a word: with `SPLIT` where it falls apart when it is not quoted."""
        if len(value) > 64:
            self.sink.budget.spend(len(value) // 64)
            if len(value) > _MAX_VALUE:
                raise TooComplexError
        if quoted or not value:
            return value
        if separators := self.sink.variables.get("IFS"):
            value = value.translate(dict.fromkeys(map(ord, separators), " "))
        if not value.strip():
            return SPLIT
        if any(char in value for char in " \t\n"):
            edges = (SPLIT if value[0].isspace() else "", SPLIT if value[-1].isspace() else "")
            return edges[0] + SPLIT.join(value.split()) + edges[1]
        return value

    def listed(self, values: list[str], quoted: bool, *, apart: bool) -> str:
        """Several values as they enter a word: each a word of its own when quoted and `apart` (`"$@"`)."""
        if quoted and apart:
            return self.fields(SPLIT.join(values), True)
        return self.fields(" ".join(values), quoted)

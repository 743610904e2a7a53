"""Reading the words of shell text, the way a POSIX shell with bash's extensions would expand them.

Nothing is ever run. What cannot be known (an unset variable, the output of a program) becomes `UNKNOWN` inside a word.
Work is counted in steps; a text that needs more than its budget, or whose quotes do not close, is reported as not read.
"""

from __future__ import annotations

import re

from governance.engine.normalise.shell.budget import MAX_DEPTH, Budget, TooComplexError
from governance.engine.normalise.shell.command import Simple
from governance.engine.normalise.shell.expansions import ansi, braces
from governance.engine.normalise.shell.marks import SPLIT, UNKNOWN

_PLAIN = re.compile(r"[^\s'\"\\$`;&|<>()]+")
_PLAIN_WINDOWS = re.compile(r"[^\s'\"$`;&|<>()^]+")
_DOUBLE = re.compile(r"[^\"\\$`]+")
_HEREDOC = re.compile(r"[^\\$`]+")
_NAME = re.compile(r"[A-Za-z_]\w*")
_ENVIRONMENT = {
    "HOME": "~",
    "PWD": ".",
    "OLDPWD": "..",
    "SHELL": "/bin/sh",
    "TMPDIR": "/tmp",
    "PATH": "/usr/bin",
    "IFS": " \t\n",
    "BASH": "/bin/bash",
    "0": "bash",
}

_MAX_VALUE = 16_384


class Words:
    """One text and the place that was read up to; the words at that place."""

    def __init__(self, text: str, sink: Sink, *, depth: int = 0, windows: bool = False) -> None:
        self.text, self.at, self.sink, self.depth, self.windows = text, 0, sink, depth, windows
        self.end = len(text)
        self.plain = _PLAIN_WINDOWS if windows else _PLAIN
        self.resume = 0
        self.open_quote = False
        if depth > MAX_DEPTH:
            raise TooComplexError

    def commands(self, *, closer: str = "") -> None:
        """Read commands until the text ends or `closer` (`)` of a substitution) is reached."""
        raise NotImplementedError

    def word(self) -> list[str]:
        """The word at the current place, expanded; several when an unquoted expansion splits, none when it vanishes."""
        text, end, spend = self.text, self.end, self.sink.budget.spend
        parts: list[str] = []
        curly = False
        quoted = False
        run = self.plain.match(text, self.at)
        if run and (run.end() == end or text[run.end()] in " \n;|") and "{" not in run[0]:
            spend()
            self.at = run.end()
            return [run[0]]
        while self.at < end:
            spend()
            run = self.plain.match(text, self.at)
            if run:
                part = run[0]
                curly = curly or "{" in part
                parts.append(part)
                self.at = run.end()
                continue
            char = text[self.at]
            if char == '"' and text.startswith(('"$@"', '"$*"', '"${@}"'), self.at):
                self.at = text.index('"', self.at + 1) + 1
                parts.append(self._fields(self.sink.positional("@"), quoted=False))
            elif char == "'" and not (self.windows and parts and parts[-1][-1:].isalpha()):
                stop = text.find("'", self.at + 1)
                if stop < 0:
                    self.open_quote = True
                    stop = end
                parts.append(text[self.at + 1 : stop])
                self.at = stop + 1
                quoted = True
            elif char == '"':
                self.at += 1
                parts.append(self.double(closing='"'))
                quoted = True
            elif char == "\\" and not self.windows:
                if text.startswith("\r\n", self.at + 1):
                    self.at += 3
                elif text.startswith("\n", self.at + 1):
                    self.at += 2
                else:
                    parts.append(text[self.at + 1 : self.at + 2])
                    self.at += 2
            elif char == "$":
                parts.append(self.dollar(quoted=False))
            elif char == "`" and not self.windows:
                parts.append(self.backtick(quoted=False))
            elif char in "`^" and self.windows:
                self.at += 1
            elif char == "'":
                parts.append(char)
                self.at += 1
            else:
                break
        joined = "".join(parts)
        words = (
            [piece for piece in joined.split(SPLIT) if piece]
            if SPLIT in joined
            else [joined]
            if joined or quoted
            else []
        )
        if curly:
            words = [expanded for each in words for expanded in braces(each, spend)]
        return words

    def double(self, *, closing: str) -> str:
        """What stands up to a closing double quote (or the end, for a here-document), with expansions."""
        text, end, spend = self.text, self.end, self.sink.budget.spend
        parts: list[str] = []
        while self.at < end:
            spend()
            run = (_DOUBLE if closing else _HEREDOC).match(text, self.at)
            if run:
                parts.append(run[0])
                self.at = run.end()
                continue
            char = text[self.at]
            if char == closing:
                self.at += 1
                return "".join(parts)
            if char == "\\" and not self.windows:
                following = text[self.at + 1 : self.at + 2]
                parts.append("" if following == "\n" else following if following in '$`"\\' else "\\" + following)
                self.at += 2
            elif char == "\\":
                parts.append(char)
                self.at += 1
            elif char == "$":
                parts.append(self.dollar(quoted=True))
            elif self.windows:
                self.at += 1
            else:
                parts.append(self.backtick(quoted=True))
        if closing:
            self.open_quote = True
        return "".join(parts)

    def backtick(self, *, quoted: bool) -> str:
        """The output of an old-style command substitution."""
        stop = self.at + 1
        while stop < self.end and self.text[stop] != "`":
            stop += 2 if self.text[stop] == "\\" else 1
        inner = re.sub(r"\\([\\`$])", r"\1", self.text[self.at + 1 : stop])
        if stop >= self.end:
            self.open_quote = True
        self.at = stop + 1
        return self._fields(self.sink.substitution(type(self)(inner, self.sink, depth=self.depth + 1)), quoted)

    def dollar(self, *, quoted: bool) -> str:
        """The expansion of what follows a `$`."""
        text = self.text
        following = text[self.at + 1 : self.at + 2]
        if following == "'" and not quoted:
            stop = self.at + 2
            while stop < self.end and text[stop] != "'":
                stop += 2 if text[stop] == "\\" else 1
            value = ansi(text[self.at + 2 : stop])
            self.at = stop + 1
            return value
        if following == '"' and not quoted:
            self.at += 2
            return self.double(closing='"')
        if following == "(":
            if text.startswith("((", self.at + 1):
                stop = text.find("))", self.at)
                self.at = self.end if stop < 0 else stop + 2
                return UNKNOWN
            self.at += 2
            inner = type(self)(text, self.sink, depth=self.depth + 1, windows=self.windows)
            inner.at = self.at
            value = self.sink.substitution(inner)
            self.at = inner.at
            return self._fields(value, quoted)
        if following == "{":
            return self._fields(self._parameter(quoted), quoted)
        if self.windows and text[self.at + 1 : self.at + 5].lower() == "env:":
            name = _NAME.match(text, self.at + 5)
            if name:
                self.at = name.end()
                return "%" + name[0] + "%"
        name = _NAME.match(text, self.at + 1)
        if name:
            self.at = name.end()
            if self.windows and name[0].lower() in {"home", "env"}:
                return "~"
            return self._fields(self.value(name[0]), quoted)
        if following and following in "@*0123456789#?$!-":
            self.at += 2
            return self._fields(self.sink.positional(following), quoted)
        self.at += 1
        return "$"

    def value(self, name: str) -> str:
        """What a variable holds: assigned here, else known everywhere, else `UNKNOWN`."""
        held = self.sink.variables.get(name)
        return held if held is not None else _ENVIRONMENT.get(name, UNKNOWN)

    def _fields(self, value: str, quoted: bool) -> str:
        if len(value) > 64:
            self.sink.budget.spend(len(value) // 64)
            if len(value) > _MAX_VALUE:
                raise TooComplexError
        if quoted or not value:
            return value
        if not value.strip():
            return SPLIT
        if any(char in value for char in " \t\n"):
            edges = (SPLIT if value[0].isspace() else "", SPLIT if value[-1].isspace() else "")
            return edges[0] + SPLIT.join(value.split()) + edges[1]
        return value

    def _parameter(self, quoted: bool) -> str:
        """`${…}` with the operators that change or supply a value."""
        text = self.text
        start = self.at + 2
        stop, level = start, 1
        while stop < self.end:
            char = text[stop]
            if char == "\\":
                stop += 1
            elif char == "{":
                level += 1
            elif char == "}":
                level -= 1
                if level == 0:
                    break
            stop += 1
        self.sink.budget.spend(1 + (stop - start) // 64)
        body = text[start:stop]
        self.at = stop + 1
        if body.startswith("#"):
            return UNKNOWN
        indirect = body.startswith("!")
        name = _NAME.match(body, 1 if indirect else 0)
        if name is None:
            return self.sink.positional(body[:1]) if body else ""
        value = self.value(name[0])
        if indirect:
            value = self.value(value)
        rest = body[name.end() :]
        if rest.startswith("["):
            rest = rest.partition("]")[2]
        return self._operated(value, rest) if rest else value

    def _operated(self, value: str, rest: str) -> str:
        operator = rest[:2] if rest[:2] in {":-", ":=", ":+", ":?", "##", "%%", "//", "^^", ",,"} else rest[:1]
        operand = rest[len(operator) :]
        if operator in {":-", "-", ":=", "="}:
            return self._nested(operand) if value in {"", UNKNOWN} else value
        if operator in {":+", "+"}:
            return self._nested(operand)
        if operator == ",,":
            return value.lower()
        if operator == "^^":
            return value.upper()
        if operator == ":" and re.fullmatch(r"\s*-?\d{1,5}(?::-?\d{1,5})?", operand):
            offset, _, length = operand.partition(":")
            known = self._absolute(value)
            tail = known[int(offset) :]
            return tail[: int(length)] if length else tail
        if operator in {"//", "/"}:
            old, _, new = operand.partition("/")
            old, new = self._nested(old), self._nested(new)
            return value.replace(old, new, -1 if operator == "//" else 1) if old and "*" not in old else value
        if operator in {"#", "##"} and "*" not in operand:
            return value.removeprefix(operand)
        if operator in {"%", "%%"} and "*" not in operand:
            return value.removesuffix(operand)
        return value

    @staticmethod
    def _absolute(value: str) -> str:
        return "/" + value if value in {"~", "."} else value

    def _nested(self, text: str) -> str:
        inner = type(self)(text, self.sink, depth=self.depth + 1)
        return " ".join(inner.word()) if not text.isalnum() else text


class Sink:
    """What reading reports to and asks: overridden by the interpreter."""

    budget: Budget
    variables: dict[str, str]

    def emit(self, simple: Simple, depth: int, windows: bool, *, pipes: bool) -> None:
        """A simple command was read; `pipes` when its output goes to the next one."""
        raise NotImplementedError

    def cut(self) -> None:
        """A pipeline ended without a further command."""
        raise NotImplementedError

    def rejoin(self) -> None:
        """A group ended and its output goes to the next command."""
        raise NotImplementedError

    def function(self, name: str) -> None:
        """A function is being defined."""
        raise NotImplementedError

    def substitution(self, reader: Words, *, process: bool = False) -> str:
        """Read a substitution's commands; its output as far as known.

        Of a process substitution, only what it carries if not known.
        """
        raise NotImplementedError

    def positional(self, name: str) -> str:
        """A positional or special parameter."""
        raise NotImplementedError

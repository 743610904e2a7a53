"""Compound commands of the shell: what is open, how it is closed, and the parts that are not commands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from governance.engine.normalise.shell.command import Simple
from governance.engine.normalise.shell.reading.heredocs import Heredocs
from governance.engine.normalise.shell.reading.sink import Sink

BLANK = re.compile(r"(?:[ \t]+|\r(?=\n|\Z)|\\\n)+")
_BRACE_LOOP = re.compile(r"(?:\s|\\\n)*;?(?:\s|\\\n)*\{(?=\s)")
_MAX_OPEN = 64


@dataclass(slots=True)
class Open:
    """A compound command that is being read: `if`, `loop`, `{`, `(` or `case`; where it began and its body does."""

    kind: str
    start: int
    pattern: bool = False
    function: str = ""
    variable: str = ""
    values: list[str] = field(default_factory=list)
    body: int = 0


class Compounds(Heredocs):
    """Keeps what is open in a text, and reads what stands in compound commands beside commands."""

    def __init__(self, text: str, sink: Sink, *, depth: int = 0, windows: bool = False) -> None:
        super().__init__(text, sink, depth=depth, windows=windows)
        self.stack: list[Open] = []
        self.closed: Open | None = None
        self.named = ""
        self.bare = True

    def _finish(self, simple: Simple, *, piped: bool) -> Simple:
        """Report the command that ends here and start the next."""
        raise NotImplementedError

    def _begins(self, simple: Simple) -> bool:
        """Whether a reserved word would count here."""
        return not simple.words and not simple.redirects

    def _open(self, kind: str, start: int, simple: Simple) -> Open:
        if len(self.stack) >= _MAX_OPEN:
            self.sink.lose()
        if self.closed is not None:
            self._misplaced()
        opened = Open(kind, start, function=self.named)
        self.named = ""
        self.stack.append(opened)
        self.sink.enter(piped=simple.piped, apart=kind == "(")
        simple.piped = False
        return opened

    def _close(self, kind: str) -> None:
        if not self.stack or self.stack[-1].kind != kind:
            if not self.windows:
                self.sink.lose()
            return
        if self.closed is not None:
            self._finish(Simple(), piped=False)
        closed = self.stack.pop()
        body = self.text[closed.body : self.at - (1 if kind == "{" else 4)]
        if closed.variable and closed.body and closed.variable in body:
            for value in closed.values[1:]:
                self._again(body, variable=closed.variable, value=value)
        if kind == "loop" and closed.body and not closed.variable:
            lines, self.sink.lines = self.sink.lines, []
            for name, value in lines:
                self._again(body, variable=name, value=value)
        closed.body = self.at
        self.closed = closed
        if closed.function:
            self.sink.define(closed.function, self.text[closed.start : self.at])

    def _again(self, text: str, *, variable: str = "", value: str = "", stdin: str | None = None) -> None:
        """Have a group read once more; that the here-documents of an unfinished line are not in it is no loss."""
        lost = self.sink.lost
        self.sink.repeat(text, self.depth, variable=variable, value=value, stdin=stdin)
        if self.resume:
            self.sink.lost = lost

    def _misplaced(self) -> None:
        """A command stands where only the end of one could."""
        if not self.windows:
            self.sink.lose()
        self.closed = None
        self.sink.leave(pipes=False)

    def _loop(self, start: int, simple: Simple) -> None:
        opened = self._open("loop", start, simple)
        text, sink = self.text, self.sink
        self._blank()
        if text.startswith("((", self.at):
            stop = self.matched(self.at + 1)
            if stop < 0:
                sink.lose()
                stop = self.end
            self.arithmetic(text[self.at + 2 : stop - 2])
            self.at = stop
        else:
            name = "".join(self.word())
            self._skip()
            values = list(sink.arguments)
            if text.startswith("in", self.at) and text[self.at + 2 : self.at + 3] in (" ", "\t", "\n", ";", "\\", ""):
                self.at += 2
                values = []
                while self.at < self.end and text[self.at] not in "\n;":
                    at = self.at
                    self._blank()
                    if text.startswith("#", self.at):
                        self._skip()
                        break
                    values += self.word()
                    if self.at == at:
                        sink.lose()
                        self.at += 1
            opened.variable, opened.values = name, values
            sink.variables[name] = values[0] if values else ""
        if brace := _BRACE_LOOP.match(text, self.at):
            self.at = opened.body = brace.end()
            opened.kind = "{"

    def _pattern(self) -> None:
        """One step through the patterns of a `case`."""
        text, at = self.text, self.at
        if text[at] == ")":
            self.at += 1
            self.stack[-1].pattern = False
        elif text[at] in "(|":
            self.at += 1
        elif text.startswith("esac", at) and (at + 4 >= self.end or text[at + 4] in " \t\n;&|)<>"):
            self.at += 4
            self._close("case")
        else:
            self.word()
            if self.at == at:
                self.at += 1
                self.sink.lose()

    def _condition(self, simple: Simple) -> None:
        """`[[ … ]]`, in which operators are words."""
        simple.words.append("[[")
        text = self.text
        while self.at < self.end:
            self.sink.budget.spend()
            self._skip()
            if text.startswith("]]", self.at) and (self.at + 2 >= self.end or text[self.at + 2] in " \t\n;&|)<>"):
                self.at += 2
                simple.words.append("]]")
                return
            at = self.at
            if self.at < self.end and text[at] in "&|()<>":
                self.at += 1
                continue
            simple.words += self.word()
            if self.at == at:
                break
        self.sink.lose()

    def _glob(self, simple: Simple) -> None:
        """An extended pattern `@(…)`, whose parts come as words."""
        level = 0
        while self.at < self.end:
            self.sink.budget.spend()
            char = self.text[self.at]
            if char in "()|":
                level += (char == "(") - (char == ")")
                self.at += 1
                if not level:
                    return
                continue
            at = self.at
            simple.words += self.word()
            if self.at == at:
                self.at += 1
        self.sink.lose()

    def _array(self, simple: Simple) -> None:
        text, sink = self.text, self.sink
        self.at += 1
        values: list[str] = []
        while self.at < self.end:
            sink.budget.spend()
            self._skip()
            if text.startswith(")", self.at):
                break
            at = self.at
            values += self.word()
            if self.at == at:
                sink.lose()
                self.at += 1
        else:
            sink.lose()
        self.at += 1
        name = re.match(r"\w*", simple.words[-1])
        if name and name[0]:
            held = sink.arrays.get(name[0], {}) if simple.words[-1].endswith("+=") else {}
            for value in values:
                keyed = re.match(r"\[([^\]]*)\]=(.*)", value, re.DOTALL)
                held[keyed[1] if keyed else str(len(held))] = keyed[2] if keyed else value
            sink.arrays[name[0]] = held
        simple.words[-1] += " ".join(values)

    def _blank(self) -> None:
        if blank := BLANK.match(self.text, self.at):
            self.at = blank.end()

    def _skip(self) -> None:
        """Pass blanks, line ends and comments; a line end also passes the here-documents of its line."""
        while self.at < self.end:
            self._blank()
            if self.text.startswith("\n", self.at):
                if self.waiting:
                    self.line_end, self.at = self.at, self.end
                    return
                self.at, self.resume = max(self.at + 1, self.resume), 0
            elif self.text.startswith("#", self.at) and self.text[self.at - 1] in " \t\n":
                stop = self.text.find("\n", self.at)
                self.at = self.end if stop < 0 else stop
            else:
                return

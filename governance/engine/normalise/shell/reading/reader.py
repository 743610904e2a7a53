"""Reading shell text once from left to right: every simple command is handed to a `Sink`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from governance.engine.normalise.shell.command import Redirect, Simple
from governance.engine.normalise.shell.marks import SPLIT, UNKNOWN
from governance.engine.normalise.shell.reading.heredocs import Heredocs
from governance.engine.normalise.shell.reading.sink import Sink

_BLANK = re.compile(r"(?:[ \t]+|\r(?=\n|\Z)|\\\n)+")
_BLANK_WINDOWS = re.compile(r"(?:[ \t\r]+|\\\r?\n)+")
_SPACE = re.compile(r"(?:\s|\\\n|(?:(?<=\s)|^)#[^\n]*)*")
_REDIRECT = re.compile(r"(?:\d{0,9}|&|\{\w+\})(?:<<<|<<-|<<|<>|<&|>&|>>|>\||<|>)")
_CASE_END = re.compile(r";;&?|;&")
_COPROCESS = re.compile(r"[ \t]+\w+(?=[ \t]+(?:[{(]|\[\[|(?:while|until|for|if|case|select)\b))")
_TIME = re.compile(r"(?:[ \t]+(?:-p|--)(?=[ \t\n;]))+")
_BRACE_LOOP = re.compile(r"(?:\s|\\\n)*;?(?:\s|\\\n)*\{(?=\s)")
_OPENS = {"if": "if", "while": "loop", "until": "loop", "{": "{"}
_CLOSES = {"fi": "if", "done": "loop", "}": "{", "esac": "case"}
_WITHIN = {"then": "if", "elif": "if", "else": "if", "do": "loop"}
_KEYWORDS = frozenset("! time coproc for select case function [[".split()) | {*_OPENS, *_CLOSES, *_WITHIN}
_DECLARERS = frozenset("export declare typeset local readonly".split())
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


class Reader(Heredocs):
    """Reads one text.

    `emit` is called with every simple command, in order; it may read further texts with the same variables.
    """

    def __init__(self, text: str, sink: Sink, *, depth: int = 0, windows: bool = False) -> None:
        super().__init__(text, sink, depth=depth, windows=windows)
        self.stack: list[Open] = []
        self.closed: Open | None = None
        self.named = ""
        self.bare = True

    def commands(self, *, closer: str = "") -> None:
        """Read commands until the text ends or `closer` is reached: `)` or `}` of a substitution, or a line's end."""
        text, spend = self.text, self.sink.budget.spend
        blanks = _BLANK_WINDOWS if self.windows else _BLANK
        simple = Simple()
        reached = not closer or closer == "\n"
        while self.at < self.end:
            spend()
            blank = blanks.match(text, self.at)
            if blank:
                self.at = blank.end()
                continue
            char = text[self.at]
            if char == "\n":
                if closer == "\n":
                    return
                simple = self._end_line(simple)
            elif char == "#" and not self.windows:
                stop = text.find("\n", self.at)
                self.at = self.end if stop < 0 else stop
            elif self.stack and self.stack[-1].pattern:
                self._pattern()
            elif char == ";":
                simple = self._semicolon(simple)
            elif char in "|&" and not _REDIRECT.match(text, self.at):
                double = text.startswith(char * 2, self.at)
                self.at += 2 if double or text.startswith("|&", self.at) else 1
                simple = self._finish(simple, piped=char == "|" and not double)
            elif char == "(":
                self._parenthesis(simple)
            elif char == ")":
                self.at += 1
                simple = self._finish(simple, piped=False)
                if closer == ")" and not (self.stack and self.stack[-1].kind == "("):
                    reached = True
                    break
                self._close("(")
            elif closer == "}" and char == "}" and not self.stack and self._begins(simple):
                self.at += 1
                reached = True
                break
            else:
                self._word_or_redirect(simple)
        self._finish(simple, piped=False)
        if (self.stack or not reached or self.named or self.resume) and not self.windows and closer != "\n":
            self.sink.lose()
        while self.stack:
            self.stack.pop()
            self.sink.leave(pipes=False)

    # --- ends ---------------------------------------------------------------------------------------------------------
    def _finish(self, simple: Simple, *, piped: bool) -> Simple:
        sink, closed = self.sink, self.closed
        self.closed, self.bare = None, True
        if closed is not None:
            stdin = next((each.target for each in reversed(simple.redirects) if each.operator in {"<<", "<<<"}), None)
            if simple.redirects:
                sink.emit(Simple(redirects=simple.redirects), self.depth, self.windows, pipes=False)
            if stdin is not None:
                self._again(self.text[closed.start : closed.body], stdin=stdin)
            sink.leave(pipes=piped)
        elif simple.words or simple.redirects:
            sink.emit(simple, self.depth, self.windows, pipes=piped)
        elif not piped:
            sink.cut()
        return Simple(piped=piped)

    def _end_line(self, simple: Simple) -> Simple:
        self.at, self.resume = max(self.at + 1, self.resume), 0
        if not simple.words and not simple.redirects and simple.piped and self.closed is None:
            return simple
        return self._finish(simple, piped=False)

    def _semicolon(self, simple: Simple) -> Simple:
        end = _CASE_END.match(self.text, self.at)
        if end is None or self.windows:
            self.at += 1
            return self._finish(simple, piped=False)
        self.at = end.end()
        simple = self._finish(simple, piped=False)
        if self.stack and self.stack[-1].kind == "case":
            self.stack[-1].pattern = True
        else:
            self.sink.lose()
        return simple

    # --- compound commands --------------------------------------------------------------------------------------------
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
        self.sink.enter(piped=simple.piped)
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

    def _keyword(self, word: str, start: int, simple: Simple) -> bool:
        """Take a reserved word where one counts; False when it is a word like any other."""
        text = self.text
        if word in _WITHIN:
            if self.closed is not None:
                self._finish(Simple(), piped=False)
            if not self.stack or self.stack[-1].kind != _WITHIN[word]:
                self.sink.lose()
            elif word == "do":
                self.stack[-1].body = self.at
        elif word in _CLOSES:
            if self.closed is not None:
                self._finish(Simple(), piped=False)
            self._close(_CLOSES[word])
        elif word in _OPENS:
            self._open(_OPENS[word], start, simple)
        elif word in {"for", "select"}:
            self._loop(start, simple)
        elif word == "case":
            opened = self._open("case", start, simple)
            self._skip()
            self.word()
            self._skip()
            opened.pattern = True
            if text.startswith("in", self.at):
                self.at += 2
            else:
                self.sink.lose()
        elif word == "function":
            self._blank()
            self.named = "".join(self.word()) or "?"
            self._blank()
            if text.startswith("(", self.at):
                self.at += 1
                self._blank()
                self.at += text.startswith(")", self.at)
            self.sink.define(self.named, "")
            self._skip()
        elif word == "[[":
            self._condition(simple)
        elif word == "time":
            if options := _TIME.match(text, self.at):
                self.at = options.end()
        elif word == "coproc":
            if name := _COPROCESS.match(text, self.at):
                self.at = name.end()
        return True

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

    def _parenthesis(self, simple: Simple) -> None:
        """An array, a function's `()`, a pattern, an arithmetic command, or a subshell."""
        text, at = self.text, self.at
        if simple.words and simple.words[-1].endswith("=") and text[at - 1] == "=":
            self._array(simple)
            return
        closing = _BLANK.match(text, at + 1)
        after = closing.end() if closing else at + 1
        if len(simple.words) == 1 and not simple.redirects and text.startswith(")", after):
            self.named = simple.words.pop()
            self.sink.define(self.named, "")
            self.at, self.bare = after + 1, True
            self._skip()
            return
        if self._begins(simple):
            if text.startswith("((", at) and not self.windows:
                outer = self.matched(at + 1)
                if outer >= 0 and text.startswith("))", outer - 2) and self.matched(at + 2) == outer - 1:
                    self.arithmetic(text[at + 2 : outer - 2])
                    self.at = outer
                    simple.words.append("((")
                    return
            self._open("(", at, simple)
            self.at += 1
            return
        if text[at - 1] in "@?*+!" and not self.windows:
            self._glob(simple)
            return
        if self.windows:
            self._open("(", at, simple)
        else:
            self.sink.lose()
        self.at += 1

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

    # --- words --------------------------------------------------------------------------------------------------------
    def _blank(self) -> None:
        if blank := _BLANK.match(self.text, self.at):
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

    def _word_or_redirect(self, simple: Simple) -> None:
        text, start = self.text, self.at
        redirect = _REDIRECT.match(text, start)
        if redirect is not None:
            self._redirect(simple, redirect)
            return
        words = self.word(assigns=self.bare)
        if self.at == start:
            self.at += 1
            self.sink.lose()
            return
        if self.windows:
            simple.words += words
            return
        if len(words) == 1 and words[0] in _KEYWORDS and self._begins(simple) and text[start : self.at] == words[0]:
            self._keyword(words[0], start, simple)
            return
        if self.closed is not None:
            self._misplaced()
        if self.named:
            self.sink.lose()
            self.named = ""
        if self.bare and words and "=" not in words[0] and words[0] not in _DECLARERS:
            self.bare = False
        simple.words += words

    def _redirect(self, simple: Simple, redirect: re.Match[str]) -> None:
        text = self.text
        self.at = redirect.end()
        operator = redirect[0].lstrip("0123456789").rpartition("}")[2]
        descriptor, operator = redirect[0][: -len(operator)], operator.lstrip("&") if operator[0] == "&" else operator
        if text.startswith("(", self.at) and operator in {"<", ">"}:
            self._process(simple, operator)
            return
        if operator in {"<<", "<<-"}:
            simple.redirects.append(Redirect(operator="<<", target=self.heredoc(tabs=operator == "<<-")))
            return
        self._blank()
        if text.startswith(("<(", ">("), self.at):
            self.at += 1
            if text[self.at - 1] == ">":
                self._process(Simple(), ">", simple)
            else:
                self.at += 1
                inner = self._within()
                carried = self.sink.substitution(inner, process=True) or UNKNOWN
                self.at = inner.at
                simple.redirects.append(Redirect(operator="<<<", target=carried))
            return
        start = self.at
        words = self.word()
        if self.at == start:
            self.sink.lose()
        target = " ".join(words) if operator == "<<<" else words[0] if words else ""
        simple.redirects.append(Redirect(operator=operator, target=target.replace(SPLIT, " "), descriptor=descriptor))

    def _within(self) -> Reader:
        inner = Reader(self.text, self.sink, depth=self.depth + 1, windows=self.windows)
        inner.at = self.at
        return inner

    def _process(self, simple: Simple, operator: str, fed: Simple | None = None) -> None:
        """`<(…)` and `>(…)`; what a command prints is given to the latter."""
        start = self.at + 1
        self.at = start
        inner = self._within()
        carried = self.sink.substitution(inner, process=True)
        self.at = inner.at
        simple.words.append("/dev/fd/63" + (carried if operator == "<" else ""))
        if operator == ">":
            (fed or simple).feeds.append(self.text[start : inner.at - 1])

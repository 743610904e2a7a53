"""Reading shell text once from left to right: every simple command is handed to a `Sink`."""

from __future__ import annotations

import re

from governance.engine.normalise.shell.command import Redirect, Simple
from governance.engine.normalise.shell.marks import SPLIT, UNKNOWN
from governance.engine.normalise.shell.reading.compounds import BLANK, Compounds

_BLANK_WINDOWS = re.compile(r"(?:[ \t\r]+|\\\r?\n)+")
_REDIRECT = re.compile(r"(?:\d{0,9}|&|\{\w+\})(?:<<<|<<-|<<|<>|<&|>&|>>|>\||<|>)")
_CASE_END = re.compile(r";;&?|;&")
_COPROCESS = re.compile(r"[ \t]+\w+(?=[ \t]+(?:[{(]|\[\[|(?:while|until|for|if|case|select)\b))")
_TIME = re.compile(r"(?:[ \t]+(?:-p|--)(?=[ \t\n;]))+")
_OPENS = {"if": "if", "while": "loop", "until": "loop", "{": "{"}
_CLOSES = {"fi": "if", "done": "loop", "}": "{", "esac": "case"}
_WITHIN = {"then": "if", "elif": "if", "else": "if", "do": "loop"}
_KEYWORDS = frozenset("! time coproc for select case function [[".split()) | {*_OPENS, *_CLOSES, *_WITHIN}
_DECLARERS = frozenset("export declare typeset local readonly".split())


class Reader(Compounds):
    """Reads one text.

    `emit` is called with every simple command, in order; it may read further texts with the same variables.
    """

    def commands(self, *, closer: str = "") -> None:
        """Read commands until the text ends or `closer` is reached: `)` or `}` of a substitution, or a line's end."""
        text, spend = self.text, self.sink.budget.spend
        blanks = _BLANK_WINDOWS if self.windows else BLANK
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

    def _parenthesis(self, simple: Simple) -> None:
        """An array, a function's `()`, a pattern, an arithmetic command, or a subshell."""
        text, at = self.text, self.at
        if simple.words and simple.words[-1].endswith("=") and text[at - 1] == "=":
            self._array(simple)
            return
        closing = BLANK.match(text, at + 1)
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

    # --- words --------------------------------------------------------------------------------------------------------
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

"""Reading shell text once from left to right: every simple command is handed to a `Sink`."""

from __future__ import annotations

import re
from typing import Protocol

from governance.engine.normalise.shell.command import Redirect, Simple
from governance.engine.normalise.shell.marks import UNKNOWN
from governance.engine.normalise.shell.words import Words

_BLANK = re.compile(r"(?:[ \t\r]+|\\\r?\n)+")
_HEREDOC_WORD = re.compile(r"[ \t]*(?:'([^'\n]*)'|\"([^\"\n]*)\"|(\\?[^\s;&|<>()'\"]+))")
_REDIRECT = re.compile(r"(?:\d{0,3}|&|\{\w+\})(?:<<<|<<-|<<|<>|<&|>&|>>|>\||<|>)")


class Reader(Words):
    """Reads one text.

    `emit` is called with every simple command, in order; it may read further texts with the same variables.
    """

    def commands(self, *, closer: str = "") -> None:
        """Read commands until the text ends or `closer` (`)` of a substitution) is reached."""
        text, sink, spend = self.text, self.sink, self.sink.budget.spend
        simple = Simple()
        nested = 0

        def finish(*, piped: bool) -> Simple:
            if simple.words or simple.redirects:
                sink.emit(simple, self.depth, self.windows, pipes=piped)
            elif not piped:
                sink.cut()
            return Simple(piped=piped)

        while self.at < self.end:
            spend()
            blank = _BLANK.match(text, self.at)
            if blank:
                self.at = blank.end()
                continue
            char = text[self.at]
            if char == "\n":
                simple = self._end_line(simple, finish)
            elif char == "#" and not self.windows:
                stop = text.find("\n", self.at)
                self.at = self.end if stop < 0 else stop
            elif char == ";":
                self.at += 1
                simple = finish(piped=False)
            elif char in "|&" and not _REDIRECT.match(text, self.at):
                double = text.startswith(char * 2, self.at)
                self.at += 2 if double or text.startswith("|&", self.at) else 1
                simple = finish(piped=char == "|" and not double)
            elif char == "(":
                nested += self._parenthesis(simple)
            elif char == ")":
                self.at += 1
                if closer == ")" and nested == 0:
                    break
                nested = max(0, nested - 1)
                piped = text[self.at : self.at + 8].lstrip()[:1] == "|" and not text[
                    self.at : self.at + 9
                ].lstrip().startswith("||")
                if simple.words or not piped:
                    simple = finish(piped=False)
                    if piped:
                        sink.rejoin()
            else:
                self._word_or_redirect(simple)
        finish(piped=False)

    def _end_line(self, simple: Simple, finish: Finish) -> Simple:
        self.at, self.resume = max(self.at + 1, self.resume), 0
        if not simple.words and not simple.redirects and simple.piped:
            return simple
        return finish(piped=False)

    def _parenthesis(self, simple: Simple) -> int:
        """An array, a function's `()`, or a subshell; how many levels of subshell it opened."""
        text = self.text
        if simple.words and simple.words[-1].endswith("=") and text[self.at - 1] == "=":
            self.at += 1
            values: list[str] = []
            while self.at < self.end and text[self.at] != ")":
                self.sink.budget.spend()
                if text[self.at] in " \t\r\n" or text[self.at] in ";&|<>(":
                    self.at += 1
                else:
                    values += self.word()
            self.at += 1
            simple.words[-1] += " ".join(values)
            return 0
        closing = _BLANK.match(text, self.at + 1)
        after = closing.end() if closing else self.at + 1
        if simple.words and after < self.end and text[after] == ")":
            self.sink.function(simple.words[-1])
            simple.words.clear()
            self.at = after + 1
            return 0
        self.at += 1
        return 1

    def _word_or_redirect(self, simple: Simple) -> None:
        text = self.text
        redirect = _REDIRECT.match(text, self.at)
        if redirect is None:
            start = self.at
            words = self.word()
            if self.at == start:
                self.at += 1
                return
            simple.words += words
            return
        start = self.at
        self.at = redirect.end()
        operator = redirect[0].lstrip("0123456789").rpartition("}")[2].lstrip("&")
        if text.startswith("(", self.at) and operator in {"<", ">"}:
            self.at += 1
            simple.words.append("/dev/fd/63" + self.sink.substitution(self, process=True))
            return
        if operator in {"<<", "<<-"}:
            word = _HEREDOC_WORD.match(text, self.at)
            if word is None:
                return
            self.at = word.end()
            quoted = word[3] is None or word[3].startswith("\\")
            name = (word[1] or word[2] or word[3] or "").lstrip("\\")
            simple.redirects.append(Redirect(operator="<<", target=self._heredoc(name, quoted=quoted)))
            return
        blank = _BLANK.match(text, self.at)
        if blank:
            self.at = blank.end()
        if text.startswith(("<(", ">("), self.at):
            self.at += 2
            simple.redirects.append(
                Redirect(operator="<<<", target=self.sink.substitution(self, process=True) or UNKNOWN)
            )
            return
        words = self.word()
        simple.redirects.append(
            Redirect(operator=operator, target=" ".join(words) if operator == "<<<" else (words[0] if words else ""))
        )

    def _heredoc(self, end: str, *, quoted: bool) -> str:
        """The text of a here-document that ends at a line `end`; reading goes on behind it once the current line is
        done.
        """
        if not self.resume:
            line_end = self.text.find("\n", self.at)
            self.resume = self.end if line_end < 0 else line_end + 1
        closing = (
            re.compile(r"^[\t ]*" + re.escape(end) + r"[ \t]*\r?$", re.MULTILINE).search(self.text, self.resume)
            if end
            else None
        )
        body = self.text[self.resume : closing.start() if closing else self.end]
        self.resume = min(self.end, closing.end() + 1) if closing else self.end
        if not quoted and ("$" in body or "`" in body):
            return Reader(body, self.sink, depth=self.depth + 1).double(closing="")
        return body


class Finish(Protocol):
    """The type of the function that ends a simple command."""

    def __call__(self, *, piped: bool) -> Simple:
        """Report the command and start the next."""
        raise NotImplementedError

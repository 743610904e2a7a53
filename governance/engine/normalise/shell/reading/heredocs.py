"""Here-documents: their end's word, and where in the text they stand."""

from __future__ import annotations

import re

from governance.engine.normalise.shell.marks import SPLIT
from governance.engine.normalise.shell.reading.words import Words

_BLANKS = re.compile(r"(?:[ \t]|\\\n)+")
_BARE = re.compile(r"[^ \t\n'\"\\;&|<>()]+")


class Heredocs(Words):
    """Reads the here-documents of a text; `resume` is where reading goes on once the current line is done."""

    resume = 0
    waiting = False
    """Whether only the end of the current line is looked for."""
    line_end = -1

    def end_of_line(self) -> int:
        """The place of the line end that ends the current line of commands: none inside of quotes or substitutions."""
        ahead = self.scout(self.at)
        assert isinstance(ahead, Heredocs)
        ahead.waiting = True
        ahead.commands(closer="\n")
        return ahead.at if ahead.line_end < 0 else ahead.line_end

    def heredoc(self, *, tabs: bool) -> str:
        """The text of the here-document whose operator ends at the place; `tabs` takes leading ones away."""
        end, quoted = self._end_word()
        if self.waiting:
            return ""
        if not self.resume:
            self.resume = self.end_of_line() + 1
        text, at = self.text, self.resume
        lines: list[str] = []
        closed = False
        while at < self.end and not closed:
            self.sink.budget.spend()
            stop = at
            while True:
                stop = text.find("\n", stop)
                stop = self.end if stop < 0 else stop
                if quoted or stop >= self.end or _trailing_backslashes(text, at, stop) % 2 == 0:
                    break
                stop += 1
            line = text[at:stop]
            at = stop + 1
            bare = line if quoted else line.replace("\\\n", "")
            if tabs:
                line, bare = line.lstrip("\t"), bare.lstrip("\t")
            if bare == end:
                closed = True
            else:
                lines.append(line)
        if not closed:
            self.sink.lose()
        self.resume = min(at, self.end) if closed else self.end
        body = "".join(line + "\n" for line in lines)
        if not quoted and ("$" in body or "`" in body or "\\" in body):
            return self.inside(body).double(closing="").replace(SPLIT, " ")
        return body

    def _end_word(self) -> tuple[str, bool]:
        """The word after the operator, quotes taken off and nothing expanded, and whether any of it was quoted."""
        text = self.text
        if blank := _BLANKS.match(text, self.at):
            self.at = blank.end()
        start = self.at
        parts: list[str] = []
        quoted = False
        while self.at < self.end:
            run = _BARE.match(text, self.at)
            if run:
                parts.append(run[0])
                self.at = run.end()
                if run[0].endswith("$") and text.startswith(("'", '"', "(", "{"), self.at):
                    # An end that an expansion or `$'…'` spells is compared differently from shell to shell.
                    self.sink.lose()
                continue
            char = text[self.at]
            if char not in "'\"\\":
                break
            self.at += 1
            if char == "\\":
                quoted = quoted or not text.startswith("\n", self.at)
                parts.append(text[self.at : self.at + 1].strip("\n"))
                self.at += 1
                continue
            quoted = True
            if char == "'":
                parts.append(self.single())
                continue
            stop = self.at
            while stop < self.end and text[stop] != '"':
                stop += 2 if text[stop] == "\\" else 1
            if stop >= self.end:
                self.sink.lose()
            parts.append(re.sub(r"\\([\\\"$`])", r"\1", text[self.at : stop]))
            self.at = stop + 1
        if self.at == start or "`" in "".join(parts):
            self.sink.lose()
        return "".join(parts), quoted


def _trailing_backslashes(text: str, start: int, stop: int) -> int:
    count = 0
    while stop - count > start and text[stop - count - 1] == "\\":
        count += 1
    return count

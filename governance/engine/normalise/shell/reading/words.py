"""Words of shell text: quotes, escapes, parameters, substitutions, braces.

Reading stands at a place in a text and goes from left to right; nothing is run. What only running would tell (an
unset variable, the output of a program) becomes `UNKNOWN` inside a word.
Work is counted in steps; what does not end, or cannot be read, is reported to the sink as a lost place.
"""

from __future__ import annotations

import re

from governance.engine.normalise.shell.marks import SPLIT, UNKNOWN
from governance.engine.normalise.shell.reading.cursor import NAME
from governance.engine.normalise.shell.reading.expansions import ansi, braces
from governance.engine.normalise.shell.reading.parameters import Expansions

_PLAIN = re.compile(r"[^ \t\n'\"\\$`;&|<>()]+")
_PLAIN_WINDOWS = re.compile(r"[^\s'\"$`;&|<>()^]+")
_DOUBLE = re.compile(r"[^\"\\$`]+")
_HEREDOC = re.compile(r"[^\\$`]+")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*(?:\[|\+?=)", re.ASCII)


class Words(Expansions):
    """The words at the place that was read up to."""

    def word(self, *, assigns: bool = False) -> list[str]:
        """The word at the current place, expanded; several when an unquoted expansion splits, none when it vanishes.

        Where `assigns`, it may be an assignment, whose value stays whole.
        """
        text, end, spend = self.text, self.end, self.sink.budget.spend
        plain = _PLAIN_WINDOWS if self.windows else _PLAIN
        run = plain.match(text, self.at)
        if run and (run.end() == end or text[run.end()] in " \n;|") and "{" not in run[0]:
            if not (assigns and "[" in run[0]):
                spend()
                self.at = run.end()
                return [run[0]]
        parts: list[str] = []
        curly = quoted = False
        assigned = _ASSIGNED.match(text, self.at) if assigns else None
        if assigned and assigned[0].endswith("["):
            self.at = assigned.end()
            parts += [assigned[0], self.bracketed(), "]"]
            assigned = assigned if text.startswith(("=", "+="), self.at) else None
        while self.at < end:
            spend()
            run = plain.match(text, self.at)
            if run:
                part = run[0]
                curly = curly or "{" in part
                parts.append(part)
                self.at = run.end()
                continue
            char = text[self.at]
            if char == "'" and not (self.windows and parts and parts[-1][-1:].isalpha()):
                self.at += 1
                parts.append(self.single())
                quoted = True
            elif char == '"':
                self.at += 1
                start = self.at
                value = self.double(closing='"')
                parts.append(value)
                quoted = quoted or bool(value) or text[start : self.at] == '"' or "@" not in text[start : self.at]
            elif char == "\\" and not self.windows:
                if text.startswith("\n", self.at + 1):
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
        if assigned:
            return [joined.replace(SPLIT, " ")]
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
                escaped = '$`"\\' if closing else "$`\\"
                parts.append("" if following == "\n" else following if following in escaped else "\\" + following)
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
            self.sink.lose()
        return "".join(parts)

    def backtick(self, *, quoted: bool) -> str:
        """The output of an old-style command substitution."""
        stop = self.at + 1
        while stop < self.end and self.text[stop] != "`":
            stop += 2 if self.text[stop] == "\\" else 1
        inner = re.sub(r"\\([\\`$\"])" if quoted else r"\\([\\`$])", r"\1", self.text[self.at + 1 : stop])
        if stop >= self.end:
            self.sink.lose()
        self.at = stop + 1
        return self.fields(self.sink.substitution(self.inside(inner), closer=""), quoted)

    def dollar(self, *, quoted: bool) -> str:
        """The expansion of what follows a `$`."""
        text = self.text
        following = text[self.at + 1 : self.at + 2]
        if following == "'" and not quoted:
            stop = self.at + 2
            while stop < self.end and text[stop] != "'":
                stop += 2 if text[stop] == "\\" else 1
            if stop >= self.end:
                self.sink.lose()
            value = ansi(text[self.at + 2 : stop])
            self.at = stop + 1
            return value
        if following == '"' and not quoted:
            self.at += 2
            return self.double(closing='"')
        if following == "(":
            return self._parenthesised(quoted=quoted)
        if following == "{":
            return self.parameter(quoted=quoted)
        if following == "[" and not self.windows:
            self.at += 2
            self.bracketed()
            return UNKNOWN
        if self.windows and text[self.at + 1 : self.at + 5].lower() == "env:":
            name = NAME.match(text, self.at + 5)
            if name:
                self.at = name.end()
                return "%" + name[0] + "%"
        name = NAME.match(text, self.at + 1)
        if name:
            self.at = name.end()
            if self.windows and name[0].lower() in {"home", "env"}:
                return "~"
            return self.fields(self.value(name[0]), quoted)
        if following and following in "@*0123456789#?$!-":
            self.at += 2
            if following in "@*":
                return self.listed(self.sink.arguments, quoted, apart=following == "@")
            return self.fields(self.value(following), quoted)
        self.at += 1
        return "$"

    def _parenthesised(self, *, quoted: bool) -> str:
        """`$(…)`, or `$((…))` where the two parentheses close together."""
        text, start = self.text, self.at + 2
        outer = -1
        if text.startswith("(", start) and not self.windows:
            outer = self.matched(start)
            if outer < 0:
                self.sink.lose()
            elif text.startswith("))", outer - 2) and self.matched(start + 1) == outer - 1:
                self.at = outer
                return self.arithmetic(text[start + 1 : outer - 2])
        inner = type(self)(text, self.sink, depth=self.depth + 1, windows=self.windows)
        inner.at = start
        value = self.sink.substitution(inner)
        self.at = inner.at
        if outer >= 0 and outer != inner.at:
            self.sink.lose()
        return self.fields(value, quoted)

"""Variables and arrays: what assignments, declarations and `read` put into them."""

from __future__ import annotations

import re

from governance.engine.normalise.shell.budget import Budget
from governance.engine.normalise.shell.groups import Groups
from governance.engine.normalise.shell.reading.cursor import NAME

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(?:\[[^\]]*\])?(\+?=)(.*)", re.DOTALL)
_KEYWORDS = frozenset("if then else elif do while until ! { coproc done fi esac } begin end".split())


class Assignments(Groups):
    """Remembers what the commands of a text assign."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.functions: set[str] = set()

    def _beginning(self, words: list[str]) -> list[str]:
        """The words of the program itself: keywords and assignments before it are taken off, assignments remembered."""
        at = 0
        while at < len(words):
            word = words[at]
            if word in _KEYWORDS:
                at += 1
            elif word == "function" and at + 1 < len(words):
                self.functions.add(words[at + 1])
                at += 2
            elif word in {"for", "foreach"} and at + 1 < len(words):
                self.variables[words[at + 1]] = " ".join(words[at + 3 :])
                return []
            elif "=" in word and (found := _ASSIGNMENT.match(word)):
                self.variables[found[1]] = (self.variables.get(found[1], "") if found[2] == "+=" else "") + found[3]
                if found[1] in self.arrays and "[" in word.partition("=")[0]:
                    key = word.partition("[")[2].partition("]")[0]
                    self.arrays[found[1]] = self.arrays[found[1]] | {key: found[3]}
                at += 1
            else:
                break
        return words[at:]

    def _fill(self, words: list[str], stdin: str) -> None:
        """`read`: the first line's words into the variables, or the whole text where there is one only."""
        names = [word for word in words if NAME.fullmatch(word)]
        lines = [line for line in stdin.splitlines() if line.strip()]
        if any(re.fullmatch(r"-\w*a", word) for word in words):
            fields = lines[0].split() if lines else []
            self.arrays[names[-1]] = {str(place): field for place, field in enumerate(fields)}
            return
        if len(names) == 1:
            self.variables[names[0]] = stdin.strip()
            self.lines += [(names[0], line) for line in lines] if len(lines) > 1 else []
            return
        fields = stdin.strip().partition("\n")[0].split(None, max(0, len(names) - 1))
        for place, name in enumerate(names):
            self.variables[name] = fields[place] if place < len(fields) else ""

    def _declare(self, name: str, words: list[str]) -> None:
        if name == "set":
            if "--" in words:
                self.arguments = words[words.index("--") + 1 :]
            elif words and not words[0].startswith(("-", "+")):
                self.arguments = words
            return
        for word in words:
            found = _ASSIGNMENT.match(word)
            if found:
                self.variables[found[1]] = found[3]

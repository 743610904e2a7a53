"""Patterns for commands and statements that a policy writes itself: `git push --force`, `curl | sh`, `DROP TABLE
payroll`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from governance.engine.normalise.shell.budget import Budget
from governance.engine.normalise.shell.command import Program
from governance.engine.normalise.shell.commands import Commands, read_commands
from governance.engine.normalise.sql import SqlToken, Statement, read_statements

_SUBCOMMAND = re.compile(r"[a-z0-9][\w:-]*", re.IGNORECASE)
_SKIPPED = frozenset({"if", "exists", "not", "only", "temporary", "temp", "cascade", "restrict", "concurrently"})
_ANY = re.compile(r"[*%]|\*\*")


def _glob(text: str) -> re.Pattern[str]:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in text)
    return re.compile("".join(parts), re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Stage:
    """One program of a pattern: its name, options that must be given, and operands that must follow in this order."""

    name: re.Pattern[str]
    options: frozenset[str]
    operands: tuple[tuple[re.Pattern[str], bool], ...]

    def covers(self, command: Program) -> bool:
        if not self.name.fullmatch(command.name):
            return False
        if not all(command.has(option) or option in command.words for option in self.options):
            return False
        return not self.operands or self._aligned(command)

    def _aligned(self, command: Program) -> bool:
        words = command.words
        at = 0
        for pattern, anchored in self.operands:
            while at < len(words):
                word = words[at]
                at += 1
                if pattern.fullmatch(word):
                    break
                after_option = at >= 2 and words[at - 2].startswith("-")
                if anchored and not word.startswith("-") and not after_option:
                    return False
            else:
                return False
        return True


class CommandPattern:
    """A command pattern: programs joined by `|`, each a glob with the options and operands that must be there.

    Options count in any order and spelling (`-rf` is `-r -f`); operands are globs in order, further ones may follow.
    The first operand, when it reads as a subcommand, must be the command's first.
    """

    __slots__ = ("_stages", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        read = read_commands(text, Budget(2_000))
        stages = [
            command
            for command in read.commands
            if command.written and not any(other.source is command and False for other in read.commands)
        ]
        if not stages or not read.complete:
            raise ValueError("not a command that can be read")
        last = stages[-1]
        chain = [last, *last.sources()]
        self._stages = (
            tuple(self._stage(command) for command in reversed(chain))
            if last.source is not None
            else (self._stage(stages[0]),)
        )

    @staticmethod
    def _stage(command: Program) -> _Stage:
        operands = command.operands()
        return _Stage(
            name=_glob(command.name),
            options=frozenset(command.options()),
            operands=tuple(
                (_glob(word), place == 0 and _SUBCOMMAND.fullmatch(word) is not None)
                for place, word in enumerate(operands)
            ),
        )

    def matches(self, commands: Commands) -> bool:
        """Whether any program that would run, with what feeds it, is the one described."""
        for command in commands.commands:
            if not self._stages[-1].covers(command):
                continue
            wanted = list(self._stages[:-1])
            for source in command.sources():
                if wanted and wanted[-1].covers(source):
                    wanted.pop()
            if not wanted:
                return True
        return False


class StatementPattern:
    """A statement pattern: tokens in order, `*` for any of them; names compare without case, quotes and, if the pattern
    has none, schema.
    """

    __slots__ = ("_tokens", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        read = read_statements(text, Budget(2_000)).found
        if len(read) != 1 or read[0][0].kind not in {"word", "quoted"}:
            raise ValueError("not one statement's beginning")
        self._tokens = tuple(read[0])

    def matches(self, found: Iterable[Statement]) -> bool:
        """Whether any of the statements begins so, or does so in a part of its own (a subquery, a common table
        expression).
        """
        first = self._tokens[0].value
        for statement in found:
            for place, token in enumerate(statement):
                if (
                    token.kind == "word"
                    and token.value == first
                    and (
                        place == 0
                        or statement[place - 1].value
                        in {"(", ")", "begin", "then", "else", "as", "do", "explain", "analyze"}
                    )
                ):
                    if self._begins(statement, place, 0, [4_096]):
                        return True
        return False

    def _begins(self, statement: Statement, at: int, want: int, steps: list[int]) -> bool:
        steps[0] -= 1
        if steps[0] < 0:
            return True
        tokens = self._tokens
        while want < len(tokens):
            wanted = tokens[want]
            if wanted.kind == "operator" and _ANY.fullmatch(wanted.value):
                return want + 1 == len(tokens) or any(
                    self._begins(statement, later, want + 1, steps) for later in range(at, len(statement))
                )
            if at >= len(statement):
                return False
            token = statement[at]
            if token.kind == "word" and token.value in _SKIPPED and wanted.value != token.value:
                at += 1
                continue
            if not self._same(token, wanted):
                qualified = (
                    at + 2 < len(statement)
                    and statement[at + 1].value == "."
                    and token.kind in {"word", "quoted"}
                    and "." not in [each.value for each in tokens]
                )
                if qualified:
                    at += 2
                    continue
                return False
            at, want = at + 1, want + 1
        return True

    @staticmethod
    def _same(token: SqlToken, wanted: SqlToken) -> bool:
        if wanted.kind in {"word", "quoted"}:
            return token.kind in {"word", "quoted"} and token.value == wanted.value
        return token.kind == wanted.kind and token.value == wanted.value

"""What reading reports to, and what it asks: the interpreter, or nobody where only an extent is looked for."""

from __future__ import annotations

from typing import Protocol

from governance.engine.normalise.shell.budget import Budget
from governance.engine.normalise.shell.command import Simple


class Substituted(Protocol):
    """A reader that stands at a substitution's first command."""

    depth: int

    def commands(self, *, closer: str = "") -> None:
        """Read commands up to `closer`."""
        raise NotImplementedError


class Sink:
    """Takes everything and knows nothing; `lost` is whether a reader lost its place.

    `zero` is `$0`; `lines` are the further lines that a `read` would give its variable, each with its name.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.variables: dict[str, str] = {}
        self.arrays: dict[str, dict[str, str]] = {}
        self.arguments: list[str] = []
        self.zero = "bash"
        self.lines: list[tuple[str, str]] = []
        self.lost = False

    def lose(self) -> None:
        """A reader lost its place: what it read from here on may not be what a shell would."""
        self.lost = True

    def emit(self, simple: Simple, depth: int, windows: bool, *, pipes: bool) -> None:
        """A simple command was read; `pipes` when its output goes to the next one."""

    def cut(self) -> None:
        """A pipeline ended without a further command."""

    def enter(self, *, piped: bool, apart: bool) -> None:
        """A group of commands begins; `piped` when it reads what the command before it prints; `apart` when it is a
        process of its own, which changes nothing for those after it.
        """

    def leave(self, *, pipes: bool) -> None:
        """A group of commands ended; `pipes` when its output goes to the next command."""

    def define(self, name: str, body: str) -> None:
        """A function is defined; `body` is empty until it was read to its end."""

    def repeat(self, text: str, depth: int, *, variable: str = "", value: str = "", stdin: str | None = None) -> None:
        """A group runs once more: with another value of a loop's variable, or with text to read."""

    def substitution(self, reader: Substituted, *, closer: str = ")", process: bool = False) -> str:
        """Read a substitution's commands; its output as far as known.

        Of a process substitution, only what it carries if not known.
        """
        reader.commands(closer=closer)
        return ""

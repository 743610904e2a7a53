"""What a blocklist is made of: entries, the hits they make, and why one is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from governance.engine.call import Json

KINDS: Final = ("entity", "host", "network", "command", "sql", "path", "argument")

CODES: Mapping[str, str] = {
    "entity": "block.entity",
    "host": "block.host",
    "network": "block.host",
    "command": "block.action",
    "sql": "block.action",
    "path": "block.action",
    "argument": "block.argument",
    "unreadable": "block.unreadable",
}
"""Kind of the entry that hit → the decision's code, in the order in which one of several is told."""

UNREADABLE: Final = "unreadable"
"""Entry id and kind of a hit on a command or a statement that could not be read to its end.

It is no entry and cannot be switched off; an exemption of this name lets it pass for one tool.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that is denied.

    `pattern` is written in the language of its `kind` (docs/blocklist.md); a shipped command or SQL entry names a check
    instead, `@name`. `pointer` (argument only) is the JSON pointer looked at, None for every key and value. `match` and
    `unmatched` are examples: a string stands for a value of the kind, an object for whole arguments.
    """

    id: str
    kind: str
    pattern: str
    pack: str | None = None
    description: str = ""
    mode: str = "enforce"
    pointer: str | None = None
    match: tuple[Json, ...] = ()
    unmatched: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One entry that matched: its id and kind, the JSON pointer of the argument (`""` for the entity), and whether it
    only reports.
    """

    entry: str
    kind: str
    path: str
    shadow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryProblem:
    """Why an entry cannot be used; `entry` is its id, or its place in the list."""

    entry: str
    message: str


class BlocklistError(ValueError):
    """A blocklist that cannot be compiled; `problems` holds every reason at once."""

    def __init__(self, problems: tuple[EntryProblem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{problem.entry}: {problem.message}" for problem in problems))

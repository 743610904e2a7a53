"""The error family of the policy file: every fault with the place where a person can mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PolicyError:
    """One fault. `line` counts from 1; it is 0, and `file` empty, where the document came from no file.

    `path` reads `rules[3].subjects.roles[0]`; it is empty for a fault of the whole file. `lacks` is the key that should
    stand there where another one demands it, so that a form can tell of it beside the right input.
    """

    file: str = ""
    line: int = 0
    path: str = ""
    message: str
    lacks: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.file else ""
        return ": ".join(part for part in (place, self.path, self.message) if part)


class PolicyErrors(Exception):
    """Everything that is wrong with a policy, in the order of the files."""

    def __init__(self, errors: Iterable[PolicyError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(str(error) for error in self.errors))

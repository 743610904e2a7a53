"""One step of what would make a call pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from governance.engine.asking.trial import Trial
from governance.engine.call import Json
from governance.engine.decision import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change. `fix` says it in a sentence without its full stop.

    `path` says what changes (`principal.departments`), `of` whose it is (a principal, an agent, an entity, a rule) and
    `value` what is added or set there. `rule` is the rule that it is about.
    """

    path: str
    fix: str
    of: str = ""
    value: Json = None
    rule: str | None = None


Tried: TypeAlias = tuple[Step, Callable[[Trial], None] | None]
"""A step, and the same on a trial; None where nobody but the caller can take it, so that nothing can be tried."""

MakeStep: TypeAlias = Callable[[Trial, Decision], Tried]
"""What undoes one denial."""


def named(kind: str, name: str) -> str:
    """An entity in a sentence: `the tool 'files/read'`."""
    return f"the {kind.replace('_', ' ')} '{name}'"

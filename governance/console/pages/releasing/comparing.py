"""Semantic diffs for pages: in words, counted by direction, worked out once for two documents and a directory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from governance.engine.document.policy import PolicyDocument
from governance.policy.diff.moves import Move
from governance.policy.diff.semantic import Change, compare, effect_of, only_tightens
from governance.policy.document.codec import digest
from governance.selectors.directory_now import directory_now
from governance.selectors.kept import Kept

SHOWN = 100
"""Changes that one page lists; how many there are is always said."""
_ORDER = {Move.WIDENS: 0, Move.BOTH: 1, Move.TIGHTENS: 2, Move.NEUTRAL: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDifference:
    """What changes between two documents. `rights` say for whom, `objects` what was written; both the widest first."""

    changes: tuple[Change, ...]

    @property
    def rights(self) -> list[Change]:
        """Who may now do more, or less."""
        return _sorted(change for change in self.changes if not change.object)[:SHOWN]

    @property
    def objects(self) -> list[tuple[str, list[Change]]]:
        """What was written differently, by the object that was."""
        found: dict[str, list[Change]] = {}
        for change in _sorted(change for change in self.changes if change.object)[:SHOWN]:
            found.setdefault(change.object, []).append(change)
        return list(found.items())

    @property
    def left_out(self) -> int:
        """Changes that are not listed."""
        return max(0, self.written - SHOWN) + max(0, len(self.changes) - self.written - SHOWN)

    @property
    def written(self) -> int:
        """How many changes it is: those that were written, not what they mean for whom."""
        return sum(bool(change.object) for change in self.changes)

    @property
    def effect(self) -> str:
        """Which way it moves as a whole."""
        return effect_of(list(self.changes)).value

    @property
    def tightens_only(self) -> bool:
        """Whether it may go out in an emergency."""
        return bool(self.changes) and only_tightens(list(self.changes))

    @property
    def counts(self) -> list[tuple[str, int]]:
        """How many of the written changes move which way."""
        written = [change for change in self.changes if change.object]
        found = [(move.value, sum(change.effect is move for change in written)) for move in _ORDER]
        return [(word, count) for word, count in found if count]


_kept: Kept[tuple[str, str, int, int], PolicyDifference] = Kept(most=8, seconds=60.0)  # rules come into their window


def difference(old: PolicyDocument, new: PolicyDocument) -> PolicyDifference:
    """From one canonical document to another, for the principals that there are now."""
    there = directory_now()
    return _kept.once(
        (digest(old), digest(new), there.revision, there.generation),
        lambda: PolicyDifference(changes=tuple(compare(old, new, directory=there.principals))),
    )


def _sorted(changes: Iterable[Change]) -> list[Change]:
    return sorted(changes, key=lambda change: (_ORDER[change.effect], change.path))

"""Every id of a release by kind, in order, so that a pattern finds the ids it names without trying all of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from governance.engine.pattern import Pattern, expression

_HIGHEST = "\U0010ffff"


class IdDirectory:
    """Ids by kind, case-folded or exact, each with the ids that they stand for."""

    __slots__ = ("_kinds", "_spelled")

    def __init__(self, ids: Iterable[tuple[str, str]], *, fold: bool) -> None:
        spelled: dict[str, dict[str, list[str]]] = {}
        for kind, id in ids:
            spelled.setdefault(kind, {}).setdefault(id.casefold() if fold else id, []).append(id)
        self._spelled = spelled
        self._kinds = {kind: sorted(found) for kind, found in spelled.items()}

    def matching(self, pattern: Pattern) -> Iterator[tuple[str, str]]:
        """(kind, id) of what the pattern itself names; a server's tools are the caller's business."""
        for kind in (pattern.kind,) if pattern.kind is not None else tuple(self._kinds):
            spelled = self._spelled.get(kind)
            if spelled is None:
                continue
            if pattern.literal:
                for id in spelled.get(pattern.glob, ()):
                    yield kind, id
                continue
            ordered = self._kinds[kind]
            start = bisect_left(ordered, pattern.prefix)
            end = bisect_left(ordered, pattern.prefix + _HIGHEST, start)
            if pattern.glob == pattern.prefix + "**":
                named = ordered[start:end]
            else:
                match = expression(pattern.glob).fullmatch
                named = [id for id in ordered[start:end] if match(id) is not None]
            for folded in named:
                for id in spelled[folded]:
                    yield kind, id

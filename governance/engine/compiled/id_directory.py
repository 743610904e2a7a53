"""Every id of a release by kind, in order, so that a pattern finds the ids it names without trying all of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from governance.engine.compiled.pattern import Pattern, expression, line_expression

_HIGHEST = "\U0010ffff"


def _named(glob: str, ids: list[str]) -> list[str]:
    whole = line_expression(glob)
    if whole is not None:
        return whole.findall("\n".join(ids))
    match = expression(glob).fullmatch
    return [id for id in ids if match(id) is not None]


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
                named = _named(pattern.glob, ordered[start:end])
            for folded in named:
                for id in spelled[folded]:
                    yield kind, id

"""Rules by the entity and then by the subject they name, so that a call meets only rules that could mean it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from governance.engine.compiled.pattern import Pattern
from governance.engine.compiled.rule import Rule

Bucket: TypeAlias = dict[str, list[Rule]]
"""Rules by subject key."""


class RuleIndex:
    """The rules of one family: those that restrict (case-folded) or those that grant (exact).

    A literal pattern is found by its id, a glob by its literal prefix: a lookup costs one step for each length that a
    prefix has, however many rules there are.
    """

    __slots__ = ("_exact", "_globs", "_lengths", "_seen", "fold", "subjects")

    def __init__(self, *, fold: bool) -> None:
        self.fold = fold
        self.subjects: Bucket = {}
        self._exact: dict[tuple[str, str], Bucket] = {}
        self._globs: dict[str, dict[str, list[tuple[Pattern, Bucket]]]] = {}
        self._lengths: dict[str, tuple[int, ...]] = {}
        self._seen: dict[tuple[str, str], Bucket] = {}

    def add(self, rule: Rule) -> None:
        """Post a rule under each of its patterns and subject keys."""
        keys = rule.subjects.keys()
        for key in keys:
            self.subjects.setdefault(key, []).append(rule)
        for pattern in rule.patterns:
            bucket = self._bucket(pattern)
            for key in keys:
                bucket.setdefault(key, []).append(rule)

    def _bucket(self, pattern: Pattern) -> Bucket:
        kind = pattern.kind or ""
        if pattern.literal:
            return self._exact.setdefault((kind, pattern.glob), {})
        known = self._seen.get((kind, pattern.glob))
        if known is None:
            known = self._seen[kind, pattern.glob] = {}
            self._globs.setdefault(kind, {}).setdefault(pattern.prefix, []).append((pattern, known))
            self._lengths[kind] = tuple(sorted({len(prefix) for prefix in self._globs[kind]}))
        return known

    def buckets(self, kind: str, entity: str) -> list[Bucket]:
        """Every bucket whose pattern matches this entity; for a tool also what covers its server's tools."""
        entity = entity.casefold() if self.fold else entity
        found = [*self._of(kind, entity), *self._of("", entity)]
        if kind == "tool":
            found += self._of("server", entity.partition("/")[0])
        return found

    def _of(self, kind: str, entity: str) -> Iterator[Bucket]:
        exact = self._exact.get((kind, entity))
        if exact is not None:
            yield exact
        globs = self._globs.get(kind)
        if globs is not None:
            for length in self._lengths[kind]:
                if length > len(entity):
                    break
                for pattern, bucket in globs.get(entity[:length], ()):
                    if pattern.names(entity):
                        yield bucket


def distinct(buckets: Iterable[Bucket]) -> tuple[Bucket, ...]:
    """The buckets without repeats, in order."""
    return tuple({id(bucket): bucket for bucket in buckets}.values())


def candidates(buckets: Iterable[Bucket], keys: tuple[str, ...]) -> list[Rule]:
    """The rules of these buckets under any of these subject keys, by id and without repeats."""
    found: dict[int, Rule] = {}
    for bucket in buckets:
        for key in keys:
            rules = bucket.get(key)
            if rules is not None:
                for rule in rules:
                    found[rule.order] = rule
    if len(found) < 2:
        return list(found.values())
    return [found[order] for order in sorted(found)]

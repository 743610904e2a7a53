"""How far a rule reaches, and whether one reaches as far as another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from governance.engine.call import EntityKind
from governance.engine.document.rules import ParameterFields, RuleFields, SubjectFields
from governance.engine.principal import TIERS
from governance.policy.document.entity_patterns import parse_selector

SetWord: TypeAlias = Literal["users", "groups", "roles", "departments", "agents"]
SETS: tuple[SetWord, ...] = ("users", "groups", "roles", "departments", "agents")
Entities = Sequence[tuple[EntityKind, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A rule's subjects and entities made comparable. `entities` has a bit for each of those it was made with.

    `tiers` are the tiers that its subjects admit, or None for every one.
    """

    subjects: Mapping[str, frozenset[str]]
    tiers: frozenset[int] | None
    excepted: SubjectFields
    entities: int
    condition: str | None
    parameters: ParameterFields
    valid_from: str
    valid_until: str

    @property
    def unconditional(self) -> bool:
        """Whether it holds for every call of its subjects to its entities, at any time."""
        return self.condition is None and not self.parameters and not self.valid_from and self.valid_until == FOREVER

    def within(self, other: Reach) -> bool:
        """Whether every call that this one matches, the other matches too. False where it cannot be told."""
        return (
            self.entities & ~other.entities == 0
            and subjects_within(self, other)
            and (not other.excepted or other.excepted == self.excepted)
            and (other.condition is None or other.condition == self.condition)
            and (not other.parameters or other.parameters == self.parameters)
            and other.valid_from <= self.valid_from
            and self.valid_until <= other.valid_until
        )


FOREVER = "9999"
"""Sorts after every canonical timestamp."""


def reach(rule: RuleFields, entities: Entities) -> Reach:
    """The reach of a rule over these entities; deny and ask match case-folded, as in the engine."""
    subjects = rule["subjects"]
    return Reach(
        subjects={key: frozenset(subjects[key]) for key in SETS if key in subjects},
        tiers=_tiers(subjects),
        excepted=rule.get("except", {}),
        entities=covered_bits(rule["entities"], entities, fold=rule["effect"] != "allow"),
        condition=rule.get("when"),
        parameters=rule.get("parameters", {}),
        valid_from=rule.get("valid_from", ""),
        valid_until=rule.get("valid_until", FOREVER),
    )


def covered_bits(selectors: Sequence[str], entities: Entities, *, fold: bool) -> int:
    """Which of the entities any of the selectors covers, one bit each."""
    patterns = [parse_selector(text, fold=fold) for text in selectors]
    bits = 0
    for place, (kind, name) in enumerate(entities):
        spelled = name.casefold() if fold else name
        if any(pattern.matches(kind, spelled) for pattern in patterns):
            bits |= 1 << place
    return bits


def subjects_within(inner: Reach, outer: Reach) -> bool:
    """Whether everybody whom `inner` names, `outer` names too."""
    for key, allowed in outer.subjects.items():
        named = inner.subjects.get(key)
        if named is None or not named <= allowed:
            return False
    return outer.tiers is None or (inner.tiers is not None and inner.tiers <= outer.tiers)


def _tiers(subjects: SubjectFields) -> frozenset[int] | None:
    exact = frozenset(int(TIERS[word]) for word in subjects["tiers"]) if "tiers" in subjects else None
    if "min_tier" not in subjects:
        return exact
    above = frozenset(int(tier) for tier in TIERS.values() if tier >= TIERS[subjects["min_tier"]])
    return above if exact is None else exact & above


def who(subjects: SubjectFields) -> str:
    """Whom subjects name, in words: `holders of analyst in finance`."""
    parts = [
        words.format(" or ".join(named))
        for named, words in (
            (subjects.get("users"), "{}"),
            (subjects.get("roles"), "holders of {}"),
            (subjects.get("groups"), "members of {}"),
            (subjects.get("departments"), "in {}"),
            (subjects.get("tiers"), "of tier {}"),
        )
        if named is not None
    ]
    if "min_tier" in subjects:
        parts.append(f"of tier {subjects['min_tier']} or above")
    if not parts:
        parts.append("everyone")
    if "agents" in subjects:
        parts.append(f"through {' or '.join(subjects['agents'])}")
    return " ".join(parts)

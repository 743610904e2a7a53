"""One compiled rule: whose calls it is about, on which entities, when."""

from __future__ import annotations

from dataclasses import dataclass, field

from governance.engine.compiled.parameters import Parameters
from governance.engine.compiled.pattern import Pattern
from governance.engine.conditions.condition import Condition
from governance.engine.decision import Effect
from governance.engine.document.rules import ApprovalFields, SubjectFields
from governance.engine.principal import TIERS, Principal

EVERYONE = "*"
"""The subject key that every caller has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """Whose calls: within a kind or, across kinds and. A kind that is None does not count.

    People kinds are read from the principal, `agents` from the agent. Tiers are those of `Tier`.
    """

    users: frozenset[str] | None = None
    groups: frozenset[str] | None = None
    roles: frozenset[str] | None = None
    departments: frozenset[str] | None = None
    tiers: frozenset[int] | None = None
    agents: frozenset[str] | None = None
    everyone: bool = False

    @classmethod
    def parse(cls, document: SubjectFields) -> Subjects:
        """Subjects from their policy file entry; `min_tier` becomes the tiers that it admits."""

        def ids(named: list[str] | None) -> frozenset[str] | None:
            return None if named is None else frozenset(named)

        tiers = frozenset(int(TIERS[word]) for word in document["tiers"]) if "tiers" in document else None
        if "min_tier" in document:
            least = TIERS[document["min_tier"]]
            above = frozenset(int(tier) for tier in TIERS.values() if tier >= least)
            tiers = above if tiers is None else tiers & above
        return cls(
            users=ids(document.get("users")),
            groups=ids(document.get("groups")),
            roles=ids(document.get("roles")),
            departments=ids(document.get("departments")),
            tiers=tiers,
            agents=ids(document.get("agents")),
            everyone=document.get("everyone") is True,
        )

    @property
    def people(self) -> bool:
        """Whether they name at least one people kind; `everyone` counts."""
        return self.everyone or not (
            self.users is None
            and self.groups is None
            and self.roles is None
            and self.departments is None
            and self.tiers is None
        )

    def names(self, principal: Principal, roles: frozenset[str], tier: int) -> bool:
        """Whether the people kinds hold for the principal, with these of its roles, at this tier."""
        return (
            (self.users is None or principal.id in self.users)
            and (self.tiers is None or tier in self.tiers)
            and (self.roles is None or not self.roles.isdisjoint(roles))
            and (self.departments is None or not self.departments.isdisjoint(principal.departments))
            and (self.groups is None or not self.groups.isdisjoint(principal.groups))
        )

    def keys(self) -> tuple[str, ...]:
        """The subject keys of the most selective kind: a caller that has none of them cannot be meant."""
        for prefix, ids in (
            ("u:", self.users),
            ("a:", self.agents),
            ("g:", self.groups),
            ("r:", self.roles),
            ("d:", self.departments),
        ):
            if ids is not None:
                return tuple(prefix + one for one in sorted(ids))
        if self.tiers is not None:
            return tuple(f"t:{tier}" for tier in sorted(self.tiers))
        return (EVERYONE,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """One rule of a release. Times are epoch seconds; `order` is its place among the rules by id.

    `conditional` says that it depends on a call's arguments.
    """

    id: str
    order: int
    effect: Effect
    subjects: Subjects
    excepted: Subjects | None
    patterns: tuple[Pattern, ...]
    shadow: bool = False
    valid_from: float = float("-inf")
    valid_until: float = float("inf")
    condition: Condition | None = None
    parameters: Parameters | None = None
    approval: ApprovalFields = field(default_factory=ApprovalFields)
    skip_client_prompt: bool = False
    conditional: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "conditional", self.condition is not None or self.parameters is not None)

    def in_force(self, now: float) -> bool:
        """Whether `now` lies in its validity window: from inclusive, until exclusive."""
        return self.valid_from <= now < self.valid_until

"""Entities and agents' bounds as a release holds them."""

from __future__ import annotations

from dataclasses import dataclass, field

from governance.engine.compiled.defaults import RATE_CLASS
from governance.engine.compiled.pattern import Pattern
from governance.engine.conditions.argument_schema import ArgumentSchema

SENSITIVITIES: tuple[str, ...] = ("public", "internal", "confidential", "restricted")
"""From the least to the most sensitive; the engine compares places in this tuple."""

INTERNAL = SENSITIVITIES.index("internal")
CONFIDENTIAL = SENSITIVITIES.index("confidential")
RESTRICTED = SENSITIVITIES.index("restricted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The boundaries of an entity. Many entities share one, so that a surface weighs each only once.

    `threshold` is the lowest tier that satisfies any of the scopes; None in `departments` and `kinds` means no
    boundary; `sensitivity` is a place in SENSITIVITIES.
    """

    enabled: bool
    threshold: int
    departments: frozenset[str] | None
    kinds: frozenset[str] | None
    sensitivity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One entity: its boundaries, and what a decision and its record need of it.

    `name` is its own name (a tool's last segment); `server` the server it belongs to, or itself for a server.
    """

    kind: str
    id: str
    name: str
    profile: Profile
    server: str | None = None
    default_allow: bool = False
    rate_class: str = RATE_CLASS
    capture: str = "redacted"
    scopes: tuple[str, ...] = ("user",)
    data_sources: tuple[str, ...] = ()
    schema: ArgumentSchema | None = None
    audience: str | None = None
    agent_required: bool = True
    title: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What an agent may at most do for whoever it acts for.

    `entities`, `departments` and `max_sensitivity` are None where the policy sets no bound; unset departments mean
    the owner's, which only the directory knows.
    """

    id: str
    owner: str | None
    tier: int
    enabled: bool
    departments: frozenset[str] | None = None
    entities: tuple[Pattern, ...] | None = None
    max_sensitivity: int | None = None
    within: dict[tuple[str, str], bool] = field(default_factory=dict, compare=False, repr=False)

    def covers(self, entity: Entity) -> bool:
        """Whether the agent may use this entity at all. Remembered: the entities of a release are finite."""
        if self.entities is None:
            return True
        key = (entity.kind, entity.id)
        known = self.within.get(key)
        if known is None:
            known = any(pattern.matches(entity.kind, entity.id) for pattern in self.entities)
            self.within[key] = known
        return known

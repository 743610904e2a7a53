"""A release, compiled: what the engine decides from, immutable and indexed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from governance.engine.call import Call, EntityKind, Json
from governance.engine.compiled.defaults import RATE_CLASS
from governance.engine.compiled.entity import CONFIDENTIAL, SENSITIVITIES, Bound, Entity
from governance.engine.compiled.exemption import Exemption
from governance.engine.compiled.hook_matching import HookEntry
from governance.engine.compiled.id_directory import IdDirectory
from governance.engine.compiled.index import Bucket, RuleIndex, distinct
from governance.engine.compiled.rule import Rule
from governance.engine.compiled.standing import Standing, stand
from governance.engine.detection.finding import Scan
from governance.engine.document.policy import PolicyDocument
from governance.engine.principal import Caller, Directory, DirectoryEntry

MAX_STANDINGS = 4_096
"""Standings kept; they are dropped together when there are more."""

MAX_FOREIGN_PLANS = 4_096
"""Plans kept for sets of data sources that arguments touched; they are dropped together when there are more."""


class ScannerLike(Protocol):
    """What layer 2 needs of a compiled scanner."""

    def scan(self, value: Any) -> Scan: ...


class HitLike(Protocol):
    """What layer 3 needs of a hit."""

    @property
    def entry(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def shadow(self) -> bool: ...


class BlocklistLike(Protocol):
    """What layer 3 needs of a compiled blocklist."""

    def match(self, kind: str, entity: str, arguments: Mapping[str, Any]) -> tuple[Any, ...]: ...


class SourcesLike(Protocol):
    """What layer 1 needs of compiled data source patterns."""

    def match(self, arguments: Mapping[str, Any]) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineKeys:
    """What a compilation needs that is no policy.

    `fingerprint` keys the fingerprints of findings; `canaries` are values by secret name; `issuer` is the base of
    default audiences.
    """

    fingerprint: bytes
    issuer: str = ""
    canaries: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Budgets of layer 4 and of the edge.

    `rates` are tokens a second by (rate class, rate tier). A bucket holds so many seconds' worth as `burst_multipliers`
    say of its class, else `burst_multiplier`.
    """

    disabled: bool
    burst_multiplier: float
    rates: Mapping[tuple[str, str], float]
    session_calls: int
    session_window: float
    burst_multipliers: Mapping[str, float] = field(default_factory=dict)

    def bucket(self, rate_class: str, tier: str, ceiling: str | None = None) -> tuple[float, float]:
        """Tokens a second, and how many a bucket of this class and tier holds; an unknown class counts as mcp.

        `ceiling` is the rate tier that `tier` was lowered from: the rate is never above that one's.
        """
        if (rate_class, tier) not in self.rates:
            rate_class = RATE_CLASS
        rate = self.rates[rate_class, tier]
        if ceiling is not None:
            rate = min(rate, self.rates[rate_class, ceiling])
        return rate, rate * self.burst_multipliers.get(rate_class, self.burst_multiplier)


class Plan(NamedTuple):
    """Everything static about a call to one entity touching certain data sources.

    `touched` starts with the entity itself; `restricting` holds the buckets of all of them, `owning` for the entity
    and each touched data source from confidential up the entity and its granting buckets.
    """

    entity: Entity
    touched: tuple[Entity, ...]
    restricting: tuple[Bucket, ...]
    owning: tuple[tuple[Entity, tuple[Bucket, ...]], ...]
    sensitivity: int
    facts: Mapping[str, Json]
    variables: Mapping[str, Json]


class RememberedStanding(NamedTuple):
    """A standing and what it was worked out from."""

    caller: Caller
    owners: tuple[tuple[str, DirectoryEntry | None], ...]
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """One release. Made by `compile_snapshot`; nothing in it changes afterwards but what it remembers of itself."""

    release: int
    digest: str
    entities: Mapping[tuple[str, str], Entity]
    ordered: tuple[Entity, ...]
    bounds: dict[str, Bound]
    roles: dict[str, tuple[int, int]]
    rules: tuple[Rule, ...]
    restricting: RuleIndex
    granting: RuleIndex
    scanner: ScannerLike
    blocklist: BlocklistLike
    sources: SourcesLike | None
    exemptions: Mapping[str, tuple[Exemption, ...]]
    shadow_until: Mapping[str, float]
    limits: Limits
    hooks: tuple[HookEntry, ...]
    stale_after: float
    stale_after_restricted: float
    document: PolicyDocument
    issuer: str
    exact_ids: IdDirectory
    folded_ids: IdDirectory
    plans: dict[tuple[str, str], Plan] = field(default_factory=dict, repr=False)
    foreign: dict[tuple[str, str, tuple[str, ...]], Plan] = field(default_factory=dict, repr=False)
    standings: dict[tuple[int, str | None], RememberedStanding] = field(default_factory=dict, repr=False)

    def standing(self, caller: Caller, label: str | None, directory: Directory) -> Standing:
        """The caller's standing. Remembered for as long as its Caller lives in a token cache and is the same object.

        An agent's owner may change at any time, so what the directory says of owners is compared each time.
        """
        known = self.standings.get((id(caller), label))
        if known is not None and known.caller is caller:
            for owner, entry in known.owners:
                if directory.get(owner) is not entry:
                    break
            else:
                return known.standing
        standing = stand(caller, label, self.bounds, self.roles, directory)
        if len(self.standings) >= MAX_STANDINGS:
            self.standings.clear()
        owners = tuple(
            (agent.bound.owner, directory.get(agent.bound.owner))
            for agent in standing.agents
            if agent.bound.owner is not None
        )
        self.standings[(id(caller), label)] = RememberedStanding(caller, owners, standing)
        return standing

    def entity(self, kind: str, id: str) -> Entity | None:
        """The entity, exactly as it is spelled, or None."""
        return self.entities.get((kind, id))

    def plan(self, entity: Entity, extra: tuple[str, ...] = ()) -> Plan:
        """The plan of a call to this entity that touches these data sources beside those that it declares.

        `extra` holds known ids only, sorted.
        """
        key = (entity.kind, entity.id)
        if not extra:
            plan = self.plans.get(key)
            if plan is None:
                plan = self.plans[key] = self._plan(entity, entity.data_sources)
            return plan
        foreign = self.foreign.get((*key, extra))
        if foreign is None:
            if len(self.foreign) >= MAX_FOREIGN_PLANS:
                self.foreign.clear()
            foreign = self._plan(entity, tuple(sorted({*entity.data_sources, *extra})))
            self.foreign[(*key, extra)] = foreign
        return foreign

    def _plan(self, entity: Entity, sources: tuple[str, ...]) -> Plan:
        touched = tuple(self._touched(entity, sources))
        guarded = (one for one in touched[1:] if one.kind == EntityKind.DATA_SOURCE)
        own = [entity, *(one for one in guarded if one.profile.sensitivity >= CONFIDENTIAL)]
        variables: dict[str, Json] = {
            "kind": entity.kind,
            "name": entity.name,
            "sensitivity": SENSITIVITIES[entity.profile.sensitivity],
            "data_sources": list(sources),
        }
        if entity.server is not None:
            variables["server"] = entity.server
        highest = max(one.profile.sensitivity for one in touched)
        return Plan(
            entity=entity,
            touched=touched,
            restricting=distinct(bucket for one in touched for bucket in self.restricting.buckets(one.kind, one.id)),
            owning=tuple((one, distinct(self.granting.buckets(one.kind, one.id))) for one in own),
            sensitivity=highest,
            facts={
                "kind": entity.kind,
                "id": entity.id,
                "server": entity.server,
                "sensitivity": SENSITIVITIES[highest],
                "data_sources": list(sources),
                "rate_class": entity.rate_class,
                "capture": entity.capture,
            },
            variables=variables,
        )

    def _touched(self, entity: Entity, sources: tuple[str, ...]) -> Iterator[Entity]:
        yield entity
        if entity.kind == EntityKind.TOOL and entity.server is not None:
            yield self.entities["server", entity.server]
        for source in sources:
            yield self.entities["data_source", source]

    def ids(self, fold: bool) -> IdDirectory:
        """Every id of the release, case-folded or exact."""
        return self.folded_ids if fold else self.exact_ids

    def touched_sources(self, call: Call) -> frozenset[str]:
        """Data sources that the arguments match; those that the caller names are not among them."""
        if self.sources is None or not call.arguments:
            return frozenset()
        return self.sources.match(call.arguments)

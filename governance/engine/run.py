"""One call on its way through the layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from governance.engine.call import Call, EntityKind, Json
from governance.engine.decision import LAYERS, Decision, Detail, Effect, LayerResult, Obligation, Outcome
from governance.engine.entity import SENSITIVITIES
from governance.engine.principal import Caller
from governance.engine.rule import Rule
from governance.engine.snapshot import Plan, Snapshot
from governance.engine.standing import Standing, stand
from governance.engine.world import World

_NOTHING: Mapping[str, Json] = {}
_SKIPPED = {layer: LayerResult(layer=layer, outcome=Outcome.SKIPPED, evidence=_NOTHING) for layer in LAYERS}


class Stop(NamedTuple):
    """A layer's last word: a deny, or an ask by the approval layer. `reason` is safe to tell the agent."""

    layer: str
    code: str
    reason: str
    effect: Effect = Effect.DENY
    rule: str | None = None
    detail: Detail | None = None
    masked: bool = False
    retry_after_ms: int | None = None


class Run:
    """What the layers read and what they note, for one call."""

    __slots__ = (
        "allows",
        "approvals",
        "asks",
        "call",
        "caller",
        "clock",
        "evidence",
        "exemptions",
        "matched",
        "now",
        "obligations",
        "outgoing",
        "plan",
        "redacted",
        "shadow_failed",
        "shadowed",
        "snapshot",
        "spent",
        "standing",
        "started",
        "strangers",
        "world",
    )

    def __init__(
        self, snapshot: Snapshot, world: World, caller: Caller, call: Call, now: float, clock: Callable[[], int]
    ) -> None:
        self.snapshot, self.world, self.caller, self.call = snapshot, world, caller, call
        self.now, self.clock = now, clock
        self.outgoing = call
        self.standing: Standing | None = None
        self.plan: Plan | None = None
        self.strangers: tuple[str, ...] = ()
        self.asks: dict[str, None] = {}
        self.approvals: dict[str, Mapping[str, Json]] = {}
        self.allows: tuple[Rule, ...] = ()
        self.matched: dict[str, None] = {}
        self.shadowed: dict[str, None] = {}
        self.exemptions: dict[str, None] = {}
        self.obligations: list[Obligation] = []
        self.redacted: dict[str, None] = {}
        self.evidence: dict[str, dict[str, Json]] = {}
        self.shadow_failed: set[str] = set()
        self.spent: dict[str, int] = {}
        self.started = ""

    def resolve(self) -> None:
        """Find out who asks and what is touched. Data sources that the caller names and nobody knows are strangers."""
        snapshot, call = self.snapshot, self.call
        self.standing = stand(self.caller, call.labels.agent_id, snapshot.bounds, snapshot.roles, self.world.directory)
        entity = snapshot.entities.get((call.kind, call.entity))
        if entity is None:
            self.plan = None
            return
        extra: set[str] = set()
        if call.kind is EntityKind.TOOL:
            extra.update(snapshot.touched_sources(call))
            extra.update(call.data_sources)
        if not extra:
            self.plan = snapshot.plan(entity)
            return
        known = {source for source in extra if ("data_source", source) in snapshot.entities}
        self.strangers = tuple(sorted(extra - known))
        self.plan = snapshot.plan(entity, tuple(sorted(known.difference(entity.data_sources))))

    def note(self, layer: str, key: str, value: Json) -> None:
        """Add to a layer's evidence, which goes to the record and to staff."""
        self.evidence.setdefault(layer, {})[key] = value

    @property
    def sensitivity(self) -> str:
        """The highest level that the call touches."""
        return SENSITIVITIES[self.plan.sensitivity] if self.plan is not None else "internal"

    def decision(self, stop: Stop | None) -> Decision:
        """The decision: what stopped the call, or an allow. Holds a result of every layer."""
        snapshot = self.snapshot
        allowed = stop is None
        rule = stop.rule if stop is not None else (self.allows[0].id if self.allows else None)
        return Decision(
            effect=Effect.ALLOW if stop is None else stop.effect,
            layer=None if stop is None else stop.layer,
            code=None if stop is None else stop.code,
            reason="" if stop is None else stop.reason,
            detail=None if stop is None else stop.detail,
            layers=self._layers(stop),
            obligations=tuple(self.obligations) if allowed else (),
            rule=rule,
            masked=stop is not None and stop.masked,
            matched=tuple(self.matched),
            shadowed=tuple(self.shadowed),
            asks=tuple(sorted(self.asks)),
            exemptions=tuple(self.exemptions),
            retry_after_ms=None if stop is None else stop.retry_after_ms,
            release=snapshot.release,
            digest=snapshot.digest,
            entity=self.plan.facts if self.plan is not None else _NOTHING,
            skip_client_prompt=allowed and any(rule.skip_client_prompt for rule in self.allows),
        )

    def _layers(self, stop: Stop | None) -> tuple[LayerResult, ...]:
        results = []
        for layer in LAYERS:
            spent = self.spent.get(layer)
            if stop is not None and stop.layer == layer:
                outcome = Outcome.FAIL
            elif spent is None:
                results.append(_SKIPPED[layer])
                continue
            elif layer in self.shadow_failed:
                outcome = Outcome.SHADOW_FAIL
            else:
                outcome = Outcome.PASS
            results.append(
                LayerResult(layer=layer, outcome=outcome, nanos=spent or 0, evidence=self.evidence.get(layer, _NOTHING))
            )
        return tuple(results)

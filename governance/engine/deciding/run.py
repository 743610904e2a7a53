"""One call on its way through the layers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from governance.engine.call import Call, EntityKind, Json
from governance.engine.compiled.entity import SENSITIVITIES
from governance.engine.compiled.rule import Rule
from governance.engine.compiled.snapshot import Plan, Snapshot
from governance.engine.compiled.standing import Standing
from governance.engine.decision import LAYERS, NOTHING, Decision, Detail, Effect, LayerResult, Obligation, Outcome
from governance.engine.detection.finding import Scan
from governance.engine.document.rules import ApprovalFields
from governance.engine.need import Hook
from governance.engine.principal import Caller
from governance.engine.world import World

_result: Callable[[tuple[object, ...]], LayerResult] = partial(tuple.__new__, LayerResult)  # half the time of its call
_SKIPPED = {layer: LayerResult(layer, Outcome.SKIPPED) for layer in LAYERS}
_PASS, _FAIL, _SHADOW_FAIL = Outcome.PASS, Outcome.FAIL, Outcome.SHADOW_FAIL


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
        "entered",
        "evidence",
        "exemptions",
        "firing",
        "matched",
        "now",
        "obligations",
        "outgoing",
        "plan",
        "redacted",
        "scan",
        "shadow_failed",
        "shadowed",
        "snapshot",
        "spent",
        "standing",
        "since",
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
        self.approvals: dict[str, ApprovalFields] = {}
        self.allows: tuple[Rule, ...] = ()
        self.matched: dict[str, None] = {}
        self.shadowed: dict[str, None] = {}
        self.exemptions: dict[str, None] = {}
        self.firing: tuple[Hook, ...] = ()
        self.obligations: list[Obligation] = []
        self.redacted: dict[str, None] = {}
        self.scan: Scan | None = None
        self.evidence: dict[str, dict[str, Json]] = {}
        self.shadow_failed: set[str] = set()
        self.spent: dict[str, int] = {}
        self.entered = ""
        self.since = 0

    def enter(self, layer: str) -> None:
        """A layer begins."""
        self.entered = layer
        self.since = self.clock()

    def leave(self) -> None:
        """The layer that was entered ends; the time of one that runs twice adds up."""
        spent, layer = self.spent, self.entered
        spent[layer] = spent.get(layer, 0) + self.clock() - self.since

    def resolve(self) -> None:
        """Find out who asks and what is touched. Data sources that the caller names and nobody knows are strangers."""
        snapshot, call = self.snapshot, self.call
        self.standing = snapshot.standing(self.caller, call.labels.agent_id, self.world.directory)
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
        allows = self.allows
        if stop is None:
            return Decision(
                effect=Effect.ALLOW,
                layers=self._layers(""),
                obligations=tuple(self.obligations) if self.obligations else (),
                rule=allows[0].id if allows else None,
                matched=tuple(self.matched),
                shadowed=tuple(self.shadowed) if self.shadowed else (),
                asks=tuple(sorted(self.asks)) if self.asks else (),
                exemptions=tuple(self.exemptions) if self.exemptions else (),
                release=snapshot.release,
                digest=snapshot.digest,
                entity=self.plan.facts if self.plan is not None else NOTHING,
                skip_client_prompt=any(rule.skip_client_prompt for rule in allows),
                scan=self.scan,
            )
        return Decision(
            effect=stop.effect,
            layer=stop.layer,
            code=stop.code,
            reason=stop.reason,
            detail=stop.detail,
            layers=self._layers(stop.layer),
            rule=stop.rule,
            masked=stop.masked,
            matched=tuple(self.matched),
            shadowed=tuple(self.shadowed),
            asks=tuple(sorted(self.asks)),
            exemptions=tuple(self.exemptions),
            retry_after_ms=stop.retry_after_ms,
            release=snapshot.release,
            digest=snapshot.digest,
            entity=self.plan.facts if self.plan is not None else NOTHING,
            scan=self.scan,
        )

    def _layers(self, stopped: str) -> tuple[LayerResult, ...]:
        """All seven results: nanoseconds of the layers that ran, which one stopped the call, which failed in shadow."""
        spent, evidence, shadow_failed = self.spent, self.evidence, self.shadow_failed
        if not (stopped or evidence or shadow_failed) and tuple(spent) == LAYERS:  # most calls
            return tuple([_result((layer, _PASS, nanos, NOTHING)) for layer, nanos in spent.items()])
        results = []
        for layer in LAYERS:
            nanos = spent.get(layer)
            if nanos is None:
                results.append(_SKIPPED[layer])
            else:
                outcome = _FAIL if layer == stopped else _SHADOW_FAIL if layer in shadow_failed else _PASS
                results.append(_result((layer, outcome, nanos, evidence.get(layer, NOTHING))))
        return tuple(results)

"""What an agent is told: the decision with everything outside its surface made like the non-existent."""

from __future__ import annotations

from dataclasses import replace

from governance.engine.decision import LAYERS, Decision, Effect, LayerResult, Outcome

UNKNOWN_REASON = "There is no such entity."

_UNKNOWN_LAYERS = tuple(
    LayerResult(layer=layer, outcome=outcome)
    for layer, outcome in zip(LAYERS, (Outcome.PASS, Outcome.FAIL, *[Outcome.SKIPPED] * 5), strict=True)
)


def public(decision: Decision) -> Decision:
    """The decision as its caller may see it.

    Outside the caller's surface every field that a door shows is that of an entity that does not exist: no
    rule, no detail, no time, no shadow finding. Inside it layers lose times, evidence and shadow outcomes, and
    only scope and rule denials keep their detail; what staff see is the decision itself.
    """
    if decision.masked:
        return Decision(
            effect=Effect.DENY,
            layer="scope",
            code="entity.unknown",
            reason=UNKNOWN_REASON,
            layers=_UNKNOWN_LAYERS,
            release=decision.release,
            digest=decision.digest,
        )
    return replace(
        decision,
        detail=decision.detail if decision.layer == "scope" else None,
        layers=tuple(_bare(result) for result in decision.layers),
        rule=None,
        matched=(),
        shadowed=(),
        asks=(),
        exemptions=(),
        entity={},
        scan=None,
    )


def _bare(result: LayerResult) -> LayerResult:
    outcome = Outcome.PASS if result.outcome is Outcome.SHADOW_FAIL else result.outcome
    return LayerResult(layer=result.layer, outcome=outcome)

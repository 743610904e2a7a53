"""What an agent is told: the decision with everything outside its surface made like the non-existent."""

from __future__ import annotations

from functools import lru_cache

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
    return Decision(
        effect=decision.effect,
        layer=decision.layer,
        code=decision.code,
        reason=decision.reason,
        detail=decision.detail if decision.layer == "scope" else None,
        layers=_bare(tuple([result[:2] for result in decision.layers])),
        obligations=decision.obligations,
        retry_after_ms=decision.retry_after_ms,
        release=decision.release,
        digest=decision.digest,
        skip_client_prompt=decision.skip_client_prompt,
    )


@lru_cache(maxsize=4_096)
def _bare(outcomes: tuple[tuple[str, Outcome], ...]) -> tuple[LayerResult, ...]:
    """The results as an agent sees them; few combinations ever occur."""
    return tuple(
        LayerResult(layer, Outcome.PASS if outcome is Outcome.SHADOW_FAIL else outcome) for layer, outcome in outcomes
    )

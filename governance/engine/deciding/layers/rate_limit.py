"""Layer 4: a token is left for the principal on the target's class, and in the signed session."""

from __future__ import annotations

from governance.engine.deciding.run import Run, Stop
from governance.engine.need import Answer, Buckets, NeedBuckets
from governance.engine.principal import rate_tier_of

NAME = "rate_limit"


def check(run: Run) -> NeedBuckets | None:
    """Spend one token; without limits nothing is asked. An unknown rate tier is anon, an unknown class mcp."""
    limits = run.snapshot.limits
    if limits.disabled:
        run.note(NAME, "disabled", True)
        return None
    plan, standing = run.plan, run.standing
    assert plan is not None
    assert standing is not None
    rate_class = plan.entity.rate_class
    needs: dict[str, NeedBuckets] = standing.memo.setdefault(NeedBuckets, {})
    need = needs.get(rate_class)
    if need is None:
        need = needs[rate_class] = _need(run, rate_class)
    return need


def _need(run: Run, rate_class: str) -> NeedBuckets:
    limits = run.snapshot.limits
    principal = run.caller.principal
    tier = rate_tier_of(principal.rate_tier)
    rate, burst = limits.bucket(rate_class, tier, principal.rate_ceiling)
    return NeedBuckets(
        principal=principal.id,
        rate_class=rate_class,
        rate_tier=tier,
        rate=rate,
        burst=burst,
        session=run.caller.session_id,
        session_calls=limits.session_calls,
        session_window=limits.session_window,
    )


def settle(run: Run, answer: Answer) -> Stop | None:
    """Deny where nothing was left."""
    if not isinstance(answer, Buckets):
        raise TypeError("layer 4 was answered with something else than Buckets")
    if answer.principal and answer.session:
        return None
    code = "rate.session" if answer.principal else "rate.principal"
    run.note(NAME, "refused", code)
    if run.now < run.snapshot.shadow_until.get(NAME, float("-inf")):
        run.shadow_failed.add(NAME)
        run.shadowed[code] = None
        return None
    reason = "The session made too many calls." if answer.principal else "The principal made too many calls."
    return Stop(NAME, code, reason, retry_after_ms=answer.retry_after_ms)

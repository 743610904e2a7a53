"""The pipeline is driven by one function, and what stands in for the world is said once."""

from __future__ import annotations

from typing import Any

import pytest

from governance.engine.deciding.driver import StandIn, advance, failing_hooks, run
from governance.engine.deciding.pipeline import Deciding, decide
from governance.engine.decision import Decision
from governance.engine.need import Answer, Approval, Buckets, Need, NeedApproval, NeedBuckets, NeedHooks
from tests.governance.engine.builders import HOOK, NOW, call, caller, compiled, outcomes, policy, rule, world

ALL_THREE = policy(rule(), rule("a", "ask"), hooks=[HOOK])


def steps(document: dict[str, Any] = ALL_THREE, *, session: str | None = None, **options: Any) -> Deciding:
    return decide(compiled(document), world(), caller(session_id=session), call(), now=NOW, **options)


def test_a_step_is_what_is_needed_next_or_the_decision() -> None:
    deciding = steps(policy(rule()))
    assert isinstance(advance(deciding), NeedBuckets)
    decision = advance(deciding, Buckets())
    assert isinstance(decision, Decision)
    assert decision.effect == "allow"


def test_a_run_answers_each_need_in_the_pipelines_order() -> None:
    asked: list[type] = []

    def answer(need: Need) -> Answer:
        asked.append(type(need))
        return StandIn()(need)

    assert run(steps(), answer).code == "approval.required"
    assert asked == [NeedBuckets, NeedHooks, NeedApproval]


def test_what_an_answer_raises_passes_through() -> None:
    def answer(need: Need) -> Answer:
        raise KeyError("nobody knows")

    with pytest.raises(KeyError):
        run(steps(), answer)


def test_the_stand_in_is_full_buckets_passing_hooks_and_no_approval() -> None:
    decision = run(steps(session="s"), StandIn())
    assert outcomes(decision) == dict.fromkeys(outcomes(decision), "pass") | {"approval": "fail"}
    assert decision.code == "approval.required"


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (StandIn(buckets=lambda need: Buckets(session=False)), "rate.session"),
        (StandIn(hooks=lambda need: failing_hooks(need, reason="none here")), "hook.error"),
        (StandIn(approval=lambda need: Approval(state="denied")), "approval.denied"),
    ],
)
def test_each_answer_of_the_stand_in_can_be_another(other: StandIn, code: str) -> None:
    assert run(steps(), other).code == code


def test_a_bucket_that_never_holds_a_token_refuses_even_when_fresh() -> None:
    document = policy(rule(), rate_limits={"base_per_second": {"mcp": 0}})
    assert run(steps(document), StandIn()).code == "rate.principal"


def test_text_runs_the_kill_switch_and_secrets_alone_and_needs_nothing() -> None:
    decision = advance(steps(text=True))
    assert isinstance(decision, Decision)
    assert [layer for layer, outcome in outcomes(decision).items() if outcome == "pass"] == ["kill_switch", "secrets"]

"""The demo policy shows what README says it shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from governance.engine.asking.posed_caller import PosedCaller
from governance.engine.call import Call
from governance.engine.deciding.answer import public
from governance.engine.deciding.driver import StandIn, run
from governance.engine.deciding.pipeline import decide
from governance.engine.decision import LAYERS, Decision
from governance.engine.need import Buckets, NeedBuckets
from governance.engine.principal import Caller
from governance.engine.world import Switch, SwitchKind, World
from governance.policy.demo.files import POLICY_FILE, DemoCall, demo_calls
from governance.policy.files.bundle import read_policy, write_yaml
from governance.policy.lint.linter import lint
from governance.policy.testing import TestBench, run_tests

NOW = 1_780_000_000.0


def test_the_demo_is_in_canonical_form() -> None:
    assert POLICY_FILE.read_text(encoding="utf-8") == write_yaml(read_policy(POLICY_FILE))


def test_the_demo_has_what_it_promises() -> None:
    document = cast(dict[str, Any], read_policy(POLICY_FILE))
    assert len(document["departments"]) == 2
    assert len(document["roles"]) == 5
    assert len(set(document["servers"]) - {"claude-code"}) == 3
    assert sum(len(server["tools"]) for server in document["servers"].values()) >= 12
    assert {"allow", "deny", "ask"} == {rule["effect"] for rule in document["rules"]}
    assert {"agents", "principals", "skills", "plugins", "data_sources", "tests"} <= set(document)


def test_the_demo_keeps_its_own_tests() -> None:
    results = run_tests(read_policy(POLICY_FILE), now=NOW)
    assert [result.name for result in results if not result.passed] == []
    assert len(results) >= 20


def test_lint_says_of_the_demo_only_what_is_meant_so() -> None:
    found = {(finding.code, finding.path) for finding in lint(read_policy(POLICY_FILE), now=NOW)}
    assert found == {("in_shadow", "rules.no-night-rollbacks"), ("too_broad", "servers.deploy.tools.status")}


def test_the_calls_show_an_allow_an_ask_and_a_deny_by_each_of_the_first_five_layers() -> None:
    shown = {(call.expect["decision"], call.expect["layer"]) for call in demo_calls()}
    assert shown == {("allow", None), ("ask", "approval"), *(("deny", layer) for layer in LAYERS[:5])}


@pytest.mark.parametrize("call", demo_calls(), ids=lambda call: call.name)
def test_each_call_of_the_demo_comes_out_as_it_says(call: DemoCall) -> None:
    bench = TestBench(read_policy(POLICY_FILE))
    posed = PosedCaller(principal=call.principal, agent=call.agent, audience="api")
    caller = replace(posed.caller(bench.directory), session_id="s1")
    kind, _, target = (call.switch or "").partition(":")
    switches = [Switch(id="k1", kind=SwitchKind(kind), target=target)] if call.switch else []
    world = World.of(switches=switches, confirmed_at=NOW, directory=bench.directory)
    spent: dict[str, float] = {}
    decisions = [_decide(bench, world, caller, call, spent) for _ in range(call.times)]
    last = decisions[-1]
    assert {"decision": last.effect.value, "layer": last.layer, "code": last.code} == call.expect
    told = public(last)
    assert {"decision": told.effect.value, "layer": told.layer, "code": told.code} == call.expect, "the caller is told"
    assert all(decision.effect.value == "allow" for decision in decisions[:-1])


def _decide(bench: TestBench, world: World, caller: Caller, call: DemoCall, spent: dict[str, float]) -> Decision:
    """One decision with token buckets of its own that do not refill: a second is long before the next token."""
    request = call.request
    made = Call(entity=f"{request['server']}/{request['tool']}", arguments=request["arguments"], size=200)

    def left(need: NeedBuckets) -> Buckets:
        spent[need.rate_class] = spent.get(need.rate_class, 0) + 1
        return Buckets(principal=spent[need.rate_class] <= max(1.0, need.burst), retry_after_ms=50_000)

    return run(decide(bench.snapshot, world, caller, made, now=NOW), StandIn(buckets=left))

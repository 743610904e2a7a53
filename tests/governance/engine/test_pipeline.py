"""The pipeline as a machine: needs, answers, failures, shadow, masking, hooks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from governance.engine.call import Call
from governance.engine.compiled.compilation import compile_slices
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.deciding.answer import public
from governance.engine.deciding.driver import run
from governance.engine.deciding.pipeline import decide
from governance.engine.decision import LAYERS, Effect, Obligation, Outcome
from governance.engine.need import Approval, HookRun, HookRuns, NeedApproval, NeedBuckets, NeedHooks
from governance.engine.principal import Link
from governance.engine.world import Switch, SwitchKind, World
from tests.governance.engine.builders import (
    HOOK,
    KEYS,
    NOW,
    Driver,
    call,
    caller,
    compiled,
    decided,
    outcomes,
    policy,
    principal,
    rule,
    world,
)


def hooked(*runs: HookRun, **hook: Any) -> Driver:
    return Driver(runs=HookRuns(runs=runs))


def with_hook(*rules: dict[str, Any], **changes: Any) -> Snapshot:
    return compiled(policy(*(rules or (rule(),)), hooks=[{**HOOK, **changes}]))


def test_an_allow_passes_all_seven_layers() -> None:
    assert outcomes(decided(policy(rule()))) == dict.fromkeys(LAYERS, "pass")


def test_the_first_layer_that_fails_skips_the_rest() -> None:
    decision = decided(policy(rule()), what=call(note="SECRET"))
    assert list(outcomes(decision).values()) == ["pass", "pass", "fail", "skipped", "skipped", "skipped", "skipped"]


def test_layer_times_come_from_the_clock_that_is_handed_in() -> None:
    ticks = iter(range(0, 10_000, 10))
    deciding = decide(compiled(policy(rule())), world(), caller(), call(), now=NOW, clock=lambda: next(ticks))
    driver = Driver()
    decision = run(deciding, driver.answer)
    assert [type(need) for need in driver.needs] == [NeedBuckets]
    assert [one.nanos for one in decision.layers] == [10] * 7


class Broken:
    """A scanner and blocklist that fail."""

    def scan(self, value: Any) -> Any:
        raise RuntimeError("the scanner broke on SECRET")

    def match(self, kind: str, entity: str, arguments: Any) -> Any:
        raise RuntimeError("the blocklist broke")


@pytest.mark.parametrize(("hand", "layer"), [("scanner", "secrets"), ("blocklist", "blocklist")])
def test_an_exception_in_a_layer_is_a_deny(hand: str, layer: str) -> None:
    decision = decided(compiled(policy(rule()), **{hand: Broken()}), what=call(a=1))
    assert (decision.effect, decision.layer, decision.code) == (Effect.DENY, layer, "engine.error")
    assert decision.layers[LAYERS.index(layer)].evidence == {"error": "RuntimeError"}
    assert "SECRET" not in repr(decision)


def test_the_bucket_has_the_burst_of_its_class_and_never_more_than_the_rate_it_was_lowered_from() -> None:
    limits = {"burst_multipliers": {"mcp": 10}}
    document = policy(rule(), rate_limits=limits)
    driver = Driver()
    decided(document, caller(rate_tier="mcp", rate_ceiling="user"), driver=driver)
    (need,) = driver.needs
    assert isinstance(need, NeedBuckets)
    assert (need.rate_tier, need.rate, need.burst) == ("mcp", 200.0, 2_000.0)


@pytest.mark.parametrize("answer", [None, Approval(state="approved"), HookRuns(), "yes"])
def test_an_answer_of_the_wrong_type_is_a_deny(answer: Any) -> None:
    driver = Driver()
    driver.buckets = answer
    decision = decided(policy(rule()), driver=driver)
    assert (decision.effect, decision.code) == (Effect.DENY, "engine.error")


def test_the_bucket_that_is_asked_for_is_the_principals_on_the_tools_class() -> None:
    document = policy(
        rule(), servers={"files": {"rate_class": "stream", "tools": {"read": {}, "write": {}, "delete": {}}}}
    )
    driver = Driver()
    decided(document, caller(rate_tier="service", session_id="s1"), driver=driver)
    (need,) = driver.needs
    assert isinstance(need, NeedBuckets)
    assert (need.principal, need.rate_class, need.rate_tier, need.rate, need.burst) == (
        "alice",
        "stream",
        "service",
        500,
        1500,
    )
    assert (need.session, need.session_calls, need.session_window) == ("s1", 300, 60)


def test_an_unknown_rate_tier_counts_as_anon() -> None:
    driver = Driver()
    decided(policy(rule()), caller(rate_tier="root"), driver=driver)
    assert isinstance(driver.needs[0], NeedBuckets)
    assert driver.needs[0].rate_tier == "anon"


def test_without_hooks_and_asks_only_the_bucket_is_needed() -> None:
    driver = Driver()
    decided(policy(rule()), driver=driver)
    assert [type(need) for need in driver.needs] == [NeedBuckets]


def test_a_matching_hook_is_asked_for_and_denies() -> None:
    driver = hooked(HookRun(hook="check", verdict="deny", reason="no"))
    decision = decided(with_hook(), driver=driver)
    assert (decision.layer, decision.code, decision.rule) == ("hooks", "hook.deny", "check")
    assert isinstance(driver.needs[1], NeedHooks)


@pytest.mark.parametrize(
    ("matcher", "fires"),
    [
        ("*", True),
        ("files/*", True),
        ("FILES/read", True),
        ("pay/*|files/r*", True),
        ("pay/*", False),
        ("re:files/r.*", True),
        ("re:files", False),
        ("Bash", True),
    ],
)
def test_a_matcher_is_against_the_tool_and_the_clients_name(matcher: str, fires: bool) -> None:
    what = Call(entity="files/read", raw_name="Bash")
    driver = Driver()
    decided(with_hook(matcher=matcher), what=what, driver=driver)
    assert any(isinstance(need, NeedHooks) for need in driver.needs) is fires


@pytest.mark.parametrize("changes", [{"enabled": False}, {"async": True}, {"event": "PostToolUse"}])
def test_a_hook_that_is_off_or_later_is_not_asked_for(changes: dict[str, Any]) -> None:
    driver = Driver()
    decided(with_hook(**changes), driver=driver)
    assert not any(isinstance(need, NeedHooks) for need in driver.needs)


def test_system_hooks_run_first() -> None:
    hooks = [{**HOOK, "id": "a"}, {**HOOK, "id": "z", "category": "system"}]
    driver = Driver()
    decided(policy(rule(), hooks=hooks), driver=driver)
    need = driver.needs[1]
    assert isinstance(need, NeedHooks)
    assert [hook.id for hook in need.hooks] == ["z", "a"]


@pytest.mark.parametrize(
    ("verdict", "code"), [("error", "hook.error"), ("timeout", "hook.timeout"), ("odd", "hook.error")]
)
def test_a_hook_that_fails_denies(verdict: str, code: str) -> None:
    decision = decided(with_hook(), driver=hooked(HookRun(hook="check", verdict=verdict)))
    assert decision.code == code


def test_a_hook_that_was_not_run_counts_as_failed() -> None:
    assert decided(with_hook(), driver=Driver(runs=HookRuns())).code == "hook.error"


def test_a_hook_may_be_skipped_on_failure_but_no_system_hook() -> None:
    driver = hooked(HookRun(hook="check", verdict="error"))
    decision = decided(with_hook(on_failure="allow"), driver=driver)
    assert decision.effect is Effect.ALLOW
    assert decision.layers[LAYERS.index("hooks")].evidence["skipped"] == ["check"]
    assert decided(with_hook(on_failure="allow", category="system"), driver=driver).code == "hook.error"


def test_a_hook_that_asks_makes_an_ask() -> None:
    driver = hooked(HookRun(hook="check", verdict="ask"))
    decision = decided(with_hook(rule("a"), rule("k", "ask")), driver=driver)
    assert (decision.effect, decision.asks) == (Effect.ASK, ("hook:check", "rule:k"))
    need = driver.needs[-1]
    assert isinstance(need, NeedApproval)
    assert need.asks == ("hook:check", "rule:k")


def test_a_shadow_hook_changes_nothing() -> None:
    decision = decided(with_hook(mode="shadow"), driver=hooked(HookRun(hook="check", verdict="deny")))
    assert (decision.effect, decision.shadowed) == (Effect.ALLOW, ("check",))
    assert outcomes(decision)["hooks"] == "shadow_fail"


def test_a_hook_that_redacts_has_the_call_decided_again() -> None:
    driver = hooked(HookRun(hook="check", redact=("/path",)))
    decision = decided(with_hook(), what=call(path="x", n=1), driver=driver)
    assert decision.effect is Effect.ALLOW
    assert decision.obligations == (Obligation(type="redact", paths=("/path",)),)
    again = decided(with_hook(rule(when="args.path == 'x'")), what=call(path="x"), driver=driver)
    assert (again.layer, again.code) == ("scope", "rule.none")


def test_a_redaction_that_finds_nothing_is_a_deny() -> None:
    driver = hooked(HookRun(hook="check", redact=("/nothing",)))
    assert decided(with_hook(), what=call(path="x"), driver=driver).code == "engine.error"


def test_a_hook_of_a_plugin_fires_for_its_servers_only() -> None:
    plugins = {"office": {"servers": ["files"]}, "other": {"servers": []}}
    for plugin, fires in (("office", True), ("other", False)):
        driver = Driver()
        decided(policy(rule(), plugins=plugins, hooks=[{**HOOK, "plugin": plugin}]), driver=driver)
        assert any(isinstance(need, NeedHooks) for need in driver.needs) is fires


def test_a_skill_meets_no_layer_about_arguments() -> None:
    decision = decided(policy(rule(), skills={"write": {}}), what=call("skill:write"))
    assert [name for name, outcome in outcomes(decision).items() if outcome == "skipped"] == [
        "secrets",
        "blocklist",
        "rate_limit",
        "hooks",
    ]


def test_a_drill_is_labelled_and_never_hides_a_live_switch() -> None:
    drill = Switch(id="d", kind=SwitchKind.ALL, drill=True)
    assert decided(policy(rule()), where=world(drill)).reason.startswith("DRILL")
    live = Switch(id="l", kind=SwitchKind.TOOL, target="files/read")
    assert decided(policy(rule()), where=world(drill, live)).rule == "l"


def test_a_switch_ends_at_its_end() -> None:
    switch = Switch(id="k", kind=SwitchKind.ALL, until=NOW)
    assert decided(policy(rule()), where=world(switch)).effect is Effect.ALLOW
    assert decided(policy(rule()), where=world(switch), now=NOW - 1).code == "kill_switch.on"


def test_a_world_that_was_never_confirmed_denies() -> None:
    assert decided(policy(rule()), where=World.of()).code == "policy.stale"


def test_what_is_public_holds_no_rule_time_or_evidence() -> None:
    decision = decided(policy(rule(), rule("s", "deny", mode="shadow")), what=call(note="SECRET"))
    told = public(decision)
    assert (told.rule, told.matched, told.shadowed, told.entity, told.detail, told.scan) == (
        None,
        (),
        (),
        {},
        None,
        None,
    )
    assert all(one.nanos == 0 and not one.evidence for one in told.layers)
    assert Outcome.SHADOW_FAIL not in {one.outcome for one in told.layers}


def test_a_hidden_tool_is_answered_like_one_that_does_not_exist() -> None:
    document = policy(
        rule(entities=["tool:files/read"]),
        servers={
            "files": {
                "tools": {
                    "read": {},
                    "secret": {"sensitivity": "restricted"},
                    "admin": {"scopes": ["admin"]},
                    "off": {"enabled": False},
                    "unallowed": {},
                }
            }
        },
    )
    nothing = public(decided(document, what=call("files/nothing")))
    for tool in ("secret", "admin", "off", "unallowed"):
        decision = decided(document, what=call(f"files/{tool}", path="x"))
        assert decision.code != "entity.unknown"
        assert public(decision) == nothing
    stale = decided(document, what=call("files/secret"), where=world(age=60))
    assert (stale.code, public(stale)) == ("policy.stale", nothing)


def test_inside_the_surface_a_denial_says_where_and_how() -> None:
    told = public(decided(policy(rule(), rule("d", "deny", parameters={"deny": ["/force"]})), what=call(force=True)))
    assert (told.code, told.masked) == ("rule.deny", False)
    assert told.detail is not None
    assert told.detail.path == "/force"


def test_a_condition_that_cannot_be_evaluated_is_visible() -> None:
    decision = decided(policy(rule("a"), rule("b", when="args.gone == 1")))
    assert decision.layers[1].evidence["unevaluable"] == ["b"]


def test_every_layer_has_a_result_with_its_time_or_none() -> None:
    decision = decided(policy(rule("d", "deny")))
    assert [result.layer for result in decision.layers] == list(LAYERS)
    assert [result.outcome for result in decision.layers] == ["pass", "fail", *["skipped"] * 5]
    assert [result.nanos for result in decision.layers[2:]] == [0] * 5


def test_compiling_in_slices_gives_the_same_decisions() -> None:
    document: Any = policy(
        *(rule(f"r{at}", entities=[f"tool:files/{name}"]) for at, name in enumerate(("read", "write")))
    )
    slices: Iterator[None] = compile_slices(
        document, release=7, digest="d" * 64, keys=KEYS, scanner=Broken(), blocklist=Broken()
    )
    count = 0
    while True:
        try:
            next(slices)
            count += 1
        except StopIteration as end:
            snapshot = end.value
            break
    assert count > 3
    assert snapshot.rules[0].id == "r0"


def test_importing_the_engine_loads_no_django() -> None:
    source = (
        "import importlib, pkgutil, sys, governance.engine as engine\n"
        "for module in pkgutil.walk_packages(engine.__path__, 'governance.engine.'):\n"
        "    importlib.import_module(module.name)\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(loaded & {'django', 'rest_framework', 'celery', 'audit', 'accounts', 'config'}))\n"
    )
    run = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=120, check=False)
    assert (run.stdout.strip(), run.stderr) == ("[]", "")


def linked(*others: str) -> Any:
    return caller("alice", chain=tuple(Link(principal=principal(other)) for other in others))


def test_a_deny_whose_condition_names_a_principal_finds_it_anywhere_in_the_chain() -> None:
    document = policy(rule(), rule("no-bob", "deny", when="principal.id == 'bob'"))
    here = world(bob=(), carol=())
    assert decided(document, linked("carol"), where=here).effect is Effect.ALLOW
    assert decided(document, linked("carol", "bob"), where=here).rule == "no-bob"


def test_an_allow_whose_condition_names_a_principal_holds_for_everybody_in_the_chain_or_not_at_all() -> None:
    document = policy(rule(when="principal.id != 'bob'"))
    here = world(bob=(), carol=())
    assert decided(document, linked("carol"), where=here).effect is Effect.ALLOW
    assert decided(document, linked("bob", "carol"), where=here).code == "rule.none"


def test_a_clock_that_was_set_back_does_not_keep_an_old_state_fresh() -> None:
    assert decided(policy(rule()), where=world(age=-1)).effect is Effect.ALLOW
    assert decided(policy(rule()), where=world(age=-3600)).code == "policy.stale"

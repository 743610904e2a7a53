"""What must hold of every policy: shown on random worlds that hypothesis chooses and shrinks."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.engine.call import Call
from governance.engine.deciding.answer import public
from governance.engine.decision import Decision, Effect
from governance.engine.principal import Caller
from governance.engine.world import World
from tests.governance.engine import worlds
from tests.governance.engine.builders import compiled, decided
from tests.governance.engine.test_oracle import asked

WIDTH = {Effect.DENY: 0, Effect.ASK: 1, Effect.ALLOW: 2}
SEEDS = st.integers(min_value=0, max_value=2**32)
MANY = settings(max_examples=150, deadline=None)


def scene(seed: int) -> tuple[dict[str, Any], World, Caller, Call]:
    """A policy and a call to it that passes the first checks more often than a wholly random one."""
    random = Random(seed)
    document = worlds.policy(random)
    ask = worlds.ask(random)
    ask.switches, ask.age, ask.door, ask.audience = [], 0.0, "api", None
    ask.who.known = ask.who.active = True
    world, caller, call = asked(ask)
    return document, world, caller, call


def outcome(document: dict[str, Any], world: World, caller: Caller, call: Call) -> Decision:
    return decided(compiled(document), caller, call, where=world)


@MANY
@given(SEEDS, st.integers(min_value=0, max_value=20))
def test_a_deny_never_loses(seed: int, place: int) -> None:
    document, world, caller, call = scene(seed)
    deny = {"id": f"d{place}", "effect": "deny", "subjects": {"everyone": True}, "entities": ["**"]}
    rules = document["rules"]
    document["rules"] = [*rules[:place], deny, *rules[place:]]
    assert outcome(document, world, caller, call).effect is Effect.DENY


@MANY
@given(SEEDS)
def test_order_never_matters(seed: int) -> None:
    document, world, caller, call = scene(seed)
    before = outcome(document, world, caller, call)
    shuffled = dict(document, rules=Random(seed + 1).sample(document["rules"], len(document["rules"])))
    assert outcome(shuffled, world, caller, call)._replace(layers=()) == before._replace(layers=())


@MANY
@given(SEEDS)
def test_removing_an_allow_never_widens(seed: int) -> None:
    document, world, caller, call = scene(seed)
    before = WIDTH[outcome(document, world, caller, call).effect]
    for rule in document["rules"]:
        if rule["effect"] == "allow":
            without = dict(document, rules=[other for other in document["rules"] if other is not rule])
            assert WIDTH[outcome(without, world, caller, call).effect] <= before


@MANY
@given(SEEDS)
def test_adding_a_restriction_never_widens(seed: int) -> None:
    document, world, caller, call = scene(seed)
    before = WIDTH[outcome(document, world, caller, call).effect]
    rule = dict(worlds.rule(Random(seed + 7), 99), effect="ask" if seed % 2 else "deny")
    more = dict(document, rules=[*document["rules"], rule])
    assert WIDTH[outcome(more, world, caller, call).effect] <= before


@MANY
@given(SEEDS)
def test_a_bound_never_widens(seed: int) -> None:
    """Whatever an agent's bounds are tightened to, nothing opens; nor does a ceiling open what the own tier may not."""
    document, world, caller, call = scene(seed)
    random = Random(seed + 3)
    loose: dict[str, Any] = {"owner": "alice", "tier": "admin"}
    world = replace(world, directory={**world.directory})
    if "alice" not in world.directory:
        return
    loose["departments"] = list(worlds.DEPARTMENTS)
    caller = replace(caller, agent="reporter", chain=())
    call = replace(call, labels=replace(call.labels, agent_id=None))
    document = dict(document, agents={**document["agents"], "reporter": loose})
    before = WIDTH[outcome(document, world, caller, call).effect]
    for bound in (
        {"tier": random.choice(worlds.TIERS)},
        {"departments": [random.choice(worlds.DEPARTMENTS)]},
        {"entities": [worlds.pattern(random)]},
        {"max_sensitivity": random.choice(worlds.SENSITIVITIES)},
        {"enabled": False},
    ):
        tight = dict(document, agents={**document["agents"], "reporter": {**loose, **bound}})
        assert WIDTH[outcome(tight, world, caller, call).effect] <= before, bound


@MANY
@given(SEEDS)
def test_a_label_never_widens(seed: int) -> None:
    document, world, caller, call = scene(seed)
    call = replace(call, labels=replace(call.labels, agent_id=None))
    before = WIDTH[outcome(document, world, caller, call).effect]
    for label in (*worlds.AGENTS, "stranger"):
        labelled = replace(call, labels=replace(call.labels, agent_id=label))
        assert WIDTH[outcome(document, world, caller, labelled).effect] <= before


@MANY
@given(SEEDS)
def test_a_named_data_source_never_widens(seed: int) -> None:
    document, world, caller, call = scene(seed)
    bare = replace(call, data_sources=())
    before = WIDTH[outcome(document, world, caller, bare).effect]
    for source in (*worlds.SOURCES, "nowhere"):
        if call.kind == "tool":
            named = replace(call, data_sources=(source,))
            assert WIDTH[outcome(document, world, caller, named).effect] <= before


@MANY
@given(SEEDS)
def test_a_shadow_rule_never_changes_an_answer(seed: int) -> None:
    document, world, caller, call = scene(seed)
    before = public(outcome(document, world, caller, call))
    shadows = [dict(worlds.rule(Random(seed + at), at), id=f"shadow-{at}", mode="shadow") for at in range(4)]
    after = public(outcome(dict(document, rules=[*shadows, *document["rules"]]), world, caller, call))
    assert after == before


@MANY
@given(SEEDS, st.sampled_from(["args.missing > 1", "!(args.missing > 1)", "args.missing == args.gone", "1 / 0 > 1"]))
def test_a_condition_that_fails_never_allows(seed: int, broken: str) -> None:
    document, world, caller, call = scene(seed)
    for rule in document["rules"]:
        if rule["effect"] == "allow":
            rule["when"] = broken
    for _, entities in (("servers", document["servers"]), ("skills", document["skills"])):
        for entity in entities.values():
            entity.pop("default_allow", None)
            for tool in entity.get("tools", {}).values():
                tool.pop("default_allow", None)
    document["agents"] = {id: {**agent, "default_allow": False} for id, agent in document["agents"].items()}
    assert outcome(document, world, caller, call).effect is Effect.DENY


@MANY
@given(SEEDS)
def test_outside_the_surface_everything_looks_like_nothing(seed: int) -> None:
    """A masked denial tells what a call to an entity that does not exist tells, field by field."""
    document, world, caller, call = scene(seed)
    decision = outcome(document, world, caller, call)
    if not decision.masked:
        return
    nothing = replace(call, entity="no/such" if call.kind == "tool" else "no-such", data_sources=())
    assert public(decision) == public(outcome(document, world, caller, nothing))

"""The engine against an interpreter of the same policy that shares nothing with it."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from governance.engine.asking.surface import surface
from governance.engine.call import Call, Door, EntityKind, Labels
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.principal import Caller, DirectoryEntry, Link, Principal, PrincipalKind, Tier
from governance.engine.world import Switch, SwitchKind, World
from tests.governance.engine import oracle, worlds
from tests.governance.engine.builders import compiled, decided

WORLDS, CALLS = 125, 40
"""Eight batches of this: 40,000 decisions."""


def person(who: oracle.Who) -> Principal:
    return Principal(
        id=who.id,
        kind=PrincipalKind(who.kind),
        tier=Tier[who.tier.upper()],
        roles=frozenset(who.roles),
        groups=frozenset(who.groups),
        departments=frozenset(who.departments),
        known=who.known,
        active=who.active,
    )


def asked(ask: oracle.Ask) -> tuple[World, Caller, Call]:
    world = World.of(
        switches=[Switch(id=f"s{at}", kind=SwitchKind(k), target=t) for at, (k, t) in enumerate(ask.switches)],
        confirmed_at=ask.now - ask.age,
        directory={
            id: DirectoryEntry(
                kind=PrincipalKind.USER, active=active, tier=Tier.USER, epoch=1, departments=frozenset(departments)
            )
            for id, (active, departments) in ask.directory.items()
        },
    )
    caller = Caller(
        principal=person(ask.who),
        agent=ask.agent,
        chain=tuple(Link(principal=None if who is None else person(who), agent=agent) for who, agent in ask.chain),
        audience=ask.audience,
    )
    call = Call(
        kind=EntityKind(ask.kind),
        entity=ask.entity,
        arguments=ask.arguments,
        data_sources=tuple(ask.data_sources),
        labels=Labels(agent_id=ask.label),
        door=Door(ask.door),
    )
    return world, caller, call


def said(snapshot: Snapshot, ask: oracle.Ask) -> oracle.Said:
    world, caller, call = asked(ask)
    decision = decided(snapshot, caller, call, where=world, now=ask.now)
    rule = decision.rule if decision.layer in (None, "approval") or decision.code == "rule.deny" else None
    return oracle.Said(decision.effect.value, decision.layer, decision.code, rule)


@pytest.mark.parametrize("batch", range(8))
def test_the_engine_agrees_with_the_oracle(batch: int) -> None:
    random = Random(f"toolgate {batch}")
    seen: dict[Any, int] = {}
    for _ in range(WORLDS):
        document = worlds.policy(random)
        snapshot = compiled(document)
        for _ in range(CALLS):
            ask = worlds.ask(random)
            expected, got = oracle.decide(document, ask, worlds.CONDITIONS), said(snapshot, ask)
            seen[expected.code] = seen.get(expected.code, 0) + 1
            assert got == expected, (document, ask)
    reached = {
        "kill_switch.on",
        "policy.stale",
        "principal.unknown",
        "principal.inactive",
        "agent.unknown",
        "agent.disabled",
        "agent.bound",
        "entity.unknown",
        "entity.disabled",
        "audience.mismatch",
        "scope.insufficient",
        "department.outside",
        "sensitivity.exceeded",
        "rule.deny",
        "rule.none",
        "approval.required",
        None,
    }
    assert reached <= set(seen), f"worlds that never reach {reached - set(seen)} show nothing about it"


@pytest.mark.parametrize("batch", range(4))
def test_the_surface_is_what_the_oracle_sees_for_some_call(batch: int) -> None:
    """An entity is on the surface when the oracle lets a call to it past layer 1 with every condition at its best."""
    random = Random(f"surface {batch}")
    for _ in range(60):
        document = worlds.policy(random)
        snapshot = compiled(document)
        plain = dict(document, rules=[bare for rule in document["rules"] if (bare := unconditional(rule)) is not None])
        for _ in range(4):
            ask = worlds.ask(random)
            ask.door, ask.audience, ask.data_sources, ask.switches, ask.age = "test", None, [], [], 0.0
            world, caller, _ = asked(ask)
            found = {(place.kind, place.id) for place in surface(snapshot, world, caller, now=ask.now, label=ask.label)}
            for kind, id in snapshot.entities:
                ask.kind, ask.entity, ask.arguments = kind, id, {}
                expected = oracle.decide(plain, ask, worlds.CONDITIONS).decision != "deny"
                assert ((kind, id) in found) == expected, (document, ask)


def unconditional(rule: dict[str, Any]) -> dict[str, Any] | None:
    """The rule at its best for the caller: a conditional allow holds, a conditional deny or ask does not."""
    if "when" not in rule and "parameters" not in rule:
        return rule
    if rule["effect"] != "allow":
        return None
    return {key: value for key, value in rule.items() if key not in ("when", "parameters")}

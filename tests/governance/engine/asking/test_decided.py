"""Who-can and what-can say one thing, and what they say is what is decided."""

from __future__ import annotations

from random import Random

import pytest

from governance.engine.asking.questions import what_can, who_can, who_can_ever
from governance.engine.call import Call, Door, EntityKind
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.decision import Effect
from governance.engine.principal import Caller, DirectoryEntry, PrincipalKind, Tier
from governance.engine.world import World
from tests.governance.engine import worlds
from tests.governance.engine.builders import NOW, call, caller, compiled, decided, policy, rule, world
from tests.governance.engine.test_oracle import person


def owners() -> dict[str, DirectoryEntry]:
    return {
        name: DirectoryEntry(
            kind=PrincipalKind.USER, active=True, tier=Tier.USER, epoch=1, departments=frozenset(departments)
        )
        for name, departments in (("alice", ["finance"]), ("bob", ["engineering", "finance"]))
    }


def tried(random: Random, snapshot: Snapshot, where: World, who: Caller, tool: str) -> list[tuple[Call, Effect]]:
    """Calls of one tool with arguments of all kinds, and how each is decided."""
    calls = [
        Call(kind=EntityKind.TOOL, entity=tool, arguments=worlds.ask(random).arguments, door=Door.TEST)
        for _ in range(12)
    ]
    return [(one, decided(snapshot, who, one, where=where, now=worlds.NOW).effect) for one in calls]


@pytest.mark.parametrize("seed", range(60))
def test_what_the_questions_answer_is_what_is_decided(seed: int) -> None:
    random = Random(f"rights {seed}")
    snapshot = compiled(worlds.policy(random))
    where = World.of(confirmed_at=worlds.NOW, directory=owners())
    for _ in range(6):
        who = Caller(principal=person(worlds.who(random)), agent=random.choice([None, None, *worlds.AGENTS]))
        surface = {(one.kind, one.id): one for one in what_can(snapshot, where, who, now=worlds.NOW)}
        for server, tools in worlds.SERVERS.items():
            for tool in (f"{server}/{own}" for own in tools):
                found = who_can_ever(snapshot, where, (who,), "tool", tool, now=worlds.NOW)
                assert found == tuple(one for key, one in surface.items() if key == ("tool", tool))
                for one, effect in tried(random, snapshot, where, who, tool):
                    exact = who_can(snapshot, where, (who,), one, now=worlds.NOW)
                    assert [right.effect for right in exact] == ([] if effect is Effect.DENY else [effect])
                    if not found:
                        assert effect is Effect.DENY
                    elif not found[0].conditional:
                        assert effect is found[0].effect


def test_a_conditional_ask_leaves_an_allow_if_the_arguments_are_right_whichever_way_it_is_asked() -> None:
    snapshot = compiled(policy(rule("a"), rule("k", "ask", when="args.n > 3")))
    (who,) = who_can_ever(snapshot, world(), (caller(),), "tool", "files/read", now=NOW)
    (what,) = (one for one in what_can(snapshot, world(), caller(), now=NOW) if one.id == "files/read")
    assert who == what
    assert (who.effect, who.conditional) == (Effect.ALLOW, True)
    assert decided(snapshot, caller(), call(n=1)).effect is Effect.ALLOW
    assert decided(snapshot, caller(), call(n=9)).effect is Effect.ASK

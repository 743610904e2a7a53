"""Who is posed in a question: by id, anonymous, or described on the spot."""

from __future__ import annotations

import pytest

from governance.engine.asking.posed_caller import DESCRIBED, PosedCaller, described
from governance.engine.principal import ANONYMOUS, Tier
from governance.engine.world import World
from tests.governance.engine.builders import NOW, call, compiled, decided, directory, policy, rule

PEOPLE = directory(bob=None)


def test_an_id_is_what_the_directory_says_of_it() -> None:
    alice, bob = (PosedCaller(principal=name).caller(PEOPLE).principal for name in ("alice", "bob"))
    assert (alice.id, alice.known, alice.active, alice.departments) == ("alice", True, True, frozenset({"finance"}))
    assert (bob.known, bob.active) == (True, False)


def test_an_id_that_the_directory_does_not_hold_is_nobody() -> None:
    eve = PosedCaller(principal="eve").caller(PEOPLE)
    assert (eve.principal.id, eve.principal.known, eve.principal.active) == ("eve", False, False)
    where = World.of(confirmed_at=NOW, directory=PEOPLE)
    assert decided(compiled(policy(rule())), eve, call(), where=where).code == "principal.unknown"


@pytest.mark.parametrize("principal", ["anonymous", described({"kind": "anonymous", "roles": ["analyst"]})])
def test_anonymous_is_the_one_without_a_name_however_it_is_posed(principal: object) -> None:
    assert PosedCaller(principal=principal).caller(PEOPLE).principal is ANONYMOUS  # type: ignore[arg-type]


def test_somebody_described_has_what_is_said_and_an_id_that_no_rule_can_name() -> None:
    fields = {"tier": "admin", "roles": ["analyst"], "groups": ["g"], "departments": ["finance"]}
    made = PosedCaller(principal=described(fields)).caller(PEOPLE).principal
    assert (made.id, made.tier, made.rate_tier, made.active) == (DESCRIBED, Tier.ADMIN, "admin", True)
    assert [*made.roles, *made.groups, *made.departments] == ["analyst", "g", "finance"]
    assert ":" in DESCRIBED


def test_somebody_described_is_a_user_and_a_service_of_its_own_tier_unless_said() -> None:
    assert described({}).tier is Tier.USER
    assert described({"kind": "service"}).tier is Tier.SERVICE
    assert described({"kind": "service", "tier": "mcp"}).tier is Tier.MCP


def test_somebody_described_as_suspended_is_not_active() -> None:
    assert not PosedCaller(principal=described({"status": "suspended"})).caller(PEOPLE).principal.active


def test_agent_and_audience_go_to_the_caller() -> None:
    caller = PosedCaller(principal="alice", agent="reporter", audience="api").caller(PEOPLE)
    assert (caller.agent, caller.audience, caller.chain) == ("reporter", "api", ())


@pytest.mark.parametrize("fields", [{"kind": "robot"}, {"tier": "root"}])
def test_a_kind_or_tier_that_there_is_not_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises((KeyError, ValueError)):
        described(fields)

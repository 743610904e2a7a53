from __future__ import annotations

from math import inf
from typing import Unpack

import pytest

from accounts.identity.verified import Credential, Identity, anonymous
from governance.deciding.limits.budget_store import MemoryStore
from governance.deciding.limits.limits import EdgeQuotas, LimitStore, TooManyRequests, headers_of, payer
from governance.engine.budget import BudgetVerdict, Quota
from governance.engine.compiled.compilation import limits_of
from governance.engine.compiled.defaults import BASE_PER_SECOND, TIER_MULTIPLIERS
from governance.engine.document.controls import RateLimitFields, RateTierWord
from governance.engine.need import Buckets, NeedBuckets
from governance.engine.principal import Caller, Principal, PrincipalKind, Tier


def who(name: str = "alice", rate_tier: str = "user") -> Identity:
    principal = Principal(id=name, kind=PrincipalKind.USER, tier=Tier.USER, rate_tier=rate_tier)
    return Identity(caller=Caller(principal=principal), credential=Credential.TOKEN)


class Room:
    """Limits over one store, with a clock and a policy that a test sets."""

    def __init__(self, **section: Unpack[RateLimitFields]) -> None:
        self.now = 0.0
        self.limits = limits_of(section)
        self.store = MemoryStore()
        self.edge = LimitStore(self.store, lambda: self.limits)

    async def admitted(
        self, times: int, *, by: Identity | None = None, peer: str = "192.0.2.1", route: str = "agents"
    ) -> int:
        got = 0
        for _ in range(times):
            try:
                await self.edge.charge_request(by, rate_class=route, now=self.now, peer=peer)
            except TooManyRequests:
                continue
            got += 1
        return got

    async def left_after(self, *, items: int = 1, size: int = 0) -> int:
        headers = await self.edge.charge_attempt(who(), rate_class="mcp", now=self.now, items=items, size=size)
        return int(dict(headers)["RateLimit-Remaining"])

    async def layer_four(self, **changes: object) -> Buckets:
        answer = self.edge.spend(need(**changes), now=self.now)
        assert isinstance(answer, Buckets)
        return answer


def need(**changes: object) -> NeedBuckets:
    fields: dict[str, object] = {
        "principal": "alice", "rate_class": "mcp", "rate_tier": "user", "rate": 1.0, "burst": 3.0,
        "session": "s1", "session_calls": 300, "session_window": 60.0,
    }  # fmt: skip
    return NeedBuckets(**fields | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("route_class", BASE_PER_SECOND)
@pytest.mark.parametrize("tier", TIER_MULTIPLIERS)
def test_each_class_and_tier_has_base_times_multiplier_and_three_times_that_as_burst(
    route_class: str, tier: RateTierWord
) -> None:
    quotas = EdgeQuotas.of(limits_of({}))
    rate = BASE_PER_SECOND[route_class] * TIER_MULTIPLIERS[tier]
    assert quotas.requests[route_class, tier] == Quota(rate, rate * 3)
    assert quotas.attempts[route_class, tier] == Quota(rate * 2, rate * 6)


@pytest.mark.parametrize("tier", TIER_MULTIPLIERS)
def test_a_class_with_a_burst_of_its_own_has_it_at_every_tier_and_the_others_the_common_one(tier: RateTierWord) -> None:
    quotas = EdgeQuotas.of(limits_of({"burst_multiplier": 2, "burst_multipliers": {"mcp": 7}}))
    for route_class, seconds in (("mcp", 7), ("content", 2)):
        rate = BASE_PER_SECOND[route_class] * TIER_MULTIPLIERS[tier]
        assert quotas.requests[route_class, tier] == Quota(rate, rate * seconds)
        assert quotas.attempts[route_class, tier] == Quota(rate * 2, rate * 2 * seconds)


def test_an_unknown_class_has_rate_and_burst_of_mcp() -> None:
    limits = limits_of({"burst_multipliers": {"mcp": 7}})
    assert limits.bucket("gone", "user") == limits.bucket("mcp", "user") == (200.0, 1400.0)


async def test_a_raised_burst_of_a_class_is_admitted_at_once_and_then_its_rate() -> None:
    room = Room()
    room.limits = limits_of({"burst_multipliers": {"agents": 5}})
    assert await room.admitted(200, by=who()) == 100
    room.now += 1
    assert await room.admitted(200, by=who()) == 20


def test_there_are_eleven_classes_and_six_tiers() -> None:
    assert len(EdgeQuotas.of(limits_of({})).requests) == 11 * 6


async def test_a_principal_has_its_burst_and_then_its_rate() -> None:
    room = Room()
    assert await room.admitted(100, by=who()) == 60
    room.now = 1.0
    assert await room.admitted(100, by=who()) == 20


async def test_principals_classes_and_networks_do_not_share() -> None:
    room = Room()
    await room.admitted(100, by=who())
    assert await room.admitted(100, by=who("bob")) == 60
    assert await room.admitted(200, by=who(), route="content") == 150
    assert await room.admitted(100, peer="192.0.2.200") == 30
    assert await room.admitted(100, peer="192.0.2.7") == 0
    assert await room.admitted(100, peer="192.0.3.7") == 30
    assert await room.admitted(100, by=anonymous("api"), peer="192.0.3.9") == 0


async def test_a_publish_is_felt_at_the_next_request() -> None:
    room = Room()
    await room.admitted(10, by=who())
    room.limits = limits_of({"base_per_second": {"agents": 1}})
    assert await room.admitted(100, by=who()) <= 3
    room.limits = limits_of({"disabled": True})
    assert await room.admitted(1000, by=who()) == 1000


async def test_a_refusal_carries_the_headers_of_a_429() -> None:
    room = Room(base_per_second={"agents": 1})
    await room.admitted(10, by=who())
    with pytest.raises(TooManyRequests) as caught:
        await room.edge.charge_request(who(), rate_class="agents", now=0.0)
    assert dict(caught.value.headers) == {
        "RateLimit-Limit": "3",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "4",
        "Retry-After": "1",
    }


async def test_an_attempt_costs_its_items_and_a_token_for_each_sixteen_kibibytes() -> None:
    room = Room(base_per_second={"mcp": 10})
    assert await room.left_after(items=10, size=300) == 50
    assert await room.left_after(size=256 * 1024) == 33


async def test_a_refused_attempt_costs_double() -> None:
    room = Room(base_per_second={"mcp": 10})
    for _ in range(30):
        await room.left_after()
        await room.edge.charge_refusal(who(), rate_class="mcp", now=0.0)
    with pytest.raises(TooManyRequests):
        await room.left_after()


async def test_of_a_batch_only_the_refused_items_cost_double() -> None:
    room = Room(base_per_second={"mcp": 10})
    await room.left_after(items=20)
    await room.edge.charge_refusal(who(), rate_class="mcp", now=0.0, items=5)
    assert await room.left_after() == 60 - 20 - 5 - 1


async def test_attempts_and_requests_are_separate_budgets() -> None:
    room = Room()
    await room.edge.charge_attempt(who(), rate_class="agents", now=0.0, items=100)
    assert await room.admitted(100, by=who()) == 60


async def test_disabled_limits_charge_nothing() -> None:
    room = Room(disabled=True)
    assert await room.edge.charge_attempt(None, rate_class="mcp", now=0.0, items=10**6) == ()
    await room.edge.charge_refusal(None, rate_class="mcp", now=0.0)
    assert len(room.store.budgets.buckets) == 0


async def test_layer_four_pays_bucket_and_session_together() -> None:
    room = Room()
    assert [await room.layer_four() for _ in range(3)] == [Buckets()] * 3
    refused = await room.layer_four()
    assert (refused.principal, refused.session, refused.retry_after_ms) == (False, True, 1000)


async def test_layer_four_says_that_the_session_is_full_and_spends_no_token_on_it() -> None:
    room = Room()
    await room.layer_four(session_calls=1)
    for _ in range(10):
        refused = await room.layer_four(session_calls=1)
        assert (refused.principal, refused.session, refused.retry_after_ms) == (True, False, 60_000)
    assert await room.layer_four(session="s2") == Buckets()
    assert await room.layer_four(session=None) == Buckets()
    assert not (await room.layer_four(session=None)).principal


async def test_one_session_id_of_two_principals_is_two_sessions() -> None:
    room = Room()
    assert await room.layer_four(session_calls=1) == Buckets()
    assert await room.layer_four(session_calls=1, principal="bob") == Buckets()


async def test_a_quota_of_nothing_says_to_come_back_tomorrow() -> None:
    refused = await Room().layer_four(rate=0.0)
    assert refused.retry_after_ms == 86_400_000


def test_headers_tell_limit_rest_and_reset_and_a_refusal_when_to_retry() -> None:
    assert headers_of(BudgetVerdict(True, limit=60, remaining=41.7, reset=0.915)) == (
        ("RateLimit-Limit", "60"),
        ("RateLimit-Remaining", "41"),
        ("RateLimit-Reset", "1"),
    )
    refused = dict(headers_of(BudgetVerdict(False, "rate.edge", 0.02, 60, 0.0, 3.0)))
    assert (refused["Retry-After"], refused["RateLimit-Remaining"]) == ("1", "0")
    assert dict(headers_of(BudgetVerdict(False, "rate.edge", inf, 60, 0.0, inf)))["Retry-After"] == "86400"
    assert headers_of(BudgetVerdict(True)) == ()


def test_a_principal_pays_for_itself_wherever_it_comes_from() -> None:
    assert payer(who(), "192.0.2.1") == payer(who(), "198.51.100.1") == "p:alice"
    assert payer(anonymous("api"), "192.0.2.1") == payer(None, "192.0.2.9") == "n:192.0.2.0/24"

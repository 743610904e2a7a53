from __future__ import annotations

from math import isinf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.engine.budget import BucketTable, Charge, MemoryBudgets, Quota, Window
from governance.engine.compiled.compilation import limits_of
from governance.engine.principal import RATE_TIERS
from tests.governance.deciding.limits.stretches import admitted_at, assert_within

TEN = Quota(10, 30)
SESSION = Window(300, 60)


def spend(budgets: MemoryBudgets, now: float, *, key: str = "alice", quota: Quota = TEN, cost: float = 1) -> bool:
    return budgets.admit((Charge(key, quota, "rate.principal", cost),), now).admitted


def enter(budgets: MemoryBudgets, now: float, *, key: str = "s1", window: Window = SESSION) -> bool:
    return budgets.admit((Charge(key, window, "rate.session"),), now).admitted


def test_a_full_bucket_admits_its_burst_at_once_and_no_more() -> None:
    budgets = MemoryBudgets()
    assert sum(spend(budgets, 100.0) for _ in range(50)) == 30


def test_a_bucket_refills_at_its_rate_without_drift_over_a_day() -> None:
    budgets = MemoryBudgets()
    for _ in range(30):
        spend(budgets, 0.0)
    assert sum(spend(budgets, second * 0.1) for second in range(1, 864_001)) == 864_000


def test_a_bucket_asked_twice_as_often_as_it_refills_admits_its_rate() -> None:
    budgets = MemoryBudgets()
    admitted = sum(spend(budgets, tick * 0.05) for tick in range(20_000))
    assert admitted == pytest.approx(30 + 1_000 * 10, abs=1)


def test_a_refusal_names_its_code_and_when_to_come_back() -> None:
    budgets = MemoryBudgets()
    for _ in range(30):
        spend(budgets, 5.0)
    verdict = budgets.admit((Charge("alice", TEN, "rate.principal"),), 5.0)
    assert (verdict.admitted, verdict.code, verdict.limit, verdict.remaining) == (False, "rate.principal", 30, 0)
    assert verdict.retry_after == pytest.approx(0.1)
    assert not spend(budgets, 5.0 + verdict.retry_after - 0.01)
    assert spend(budgets, 5.0 + verdict.retry_after)


def test_a_refused_charge_costs_nothing() -> None:
    budgets = MemoryBudgets()
    for _ in range(30):
        spend(budgets, 0.0)
    for _ in range(100):
        spend(budgets, 0.05)
    assert spend(budgets, 0.1)


def test_a_window_admits_its_count_in_any_stretch_of_its_length() -> None:
    budgets = MemoryBudgets()
    admitted = [tick * 0.13 for tick in range(3_000) if enter(budgets, tick * 0.13)]
    assert max(sum(1 for at in admitted if start < at <= start + 60) for start in admitted) in (299, 300)
    assert max(sum(1 for at in admitted if start <= at < start + 60) for start in admitted) == 300


def test_a_window_admits_three_hundred_at_once_and_the_next_after_sixty_seconds() -> None:
    budgets = MemoryBudgets()
    assert sum(enter(budgets, 10.0) for _ in range(400)) == 300
    assert not enter(budgets, 69.999)
    assert sum(enter(budgets, 70.0) for _ in range(400)) == 300


def test_only_what_is_admitted_counts_in_a_session() -> None:
    budgets = MemoryBudgets()
    empty = Quota(0.001, 1)
    assert spend(budgets, 0.0, quota=empty)
    both = (Charge("s1", SESSION, "rate.session"), Charge("alice", empty, "rate.principal"))
    for _ in range(500):
        assert budgets.admit(both, 1.0).code == "rate.principal"
    assert sum(enter(budgets, 2.0) for _ in range(400)) == 300


def test_a_full_session_does_not_spend_the_principals_bucket() -> None:
    budgets = MemoryBudgets()
    one = Window(1, 60)
    assert enter(budgets, 0.0, window=one)
    both = (Charge("alice", TEN, "rate.principal"), Charge("s1", one, "rate.session"))
    for _ in range(100):
        verdict = budgets.admit(both, 0.0)
        assert (verdict.code, verdict.retry_after) == ("rate.session", 60)
    assert sum(spend(budgets, 0.0) for _ in range(50)) == 30


def test_the_same_bucket_charged_twice_in_one_check_is_paid_twice_or_not_at_all() -> None:
    budgets = MemoryBudgets()
    twice = (Charge("alice", TEN, "a"), Charge("alice", TEN, "b"))
    assert sum(budgets.admit(twice, 0.0).admitted for _ in range(20)) == 15
    assert spend(budgets, 0.1)
    assert budgets.admit(twice, 0.2).code == "b"
    assert spend(budgets, 0.2)


def test_a_lowered_limit_is_in_force_at_the_next_call() -> None:
    budgets = MemoryBudgets()
    for second in range(10):
        enter(budgets, float(second))
    verdict = budgets.admit((Charge("s1", Window(4, 60), "rate.session"),), 10.0)
    assert (verdict.admitted, verdict.retry_after) == (False, 56.0)
    assert sum(spend(budgets, 10.0) for _ in range(5)) == 5
    assert sum(spend(budgets, 10.0, quota=Quota(1, 3)) for _ in range(5)) == 2


def test_a_quota_of_nothing_admits_nothing() -> None:
    budgets = MemoryBudgets()
    for quota in (Quota(0, 10), Quota(10, 0)):
        verdict = budgets.admit((Charge("k", quota, "rate.principal"),), 1.0)
        assert not verdict.admitted
        assert isinf(verdict.retry_after)
    assert not enter(budgets, 1.0, window=Window(0, 60))


def test_a_cost_above_the_burst_is_payable_when_the_bucket_is_full_and_empties_it() -> None:
    budgets = MemoryBudgets()
    assert spend(budgets, 0.0, cost=100)
    assert not spend(budgets, 0.0)


def test_a_debit_empties_a_bucket_but_never_puts_it_into_debt() -> None:
    budgets = MemoryBudgets()
    for _ in range(10):
        budgets.debit(Charge("alice", TEN, "edge", 100), 0.0)
    assert not spend(budgets, 0.0)
    assert spend(budgets, 0.1)


def test_a_clock_that_is_put_back_locks_nobody_out() -> None:
    budgets = MemoryBudgets()
    for _ in range(400):
        spend(budgets, 10_000.0)
        enter(budgets, 10_000.0)
    assert spend(budgets, 0.2) is False
    assert spend(budgets, 0.31)
    assert enter(budgets, 0.2)


def test_the_scarcest_charge_is_what_a_verdict_describes() -> None:
    verdict = MemoryBudgets().admit((Charge("a", TEN, "p"), Charge("s", Window(5, 60), "s")), 0.0)
    assert (verdict.limit, verdict.remaining, verdict.reset) == (5, 4, 60)


def test_a_table_drops_full_buckets_first() -> None:
    budgets = MemoryBudgets(buckets=3)
    spend(budgets, 0.0, key="full")
    spend(budgets, 10.0, key="used")
    for _ in range(30):
        spend(budgets, 10.0, key="empty")
    spend(budgets, 10.0, key="new")
    assert len(budgets.buckets) == 3
    assert sum(spend(budgets, 10.0, key="used") for _ in range(50)) == 29
    assert not spend(budgets, 10.0, key="empty")


def test_an_exhausted_bucket_is_never_dropped_however_many_keys_arrive() -> None:
    budgets = MemoryBudgets(buckets=50)
    for _ in range(30):
        spend(budgets, 0.0, key="greedy")
    for number in range(5_000):
        spend(budgets, 0.0, key=f"sybil-{number}")
    assert len(budgets.buckets) <= 50
    assert not spend(budgets, 0.0, key="greedy")


def test_keys_beyond_a_table_of_exhausted_buckets_share_one() -> None:
    budgets = MemoryBudgets(buckets=5)
    for key in range(5):
        for _ in range(30):
            spend(budgets, 0.0, key=str(key))
    assert sum(spend(budgets, 0.0, key=f"new-{number}") for number in range(500)) == 30


def test_sessions_beyond_a_table_of_full_windows_share_one() -> None:
    budgets = MemoryBudgets(windows=4)
    two = Window(2, 60)
    for key in range(4):
        assert sum(enter(budgets, 0.0, key=str(key), window=two) for _ in range(3)) == 2
    assert sum(enter(budgets, 1.0, key=f"new-{number}", window=two) for number in range(50)) == 2
    assert sum(enter(budgets, 61.5, key=f"late-{number}", window=two) for number in range(4)) == 4
    assert len(budgets.windows) == 4


def test_a_tables_work_for_a_new_key_does_not_grow_with_the_table() -> None:
    table = BucketTable(2)
    for number in range(10_000):
        table.cell(str(number), 0.0)
    assert len(table) == 2


def test_a_share_of_a_quota_and_of_a_window_is_never_less_than_one_call() -> None:
    assert TEN.shared(8) == Quota(1.25, 3.75)
    assert Quota(1, 2).shared(8) == Quota(0.125, 1)
    assert SESSION.shared(8) == Window(37, 60)
    assert Window(3, 60).shared(8) == Window(1, 60)
    assert TEN.shared(1) is TEN


@given(
    rate=st.floats(0.001, 10_000),
    seconds_of_burst=st.floats(0.01, 60),
    pauses=st.lists(st.floats(0, 2) | st.floats(0, 0.001) | st.floats(0, 500), max_size=80),
    costs=st.lists(st.integers(1, 5), min_size=80, max_size=80),
)
@settings(max_examples=400)
def test_no_stretch_of_time_admits_more_than_burst_and_rate_times_its_length(
    rate: float, seconds_of_burst: float, pauses: list[float], costs: list[int]
) -> None:
    quota = Quota(rate, rate * seconds_of_burst)
    admitted = admitted_at(MemoryBudgets(), quota, pauses, costs)
    assert_within(admitted, rate=rate, burst=max(1.0, rate * seconds_of_burst))


@given(
    rate=st.floats(0.001, 10_000),
    default=st.floats(1, 1_000),
    own=st.none() | st.floats(1, 1_000),
    tiers=st.tuples(st.sampled_from(sorted(RATE_TIERS)), st.none() | st.sampled_from(sorted(RATE_TIERS))),
    pauses=st.lists(st.floats(0, 2) | st.floats(0, 500), max_size=40),
    costs=st.lists(st.integers(1, 5), min_size=40, max_size=40),
)
def test_no_stretch_of_time_admits_more_than_its_classs_burst_and_rate_times_its_length(
    rate: float,
    default: float,
    own: float | None,
    tiers: tuple[str, str | None],
    pauses: list[float],
    costs: list[int],
) -> None:
    bursts = {} if own is None else {"mcp": own}
    limits = limits_of({"base_per_second": {"mcp": rate}, "burst_multiplier": default, "burst_multipliers": bursts})
    each, depth = limits.bucket("mcp", *tiers)
    assert each == min(limits.rates["mcp", tier] for tier in tiers if tier is not None)
    most = each * (default if own is None else own)
    admitted = admitted_at(MemoryBudgets(), Quota(each, depth), pauses, costs)
    assert_within(admitted, rate=each, burst=max(1.0, most))


def test_a_rate_of_less_than_a_call_in_a_burst_admits_one_call_and_then_its_rate() -> None:
    slow = Quota(0.02, 0.06)  # one call in fifty seconds, burst three times the rate: sixty asked in fifty seconds
    budgets = MemoryBudgets()
    assert sum(spend(budgets, second * 50 / 60, quota=slow) for second in range(60)) == 1
    assert spend(budgets, 50.0, quota=slow)


@pytest.mark.parametrize("now", [962.0, 1003.0, 1002.5, 941.5])
def test_after_a_clock_step_back_nobody_waits_longer_than_the_window(now: float) -> None:
    budgets, three = MemoryBudgets(), Window(3, 60)
    for at in (1000.0, 1001.0, 1002.0):
        assert enter(budgets, at, window=three)
    verdict = budgets.admit((Charge("s1", three, "rate.session"),), now)
    assert verdict.admitted or 0 < verdict.retry_after <= 60
    assert enter(budgets, now + verdict.retry_after, window=three)


@given(
    clock=st.lists(st.floats(0, 300), min_size=1, max_size=40),
    calls=st.integers(1, 5),
)
def test_no_clock_makes_a_window_wait_longer_than_its_length(clock: list[float], calls: int) -> None:
    budgets, window = MemoryBudgets(), Window(calls, 60)
    for now in clock:
        assert budgets.admit((Charge("s1", window, "rate.session"),), now).retry_after <= 60 + 1e-9

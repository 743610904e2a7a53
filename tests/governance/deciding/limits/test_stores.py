"""Budgets shared in Redis, and what a process does when it cannot reach it."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from math import isinf
from multiprocessing.synchronize import Barrier
from pathlib import Path
from random import Random

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from governance.deciding.limits.budget_script import CHECK
from governance.deciding.limits.budget_store import MemoryStore, RedisStore, redis_store
from governance.engine.budget import BudgetVerdict, Charge, MemoryBudgets, Quota, Window
from governance.engine.compiled.compilation import limits_of
from tests.governance.deciding.limits.stretches import Admitted, assert_within

URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/3")


def _answers() -> bool:
    import redis

    try:
        return bool(redis.Redis.from_url(URL, socket_connect_timeout=1).ping())
    except (RedisError, OSError):
        return False


needs_redis = pytest.mark.skipif(not _answers(), reason="Redis does not answer")
TEN = Quota(10, 30)


def charge(key: str = "alice", quota: Quota | Window = TEN, cost: float = 1) -> Charge:
    code = "rate.session" if isinstance(quota, Window) else "rate.principal"
    return Charge(key, quota, code, cost)


@pytest.fixture
async def store() -> AsyncIterator[RedisStore]:
    redis: Redis = Redis.from_url(URL)
    prefix = f"toolgate-test:{os.getpid()}:{time.monotonic_ns()}"
    yield RedisStore(redis, prefix=prefix)
    async for key in redis.scan_iter(f"{{{prefix}}}*"):
        await redis.delete(key)
    await redis.aclose()


@needs_redis
async def test_redis_admits_a_burst_and_says_when_the_next_token_comes(store: RedisStore) -> None:
    slow = Quota(0.5, 5)
    verdicts = [await store.admit((charge(quota=slow),), time.time()) for _ in range(8)]
    assert [verdict.admitted for verdict in verdicts] == [True] * 5 + [False] * 3
    assert verdicts[0].remaining == pytest.approx(4, abs=0.01)
    assert (verdicts[5].code, verdicts[5].limit) == ("rate.principal", 5)
    assert 1.5 < verdicts[5].retry_after <= 2


@needs_redis
async def test_redis_refills_by_its_own_clock(store: RedisStore) -> None:
    fast = Quota(50, 1)
    assert (await store.admit((charge(quota=fast),), time.time())).admitted
    refused = await store.admit((charge(quota=fast),), time.time())
    assert not refused.admitted
    await asyncio.sleep(refused.retry_after + 0.005)
    assert (await store.admit((charge(quota=fast),), time.time())).admitted


@needs_redis
async def test_redis_keeps_a_sessions_window(store: RedisStore) -> None:
    window = Window(5, 0.4)
    session = charge("s1", window)
    assert [(await store.admit((session,), time.time())).admitted for _ in range(7)] == [True] * 5 + [False] * 2
    refused = await store.admit((session,), time.time())
    assert refused.code == "rate.session"
    await asyncio.sleep(refused.retry_after + 0.01)
    assert (await store.admit((session,), time.time())).admitted


@needs_redis
async def test_redis_pays_every_charge_or_none(store: RedisStore) -> None:
    one, wide = Window(1, 60), Quota(0.001, 10)
    both = (charge("alice", wide), charge("s1", one))
    assert (await store.admit(both, time.time())).admitted
    for _ in range(20):
        assert (await store.admit(both, time.time())).code == "rate.session"
    left = [(await store.admit((charge("alice", wide),), time.time())).admitted for _ in range(12)]
    assert sum(left) == 9


@needs_redis
async def test_redis_takes_a_debit_down_to_empty_but_not_into_debt(store: RedisStore) -> None:
    await store.debit(charge(quota=Quota(10, 5), cost=500), time.time())
    refused = await store.admit((charge(quota=Quota(10, 5)),), time.time())
    assert not refused.admitted
    assert refused.retry_after <= 0.1


@needs_redis
async def test_redis_follows_a_policy_that_lowers_a_limit(store: RedisStore) -> None:
    for _ in range(6):
        await store.admit((charge("s1", Window(10, 60)),), time.time())
    assert not (await store.admit((charge("s1", Window(4, 60)),), time.time())).admitted
    for nothing in (Quota(0, 5), Window(0, 60)):
        verdict = await store.admit((charge("s2", nothing),), time.time())
        assert not verdict.admitted
        assert isinf(verdict.retry_after)


@needs_redis
async def test_a_check_of_redis_is_one_round_trip_and_leaves_nothing_for_ever(store: RedisStore) -> None:
    both = (charge("alice"), charge("s1", Window(300, 60)))
    await store.admit(both, time.time())
    before = (await store._redis.info("commandstats")).get("cmdstat_evalsha", {}).get("calls", 0)
    for _ in range(50):
        await store.admit(both, time.time())
    after = (await store._redis.info("commandstats"))["cmdstat_evalsha"]["calls"]
    assert after - before == 50
    async for key in store._redis.scan_iter(f"{{{store._prefix}}}*"):
        assert 0 < await store._redis.pttl(key) <= 60_001


class SetClock:
    """A store whose script goes by a clock that the test sets, in place of the server's."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis, self._key = redis, f"{{{prefix}}}:clock"
        script = f"local now = tonumber(redis.call('GET', '{self._key}'))" + CHECK
        self.store = RedisStore(redis, prefix=prefix, script=script)

    async def admit(self, now: float, *charges: Charge) -> BudgetVerdict:
        await self._redis.set(self._key, f"{now:.9f}", px=60_000)
        return await self.store.admit(charges, now)


@needs_redis
async def test_in_redis_no_stretch_of_time_admits_more_than_burst_and_rate_times_its_length(store: RedisStore) -> None:
    random, clock = Random(20261127), SetClock(store._redis, store._prefix)
    for number in range(60):
        rate = 10 ** random.uniform(-3, 4)
        quota = Quota(rate, rate * random.uniform(0.01, 60))
        memory, now, admitted = MemoryBudgets(), 1_000.0, Admitted()
        for _ in range(40):
            now += random.choice((0.0, random.random() / rate, random.random(), random.uniform(0, 500)))
            asked = charge(f"{number}", quota, cost=random.randint(1, 4))
            verdict = await clock.admit(now, asked)
            assert verdict.admitted == memory.admit((asked,), now).admitted
            if verdict.admitted:
                admitted.append((now, min(asked.cost, max(1.0, quota.burst))))
        assert_within(admitted, rate=rate, burst=max(1.0, quota.burst))


@needs_redis
async def test_in_redis_no_stretch_admits_more_than_its_classs_own_burst_and_rate(store: RedisStore) -> None:
    random, clock = Random(20261128), SetClock(store._redis, store._prefix)
    for number in range(30):
        base, own = 10 ** random.uniform(-3, 3), random.uniform(1, 20)
        limits = limits_of({"base_per_second": {"mcp": base}, "burst_multipliers": {"mcp": own}})
        rate, burst = limits.bucket("mcp", "user")
        now, admitted = 1_000.0, Admitted()
        for _ in range(60):
            now += random.choice((0.0, 0.0, random.random() / rate, random.uniform(0, 50)))
            if (await clock.admit(now, charge(f"{number}", Quota(rate, burst)))).admitted:
                admitted.append((now, 1.0))
        assert_within(admitted, rate=rate, burst=max(1.0, base * own))


@needs_redis
async def test_in_redis_after_a_clock_step_back_nobody_waits_longer_than_the_window(store: RedisStore) -> None:
    clock, window, slow = SetClock(store._redis, store._prefix), Window(3, 60), Quota(0.02, 1)
    for back in (0.5, 40.0, 59.0, 200.0):
        session, bucket = charge(f"s{back}", window), charge(f"b{back}", slow)
        for at in (1000.0, 1001.0, 1002.0):
            assert (await clock.admit(at, session)).admitted
        assert (await clock.admit(1002.0, bucket)).admitted
        refused = await clock.admit(1002.0 - back, session)
        assert refused.admitted or 0 < refused.retry_after <= 60
        assert (await clock.admit(1002.0 - back + 60.001, session)).admitted
        assert (await clock.admit(1002.0 - back, bucket)).retry_after <= 50


@needs_redis
async def test_redis_and_memory_answer_alike(store: RedisStore) -> None:
    memory = MemoryStore(MemoryBudgets())
    both = (charge("alice", Quota(0.01, 20), cost=3), charge("s1", Window(9, 60)))
    for _ in range(12):
        shared, own = await store.admit(both, time.time()), await memory.admit(both, time.time())
        assert (shared.admitted, shared.code, shared.limit) == (own.admitted, own.code, own.limit)
        assert shared.remaining == pytest.approx(own.remaining, abs=0.01)


RATE, SECONDS, PROCESSES = 200.0, 10.0, 8


def _hammer(prefix: str, barrier: Barrier, results: multiprocessing.Queue[int]) -> None:
    async def run() -> int:
        redis: Redis = Redis.from_url(URL)
        mine = RedisStore(redis, prefix=prefix)
        quota = Quota(RATE, 50)
        await mine.debit(charge("all", quota, cost=50), time.time())
        await mine.admit((charge("warm", Quota(1e6, 1e6)),), time.time())
        barrier.wait()
        admitted, end = 0, time.monotonic() + SECONDS
        while time.monotonic() < end:
            verdict = await mine.admit((charge("all", quota),), time.time())
            admitted += verdict.admitted and not verdict.degraded
            # Well above the rate in sum, well below what the machine can do.
            await asyncio.sleep(0.002)
        await redis.aclose()
        return admitted

    results.put(asyncio.run(run()))


@needs_redis
def test_eight_processes_on_redis_admit_the_configured_number_within_one_percent() -> None:
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(PROCESSES), context.Queue()
    prefix = f"toolgate-test:{os.getpid()}:eight"
    workers = [context.Process(target=_hammer, args=(prefix, barrier, results)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    counts = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(10)
    # The bucket was emptied first; its burst only bridges what the machine keeps a process waiting.
    expected = RATE * SECONDS
    assert abs(sum(counts) - expected) <= expected * 0.01, counts
    assert min(counts) > 0


class PrivateRedis:
    """A Redis of a test's own, to be stopped and started."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            "redis-server",
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("the private Redis does not answer")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None


@pytest.fixture
def private_redis(tmp_path: Path) -> Iterator[PrivateRedis]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    server = PrivateRedis(tmp_path)
    server.start()
    yield server
    server.stop()


async def test_a_redis_stop_leaves_each_process_its_share_and_it_recovers(private_redis: PrivateRedis) -> None:
    clients: list[Redis] = [
        Redis(port=private_redis.port, socket_timeout=0.25, socket_connect_timeout=0.25) for _ in range(4)
    ]
    stores = [RedisStore(client, process=f"p{number}") for number, client in enumerate(clients)]
    for _ in range(2):
        for store in stores:
            await store.heartbeat()
    assert [store.processes for store in stores] == [4, 4, 4, 4]

    private_redis.stop()
    forty = Quota(0.001, 40)
    got = []
    for store in stores:
        verdicts = [
            await store.admit((charge(quota=forty), charge("s1", Window(100, 60))), time.time()) for _ in range(30)
        ]
        assert all(verdict.degraded for verdict in verdicts)
        assert store.degraded
        got.append(sum(verdict.admitted for verdict in verdicts))
    assert got == [10, 10, 10, 10]
    await stores[0].debit(charge("bob", forty, cost=100), time.time())
    assert not (await stores[0].admit((charge("bob", forty),), time.time())).admitted

    private_redis.start()
    deadline = time.monotonic() + 5
    while any(store.degraded for store in stores) and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
        for store in stores:
            await store.admit((charge("carol", Quota(1e6, 1e6)),), time.time())
    assert not any(store.degraded for store in stores)
    shared = [
        (await store.admit((charge("dave", Quota(0.001, 10)),), time.time())).admitted
        for store in stores
        for _ in range(5)
    ]
    assert sum(shared) == 10
    for client in clients:
        await client.aclose()


async def test_a_redis_that_hangs_costs_one_request_its_patience_and_the_others_nothing() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read()
        finally:
            writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    store = redis_store(f"redis://127.0.0.1:{port}/0", at_least=1)
    began = time.monotonic()
    assert (await store.admit((charge(),), time.time())).degraded
    assert time.monotonic() - began < 1.0
    began = time.monotonic()
    for _ in range(20):
        assert (await store.admit((charge(),), time.time())).degraded
    assert time.monotonic() - began < 0.1
    await store._redis.aclose()
    server.close()


async def test_a_store_without_charges_admits() -> None:
    assert (await MemoryStore().admit((), time.time())).admitted
    assert (await RedisStore(Redis(port=1)).admit((), time.time())).admitted

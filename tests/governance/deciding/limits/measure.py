"""What a check costs, in medians of repeated runs: `python -m tests.governance.deciding.limits.measure`."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Callable

from redis.asyncio import Redis

from governance.deciding.limits.budget_store import RedisStore
from governance.engine.budget import Charge, MemoryBudgets, Quota, Window

ROUNDS, CHECKS = 7, 20_000
WIDE, LONG = Quota(1e9, 3e9), Window(10**9, 0.0001)


def alice() -> Charge:
    return Charge("alice", WIDE, "rate.principal")


def both() -> tuple[Charge, Charge]:
    return alice(), Charge("s1", LONG, "rate.session")


def measured(check: Callable[[float], object]) -> float:
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for number in range(CHECKS):
            check(number * 1e-5)
        found.append((time.perf_counter() - began) / CHECKS * 1e6)
    return statistics.median(found)


async def shared(url: str) -> float:
    redis: Redis = Redis.from_url(url)
    store = RedisStore(redis, prefix=f"toolgate-measure:{os.getpid()}")
    found = []
    for _ in range(2_000):
        began = time.perf_counter()
        await store.admit((Charge("alice", WIDE, "p"), Charge("s1", Window(300, 0.5), "s")), time.time())
        found.append((time.perf_counter() - began) * 1e6)
    await redis.aclose()
    return statistics.median(found)


def main() -> None:
    budgets = MemoryBudgets()
    sys.stdout.write(f"bucket in memory            {measured(lambda now: budgets.admit((alice(),), now)):8.2f} us\n")
    sys.stdout.write(f"bucket + session in memory  {measured(lambda now: budgets.admit(both(), now)):8.2f} us\n")
    if url := os.environ.get("REDIS_URL"):
        sys.stdout.write(f"bucket + session in Redis   {asyncio.run(shared(url)):8.2f} us\n")


if __name__ == "__main__":
    main()

"""Where budgets are kept: in this process, or in Redis for all of them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from governance.deciding.limits.budget_script import SCRIPT, arguments_of, keys_of, verdict_of
from governance.engine.budget import BudgetVerdict, Charge, MemoryBudgets

log = structlog.get_logger(__name__)

RETRY_SECONDS = 0.5
"""How long an unreachable Redis is left alone before one request tries it again."""

HEARTBEAT_SECONDS = 1.0
PROCESS_SECONDS = 10.0
"""A process that has not been heard of for so long is not counted."""


class BudgetStore(Protocol):
    """What both limits spend from."""

    @property
    def degraded(self) -> bool:
        """Whether this process counts for itself because the shared store cannot be reached."""

    async def admit(self, charges: Sequence[Charge], now: float) -> BudgetVerdict:
        """Pay every charge, or none. `now` in seconds since the epoch; a shared store goes by its own clock."""

    async def debit(self, charge: Charge, now: float) -> None:
        """Take what is there."""


class MemoryStore:
    """Budgets of one process. Never waits, so an awaiting caller stays in its turn of the event loop."""

    def __init__(self, budgets: MemoryBudgets | None = None) -> None:
        self.budgets = budgets or MemoryBudgets()

    degraded = False

    async def admit(self, charges: Sequence[Charge], now: float) -> BudgetVerdict:
        """Pay every charge, or none."""
        return self.budgets.admit(charges, now)

    async def debit(self, charge: Charge, now: float) -> None:
        """Take what is there."""
        self.budgets.debit(charge, now)


class RedisStore:
    """Budgets shared by every process, by the clock of the Redis server: one script, one round trip a check.

    While Redis cannot be reached each process spends its share of what all of them may, by the last number of
    processes it heard of (`at_least` until then), and says that it is degraded.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        prefix: str = "toolgate:limits",
        at_least: int = 1,
        process: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        script: str = SCRIPT,
    ) -> None:
        self._redis = redis
        self._script = redis.register_script(script)
        self._prefix = prefix
        self._at_least = at_least
        self._process = process or uuid.uuid4().hex
        self._clock = clock
        self._alone = MemoryBudgets()
        self._retry_at: float | None = None
        self._heartbeat_at = float("-inf")
        self.processes = at_least

    @property
    def degraded(self) -> bool:
        """Whether Redis could not be reached last time."""
        return self._retry_at is not None

    async def admit(self, charges: Sequence[Charge], now: float) -> BudgetVerdict:
        """Pay every charge in Redis, or none; out of this process's share where Redis cannot be reached."""
        if not charges:
            return self._alone.admit(charges, now)
        answer = await self._run(charges, forced=False)
        if answer is not None:
            return verdict_of(answer, charges)
        shared = [charge._replace(measure=charge.measure.shared(self.processes)) for charge in charges]
        return self._alone.admit(shared, now)._replace(degraded=True)

    async def debit(self, charge: Charge, now: float) -> None:
        """Take what is there, in Redis or out of this process's share."""
        if await self._run((charge,), forced=True) is None:
            self._alone.debit(charge._replace(measure=charge.measure.shared(self.processes)), now)

    async def heartbeat(self) -> None:
        """Say that this process is there, and learn how many are; also notices that Redis is back."""
        self._heartbeat_at = float("-inf")
        await self._run((), forced=False)

    async def _run(self, charges: Sequence[Charge], *, forced: bool) -> list[Any] | None:
        now = self._clock()
        if self._retry_at is not None:
            if now < self._retry_at:
                return None
            # One request tries; those that come meanwhile spend their share and do not wait for it.
            self._retry_at = now + RETRY_SECONDS
        beat = now - self._heartbeat_at >= HEARTBEAT_SECONDS
        try:
            answer: list[Any] = await self._script(
                keys=keys_of(self._prefix, charges),
                args=arguments_of(
                    charges, forced=forced, process=self._process if beat else "", forget_after=PROCESS_SECONDS
                ),
            )
        except (RedisError, OSError, TimeoutError) as error:
            if not self.degraded:
                log.warning("limits.degraded", error=type(error).__name__, processes=self.processes)
            self._retry_at = self._clock() + RETRY_SECONDS
            return None
        if self.degraded:
            log.info("limits.shared_again")
            self._alone = MemoryBudgets()
        self._retry_at = None
        if beat:
            self._heartbeat_at = now
            self.processes = max(self._at_least, int(answer[0]))
        return answer


def redis_store(url: str, *, at_least: int) -> RedisStore:
    """A store on the Redis at `url`, which waits at most a quarter of a second for it."""
    redis: Redis = Redis.from_url(
        url,
        socket_timeout=0.25,
        socket_connect_timeout=0.25,
        max_connections=64,
        # The client's own repeated tries would keep a decision waiting for more than a second.
        retry=Retry(NoBackoff(), 0),
    )
    return RedisStore(redis, at_least=at_least)

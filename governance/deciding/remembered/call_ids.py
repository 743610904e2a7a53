"""Answers remembered by `call_id`, so that a repeated request is neither decided nor charged twice.

A `call_id` belongs to (principal, agent, session) and to the digest of the whole request: the same id with another
request is a conflict. An answer is given again for ten minutes while the state that it rests on (release, switches,
revocations, approvals) is unchanged and, for an allow, before its `valid_until`. Asks and errors are not stored.
The table is bounded for each principal: beyond `MOST_PER_PRINCIPAL` its oldest answer is forgotten first.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable
from dataclasses import asdict, dataclass, replace
from typing import Protocol

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from governance.engine.decision import Effect

KEPT_SECONDS = 600.0
MOST_PER_PRINCIPAL = 2_000
MOST = 50_000
IN_FLIGHT_SECONDS = 60

Owner = tuple[str, str, str]
"""Principal, agent and signed session; empty where there is none."""


class CallIdConflict(Exception):
    """The same `call_id` was used for another request."""


class InFlight(Exception):
    """The same request is being decided right now by another process."""


class Unavailable(Exception):
    """The shared table cannot be reached, so that a repeat could not be told from a first call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedAnswer:
    """One answer: the request's digest, what it rests on, and the bytes that were answered."""

    digest: str
    basis: str
    decision_id: str
    effect: str
    stored_at: float
    valid_until: float | None
    body: str
    repeats: int = 0

    def holds(self, *, basis: str, now: float) -> bool:
        """Whether this answer may be given again."""
        if basis != self.basis or now >= self.stored_at + KEPT_SECONDS:
            return False
        return self.effect != Effect.ALLOW or (self.valid_until is not None and now < self.valid_until)


class CallIds(Protocol):
    """Where remembered answers are kept."""

    def claim(self, owner: Owner, call_id: str, digest: str, *, now: float) -> Awaitable[RememberedAnswer | None]:
        """Take the id for this request and return what was answered before, if anything; raise `CallIdConflict`."""

    def keep(self, owner: Owner, call_id: str, remembered: RememberedAnswer) -> Awaitable[None]:
        """Remember an answer and release the claim."""

    def release(self, owner: Owner, call_id: str) -> Awaitable[None]:
        """Give the claim back without an answer."""


class LocalCallIds:
    """The table of a single web process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Owner, str], RememberedAnswer] = OrderedDict()
        self._of_principal: dict[str, OrderedDict[tuple[Owner, str], None]] = {}
        self._deciding: dict[tuple[Owner, str], tuple[str, asyncio.Event]] = {}

    async def claim(self, owner: Owner, call_id: str, digest: str, *, now: float) -> RememberedAnswer | None:
        """Wait for the same request where it is being decided, then take the id."""
        key = (owner, call_id)
        while (deciding := self._deciding.get(key)) is not None:
            if deciding[0] != digest:
                raise CallIdConflict
            await deciding[1].wait()
        known = self._kept.get(key)
        if known is not None and now < known.stored_at + KEPT_SECONDS:
            if known.digest != digest:
                raise CallIdConflict
            known = self._kept[key] = replace(known, repeats=known.repeats + 1)
        elif known is not None:
            self._forget(key)
            known = None
        self._deciding[key] = (digest, asyncio.Event())
        return known

    async def keep(self, owner: Owner, call_id: str, remembered: RememberedAnswer) -> None:
        """Remember the answer; the principal's oldest goes where there are too many."""
        self.recall(owner, call_id, remembered)
        await self.release(owner, call_id)

    def recall(self, owner: Owner, call_id: str, remembered: RememberedAnswer) -> None:
        """Remember an answer without a claim: at start, what an earlier process answered."""
        key = (owner, call_id)
        self._forget(key)
        mine = self._of_principal.setdefault(owner[0], OrderedDict())
        self._kept[key] = remembered
        mine[key] = None
        if len(mine) > MOST_PER_PRINCIPAL:
            self._forget(next(iter(mine)))
        elif len(self._kept) > MOST:
            self._forget(next(iter(self._kept)))

    async def release(self, owner: Owner, call_id: str) -> None:
        """Let those go on who wait for the same request."""
        deciding = self._deciding.pop((owner, call_id), None)
        if deciding is not None:
            deciding[1].set()

    def _forget(self, key: tuple[Owner, str]) -> None:
        self._kept.pop(key, None)
        mine = self._of_principal.get(key[0][0])
        if mine is not None:
            mine.pop(key, None)
            if not mine:
                del self._of_principal[key[0][0]]


_CLAIM = """
local kept = redis.call('GET', KEYS[1])
if kept then return {'kept', kept} end
local taken = redis.call('SET', KEYS[2], ARGV[1], 'NX', 'EX', ARGV[2])
if taken then return {'claimed', ''} end
return {'deciding', redis.call('GET', KEYS[2])}
"""


class SharedCallIds:
    """The table of several web processes, in Redis."""

    def __init__(self, redis: Redis, *, prefix: str = "toolgate:call") -> None:
        self._redis = redis
        self._prefix = prefix
        self._claim = redis.register_script(_CLAIM)

    async def claim(self, owner: Owner, call_id: str, digest: str, *, now: float) -> RememberedAnswer | None:
        """Take the id, or raise `InFlight` where another process is deciding the same request."""
        kept_key, claim_key = self._keys(owner, call_id)
        try:
            state, value = await self._claim(keys=[kept_key, claim_key], args=[digest, IN_FLIGHT_SECONDS])
        except RedisError as error:
            raise Unavailable from error
        if state == b"claimed":
            return None
        if state == b"deciding":
            if value is not None and value.decode() != digest:
                raise CallIdConflict
            raise InFlight
        remembered = RememberedAnswer(**orjson.loads(value))
        if remembered.digest != digest:
            raise CallIdConflict
        return replace(remembered, repeats=remembered.repeats + 1)

    async def keep(self, owner: Owner, call_id: str, remembered: RememberedAnswer) -> None:
        """Remember the answer for ten minutes."""
        kept_key, claim_key = self._keys(owner, call_id)
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.set(kept_key, orjson.dumps(asdict(remembered)), ex=int(KEPT_SECONDS))
                pipe.delete(claim_key)
                await pipe.execute()
        except RedisError as error:
            raise Unavailable from error

    async def release(self, owner: Owner, call_id: str) -> None:
        """Give the claim back; where Redis is gone it ends by itself."""
        try:
            await self._redis.delete(self._keys(owner, call_id)[1])
        except RedisError:
            return

    def _keys(self, owner: Owner, call_id: str) -> tuple[str, str]:
        name = orjson.dumps([*owner, call_id]).decode()
        return f"{self._prefix}:kept:{name}", f"{self._prefix}:deciding:{name}"

"""Nonces of trusted proxies, remembered once for all web processes: what one has seen, none takes again."""

from __future__ import annotations

from redis import Redis
from redis.exceptions import RedisError

from accounts.credentials.proxy import WINDOW


class SharedNonces:
    """Nonces in Redis, each for twice the window. Asked only for headers whose signature holds.

    The answer is waited for on the event loop, at most for the client's time-outs: a request that a proxy vouches for
    is rare beside tokens, and nothing of it may be believed before.
    """

    def __init__(self, redis: Redis, *, prefix: str = "toolgate:nonce") -> None:
        self._redis, self._prefix = redis, prefix

    def first_use(self, nonce: str, now: float) -> bool:
        """Whether `nonce` is new. False where Redis cannot say so."""
        try:
            return self._redis.set(f"{self._prefix}:{nonce}", b"1", nx=True, ex=int(2 * WINDOW)) is True
        except RedisError:
            return False

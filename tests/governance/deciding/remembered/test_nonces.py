"""Nonces of trusted proxies over several processes."""

from __future__ import annotations

import os
import uuid

import pytest
from redis import Redis
from redis.exceptions import RedisError

from governance.deciding.remembered.nonces import SharedNonces
from tests.governance.deciding.limits.test_stores import needs_redis

URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/3")


@needs_redis
def test_a_nonce_that_one_process_has_seen_is_taken_by_no_other() -> None:
    one, other = (SharedNonces(Redis.from_url(URL), prefix="toolgate-test:nonce") for _ in range(2))
    nonce = uuid.uuid4().hex
    assert one.first_use(nonce, 0.0)
    assert not other.first_use(nonce, 0.0)
    assert not one.first_use(nonce, 0.0)


def test_a_nonce_that_nobody_can_look_up_is_not_new() -> None:
    away = Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1)
    with pytest.raises(RedisError):
        away.ping()
    assert not SharedNonces(away).first_use("n", 0.0)

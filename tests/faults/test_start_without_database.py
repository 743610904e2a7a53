"""A web process that starts while the database is away goes on from the state on disk until that is stale."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.machine.postgres import APP_ROLE
from tests.config.machine.processes import wait_for
from tests.config.machine.serving import free_port
from tests.faults.product import Product

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]

STALE_AFTER = 30


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """One web process on a database that it does not start by itself."""
    made = Product(tmp_path, (free_port(),), stale_after=STALE_AFTER)
    try:
        made.start()
        made.settings["DATABASE_URL"] = f"postgres://{APP_ROLE}@/toolgate?host={made.cluster.sockets}"
        made.spawn("web0", "-m", "config.machine.start")
        made.wait_until_up()
        yield made
    finally:
        made.end()


def test_a_start_without_the_database_decides_from_the_kept_state_and_then_denies(product: Product) -> None:
    state = product.var / "state"
    wait_for(lambda: product.decide()[1].get("decision") == "allow", seconds=20, what="decisions")
    wait_for(lambda: (state / "confirmed").exists(), seconds=20, what="the state on disk")
    web = product.parts[0]
    assert web.process is not None
    os.killpg(web.process.pid, signal.SIGKILL)
    product.kill_postgres()
    confirmed_at = (state / "confirmed").stat().st_mtime
    web.kill()
    web.process = web.start()
    product.wait_until_up()
    assert product.get("/readyz")[1]["checks"]["database"] == "not ok"
    status, answer = product.decide()
    assert (status, answer["decision"]) == (200, "allow"), answer
    assert product.decide("alice", tool="nothing-like-it")[1]["code"] == "entity.unknown"
    while product.decide()[1].get("code") != "policy.stale":
        assert time.time() - confirmed_at <= STALE_AFTER + 3, "it never became stale"
        time.sleep(0.5)
    product.revive_postgres()
    wait_for(lambda: product.decide()[1].get("decision") == "allow", seconds=15, what="allows once it is back")


@pytest.mark.parametrize("part", ["directory", "release", "controls", "confirmed"])
def test_a_state_that_was_altered_or_is_not_all_there_denies(product: Product, part: str) -> None:
    state = product.var / "state"
    wait_for(lambda: (state / "confirmed").exists(), seconds=30, what="the state on disk")
    web = product.parts[0]
    assert web.process is not None
    os.killpg(web.process.pid, signal.SIGKILL)
    product.kill_postgres()
    content = bytearray((state / part).read_bytes())
    content[-2] ^= 1
    (state / part).write_bytes(content)
    web.kill()
    web.process = web.start()
    product.wait_until_up()
    status, answer = product.decide()
    assert status == 401 or answer["decision"] == "deny", answer

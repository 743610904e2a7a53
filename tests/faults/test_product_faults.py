"""The real processes, killed at random while real clients ask: every receipt is in the trail, once."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.machine.serving import free_port
from tests.faults.product import Load, Product, judge, shoot

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    made = Product(tmp_path, (free_port(), free_port()))
    try:
        made.start()
        made.run_all()
        made.wait_until_up()
        yield made
    finally:
        made.end()


def test_every_receipt_of_a_killed_product_is_in_the_trail_once(product: Product) -> None:
    seed = int(os.environ.get("FAULT_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"fault test of the product: seed {seed}")
    with Load(product) as load:
        shoot(product, chance=random.Random(seed), seconds=30, kills=40)
    product.settle()
    verdict = judge(product, load)
    print(verdict, dict(load.statuses))
    assert verdict.kills.total() >= 40
    assert {"web0", "web1", "shipper", "worker", "postgres"} <= set(verdict.kills)
    assert not [name for name in verdict.kills if name.endswith("by itself)")], "nothing else ends when one part dies"
    assert verdict.acknowledged > 1_000
    assert len(load.ids) == len(set(load.ids))
    assert not list(product.journal.glob("*.log")), "everything was shipped and deleted"
    assert not (product.journal / "quarantine").exists()
    assert verdict.whole, verdict

"""What the journal or the database does to the real web when it goes: no answer without a record, and no restart."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.config.machine.processes import wait_for
from tests.config.machine.serving import free_port
from tests.faults.harness import Part
from tests.faults.product import Asking, Product

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]

STALE_AFTER = 6
CAP = 1 << 20


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One web process on its own database, with a journal of 1 MiB at most."""
    made = Product(
        tmp_path_factory.mktemp("outages"),
        (free_port(),),
        settings={"TOOLGATE_JOURNAL_CAP": "1", "TOOLGATE_JOURNAL_RESERVE": "0"},
        stale_after=STALE_AFTER,
    )
    try:
        made.start()
        made.spawn("web0", "-m", "config.machine.start")
        made.wait_until_up()
        yield made
    finally:
        made.end()


@pytest.fixture
def product(installed: Product) -> Iterator[Product]:
    """The same, well, and with its shipper running or about to."""
    wait_for(lambda: decides(installed), seconds=20, what="decisions before the test")
    yield installed
    for part in [part for part in installed.parts if part.name == "shipper"]:
        part.stop()
        installed.parts.remove(part)


def ship(product: Product) -> Part:
    return product.spawn("shipper", "manage.py", "ship", "--direct")


def decides(product: Product) -> bool:
    return product.decide()[0] == 200


def ready(product: Product) -> tuple[int, Any]:
    return product.get("/readyz")


def in_the_trail(product: Product, receipts: list[dict[str, Any]]) -> bool:
    wanted = {(receipt["boot"], receipt["n"], receipt["digest"]) for receipt in receipts}
    with product.connect() as connection:
        rows = connection.execute("SELECT boot::text, n, encode(leaf, 'hex') FROM audit_trail WHERE boot IS NOT NULL")
        return wanted <= {(boot, n, digest) for boot, n, digest in rows}


def assert_denied_then_healed(product: Product, *, heal: Callable[[], object], seconds: float = 20) -> None:
    """While it lasts 503 and unready, with the reason; afterwards 200 from the same process, by itself."""
    web = next(part for part in product.parts if part.name == "web0").process
    assert web is not None
    before = web.pid
    status, answer = product.decide()
    assert (status, answer["code"]) == (503, "audit.unavailable")
    assert "decision" not in answer
    status, told = ready(product)
    assert status == 503
    assert told["checks"]["journal"] == "not ok"
    heal()
    wait_for(lambda: decides(product), seconds=seconds, what="decisions once the journal can be written again")
    wait_for(lambda: ready(product)[0] == 200, seconds=5, what="readiness once the journal can be written again")
    assert web.poll() is None
    assert web.pid == before


def test_a_full_disk_denies_loses_nothing_and_heals_by_itself(product: Product) -> None:
    receipts = [product.decide()[1]["receipt"] for _ in range(5)]
    web = next(part for part in product.parts if part.name == "web0").process
    assert web is not None
    full = max(path.stat().st_size for path in product.journal.glob("*.log"))
    _, hard = resource.prlimit(web.pid, resource.RLIMIT_FSIZE)
    # To the process this is a disk that takes a part of the next frame and then nothing.
    resource.prlimit(web.pid, resource.RLIMIT_FSIZE, (full + 700, hard))
    assert_denied_then_healed(product, heal=lambda: resource.prlimit(web.pid, resource.RLIMIT_FSIZE, (hard, hard)))
    receipts.append(product.decide()[1]["receipt"])
    ship(product)
    wait_for(lambda: in_the_trail(product, receipts), seconds=30, what="every receipt in the trail")


def test_a_journal_at_its_cap_denies_until_it_is_shipped(product: Product) -> None:
    receipts: list[dict[str, Any]] = []
    askers = [Asking(product.ports[0], token) for token in product.tokens.values()]
    text = "lorem ipsum " * 900
    deadline = time.monotonic() + 60
    note = {"note": text}  # large ones first; the small ones of everybody fit for longer
    while True:
        assert time.monotonic() < deadline, "the cap was never reached"
        refused = 0
        for asking in askers:
            status, answer = asking.ask({"server": "files", "tool": "read", "arguments": {"path": "/a", **note}})
            if status == 200:
                receipts.append(answer["receipt"])
            refused += status == 503
        if refused == len(askers) and not note:
            break
        note = note if refused < len(askers) else {}
    assert sum(path.stat().st_size for path in product.journal.glob("*.log")) <= CAP
    status, answer = product.decide()
    assert (status, answer["code"]) == (503, "audit.unavailable")
    ship(product)
    wait_for(lambda: in_the_trail(product, receipts), seconds=40, what="every receipt in the trail")
    wait_for(lambda: decides(product), seconds=20, what="decisions once the journal is shipped")


@pytest.mark.parametrize("what", ["gone", "not_writable"])
def test_a_journal_folder_that_goes_denies_and_heals_when_it_is_back(product: Product, what: str) -> None:
    receipts = [product.decide()[1]["receipt"] for _ in range(5)]
    away = product.journal.with_name("away")
    product.journal.rename(away)
    if what == "not_writable":
        product.journal.symlink_to("/proc/self/fdinfo")  # a folder in which nobody, root included, makes a file
    time.sleep(0.3)  # it is looked at every 250 ms

    def bring_back() -> None:
        if what == "not_writable":
            product.journal.unlink()
        away.rename(product.journal)

    assert_denied_then_healed(product, heal=bring_back)
    receipts.append(product.decide()[1]["receipt"])
    ship(product)
    wait_for(lambda: in_the_trail(product, receipts), seconds=30, what="every receipt in the trail")


def test_without_the_database_calls_are_decided_until_state_is_stale_and_records_arrive_later(product: Product) -> None:
    shipper = ship(product)
    first = product.decide()[1]
    wait_for(lambda: in_the_trail(product, [first["receipt"]]), seconds=30, what="the shipper at work")
    product.kill_postgres()
    killed_at = time.monotonic()
    wait_for(
        lambda: ready(product)[1]["checks"]["database"] == "not ok", seconds=3, what="readyz to say that it is away"
    )
    receipts: list[dict[str, Any]] = []
    fresh = 0
    while (answer := product.decide()[1])["decision"] == "allow":
        receipts.append(answer["receipt"])
        assert ready(product)[0] == 200, "a database that is away is no reason to be unready yet"
        fresh += 1
        assert time.monotonic() - killed_at < STALE_AFTER + 5, "it never became stale"
        time.sleep(0.2)
    stale_for = time.monotonic() - killed_at
    assert fresh >= 5
    assert STALE_AFTER - 2 <= stale_for <= STALE_AFTER + 2
    assert answer["decision"] == "deny"
    assert answer["code"] == "policy.stale"
    receipts.append(answer["receipt"])
    status, told = ready(product)
    assert status == 503
    assert told["checks"]["database"] == told["checks"]["state"] == "not ok"
    product.revive_postgres()
    wait_for(lambda: product.decide()[1]["decision"] == "allow", seconds=10, what="allows once it is back")
    wait_for(lambda: ready(product)[0] == 200, seconds=10, what="readiness once it is back")
    wait_for(lambda: in_the_trail(product, receipts), seconds=20, what="what was decided meanwhile in the trail")
    assert shipper.process is not None
    assert shipper.process.poll() is None, product.log_of("shipper")


def test_a_web_process_that_starts_without_the_trail_writes_on(product: Product) -> None:
    """Killed and started again while nothing ships: what both wrote arrives, in both boots' order."""
    web = next(part for part in product.parts if part.name == "web0")
    receipts = [product.decide()[1]["receipt"]]
    assert web.process is not None
    os.killpg(web.process.pid, signal.SIGKILL)
    web.kill()
    web.process = web.start()
    product.wait_until_up()
    wait_for(lambda: decides(product), seconds=20, what="decisions after the start")
    receipts.append(product.decide()[1]["receipt"])
    assert receipts[0]["boot"] != receipts[1]["boot"]
    ship(product)
    wait_for(lambda: in_the_trail(product, receipts), seconds=30, what="every receipt in the trail")

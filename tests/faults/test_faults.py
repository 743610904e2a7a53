"""Kill anything at any moment: what was acknowledged is in the trail, once, with no counter missing."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.machine.postgres import Cluster
from tests.audit.builders import decision, frames_of, journal
from tests.faults.harness import Harness, Verdict

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A PostgreSQL of our own, with the trail's tables, to be killed."""
    cluster = Cluster.kept_in(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.start()
        Harness(Path(cluster.owner), cluster, "direct", "", 0).manage("migrate", "--database", "owner", "audit")
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("FAULT_SEED", random.SystemRandom().randrange(1 << 32)))


@pytest.fixture
def empty(server: Cluster) -> Cluster:
    """The cluster with an empty trail: dropped and migrated anew, since nothing can be deleted from it."""
    harness = Harness(Path(server.owner), server, "direct", "", 0)
    harness.manage("migrate", "--database", "owner", "audit", "zero")
    harness.manage("migrate", "--database", "owner", "audit")
    return server


@pytest.mark.redis
def test_random_kills_lose_nothing_and_double_nothing(
    empty: Cluster, tmp_path: Path, redis_url: str, seed: int
) -> None:
    harness = Harness(tmp_path, empty, "celery", redis_url, seed)
    try:
        verdict = harness.run(seconds=30, kills=40)
    finally:
        harness.end()
    print(verdict)
    assert verdict.kills.total() >= 40
    assert verdict.kills["postgres"] >= 3
    assert verdict.acknowledged > 1_000
    assert not list(harness.journal.glob("*.log")), "everything was shipped and deleted"
    assert not (harness.journal / "quarantine").exists()
    assert verdict.whole, verdict


@pytest.mark.parametrize(
    ("part", "point"),
    [
        ("producer0", "journal.before_write:40"),
        ("producer0", "journal.mid_frame:40"),
        ("producer0", "journal.written:40"),
        ("shipper", "ingest.before_insert:3"),
        ("shipper", "ingest.before_commit:3"),
        ("shipper", "ingest.committed:3"),
        ("shipper", "ship.sent:3"),
        ("shipper", "ship.before_unlink:1"),
    ],
)
def test_a_crash_at_a_named_point_loses_nothing(
    empty: Cluster, tmp_path: Path, part: str, point: str, seed: int
) -> None:
    harness = Harness(tmp_path, empty, "direct", "", seed, producers=2, crash_at={part: point})
    try:
        verdict = harness.run(seconds=4, kills=0, postgres=False)
    finally:
        harness.end()
    print(verdict)
    assert verdict.kills[f"{part} (by itself)"] >= 1, "the crash point was not reached"
    assert verdict.acknowledged > 40
    assert verdict.whole, verdict


@pytest.mark.parametrize(
    "point", ["ingest.before_insert:2", "ingest.before_commit:2", "ingest.committed:2", "ship.before_unlink:1"]
)
def test_a_crash_over_a_damaged_segment_loses_the_damaged_frame_alone(
    empty: Cluster, tmp_path: Path, point: str, seed: int
) -> None:
    """The second thing stored is the damaged stretch, after the frames before it."""
    harness = Harness(tmp_path, empty, "direct", "", seed, producers=0, crash_at={"shipper": point})
    writer = journal(harness.journal)
    receipts = [writer.append(decision()) for _ in range(40)]
    writer.close()
    (path,) = harness.journal.glob("*.log")
    raw = bytearray(path.read_bytes())
    raw[frames_of(path)[20].start + 300] ^= 4
    path.write_bytes(raw)
    lost = receipts[18]
    assert lost.n == 20
    told = [receipt for receipt in receipts if receipt is not lost]
    answers = "".join(f"{receipt.boot} {receipt.n} {receipt.digest}\n" for receipt in told)
    (tmp_path / "acknowledged").write_text(answers)
    try:
        verdict = harness.run(seconds=2, kills=0, postgres=False)
        with harness.connect() as connection:
            kept = connection.execute("SELECT segment, n FROM audit_quarantine").fetchall()
    finally:
        harness.end()
    print(verdict)
    assert verdict.kills["shipper (by itself)"] >= 1, "the crash point was not reached"
    assert (verdict.lost, verdict.doubled, verdict.gaps, verdict.seq_holes) == (0, 0, 1, 0), verdict
    assert kept in ([(path.stem, 20)], [(path.stem, None)])
    assert (harness.journal / "quarantine" / path.name).read_bytes() == raw


@pytest.mark.parametrize("way", ["cursor_first", "insert_first"])
def test_the_check_sees_what_a_wrong_order_loses_or_doubles(
    empty: Cluster, tmp_path: Path, way: str, seed: int
) -> None:
    """Negative controls: a check that passed these would prove nothing. A kill must fall between the two writes, which
    a busy machine may need several goes for."""
    for go in range(4):
        verdict = _in_a_wrong_order(empty, tmp_path / str(go), way, seed + go)
        print(verdict)
        if not verdict.whole:
            break
    assert not verdict.whole
    assert (verdict.lost if way == "cursor_first" else verdict.doubled) > 0, verdict


def _in_a_wrong_order(empty: Cluster, folder: Path, way: str, seed: int) -> Verdict:
    """What the check says of twelve seconds of kills with a shipper that writes in the wrong order."""
    folder.mkdir()
    harness = Harness(folder, empty, way, "", seed, table="control_trail")
    with harness.connect() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS control_trail (LIKE audit_trail)")
        connection.execute("TRUNCATE control_trail")
        connection.execute("GRANT SELECT, INSERT ON control_trail TO toolgate_app")
    try:
        return harness.run(seconds=12, kills=15, postgres=False, settle=10)
    finally:
        harness.end()

"""Throughput of the way into the trail: `python tests/bench/ingest_speed.py [records]`, on the configured database.

Prints records a second for journalling, for reading and checking, for the COPY alone, and end to end in one process
that both ships and stores.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import uuid
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
django.setup()

from audit import ingest, process  # noqa: E402
from audit.batch import check_batch  # noqa: E402
from audit.columns import Row  # noqa: E402
from audit.record import stamp  # noqa: E402
from audit.ship import Shipper  # noqa: E402
from audit.shipped import ShippedSegment  # noqa: E402
from tests.audit.records import decision, journal, key_for  # noqa: E402


def told(name: str, count: int, began: float, cpu: float) -> None:
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    print(f"{name:32} {count / wall:10.0f} records/s   {used / count * 1e6:6.1f} µs CPU a record in this process")


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal"
        writer = journal(path)
        made = decision()
        began, cpu = time.perf_counter(), time.process_time()
        for _ in range(count):
            writer.append(made)
        told("journal append", count, began, cpu)
        writer.close()
        began, cpu, seen = time.perf_counter(), time.process_time(), 0
        for file in sorted(path.glob("*.log")):
            segment = ShippedSegment(file, key_for)
            while (found := segment.next_batch(complete=True)) is not None:
                segment.advance(*found, at=0)
                seen += len(check_batch(found[0], key_for).rows)
        told("read, check, make rows", seen, began, cpu)
        shipper = Shipper(path, key_for=key_for, connect=process.connect, send=None, alarm=lambda *_: None)
        began, cpu = time.perf_counter(), time.process_time()
        while shipper.step():
            pass
        told("end to end, one process", count, began, cpu)
        shipper.close()
    node, boot = str(uuid.uuid4()), str(uuid.uuid4())
    rows = [
        Row(stamp(made, at=time.time_ns() // 1000, node=node, boot=boot, n=n, random=os.urandom(24))[1])
        for n in range(1, count + 1)
    ]
    with process.connect() as connection:
        began, cpu = time.perf_counter(), time.process_time()
        for start in range(0, count, 512):
            with connection.transaction():
                ingest._lock(connection)
                ingest._copy(connection, rows[start : start + 512])
        told("COPY alone, 512 a transaction", count, began, cpu)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)

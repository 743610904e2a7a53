"""Throughput of the way into the trail: `python -m tests.bench.trail_bench [records]`.

Journalling, reading and checking, the COPY alone, and end to end: in one process that both ships and stores, and in
two that share the work as shipper and worker do (a pipe in the broker's place). On a
database of its own that is made before and dropped after (DATABASE_URL's server, or the tests' embedded one). Prints
JSON: records a second and processor time of this process for a record, in µs.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402
from django.test.utils import setup_databases, teardown_databases  # noqa: E402

from audit.intake import ingest  # noqa: E402
from audit.intake.batch import Batch, check_batch  # noqa: E402
from audit.intake.columns import Row  # noqa: E402
from audit.intake.ship import Shipper  # noqa: E402
from audit.intake.shipped import ShippedSegment  # noqa: E402
from audit.records.record import stamp  # noqa: E402
from audit.writing import process  # noqa: E402
from config.machine.postgres import SUPERUSER, Cluster, leased  # noqa: E402
from tests.audit.builders import decision, journal, key_for  # noqa: E402

BATCH = 512
NAME = "toolgate_bench"
Figures = dict[str, dict[str, float]]


@contextmanager
def database() -> Iterator[None]:
    """A migrated database for the length of the bench."""
    embedded = leased(Cluster.kept_in(settings.TOOLGATE_VAR)) if settings.TOOLGATE_EMBEDDED else nullcontext()
    with embedded as running:
        if running is not None:
            for alias in ("default", "owner"):
                for target in (settings.DATABASES[alias], connections[alias].settings_dict):
                    target.update(HOST=str(running.sockets), USER=SUPERUSER)
        for alias in connections:
            connections[alias].settings_dict["TEST"]["NAME"] = NAME  # tests may be running on theirs
        made = setup_databases(verbosity=0, interactive=False)
        try:
            yield
        finally:
            teardown_databases(made, verbosity=0)


def figures(count: int) -> Figures:
    """Every figure by name, from `count` records of an ordinary decision."""
    found: Figures = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal"
        writer, made = journal(path), decision()
        with _noted(found, "journal append", count):
            for _ in range(count):
                writer.append(made)
        writer.close()
        with _noted(found, "read, check, make rows", count):
            for file in sorted(path.glob("*.log")):
                segment = ShippedSegment(file, key_for)
                while (batch := segment.next_batch(complete=True)) is not None:
                    segment.advance(*batch, at=0)
                    check_batch(batch[0], key_for)
        shipper = Shipper(path, key_for=key_for, connect=process.connect, send=None, alarm=lambda *_: None)
        with _noted(found, "end to end", count):
            while shipper.step():
                pass
        shipper.close()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal"
        writer = journal(path)
        for _ in range(count):
            writer.append(made)
        writer.close()
        _in_two_processes(found, path, count)
    node, boot = str(uuid.uuid4()), str(uuid.uuid4())
    rows = [
        Row(stamp(made, at=time.time_ns() // 1000, node=node, boot=boot, n=n, random=os.urandom(24))[1])
        for n in range(1, count + 1)
    ]
    with process.connect() as connection, _noted(found, "COPY alone", count):
        for start in range(0, count, BATCH):
            with connection.transaction():
                ingest.lock_sequence(connection)
                ingest.copy_rows(connection, rows[start : start + BATCH])
    return found


def _in_two_processes(found: Figures, path: Path, count: int) -> None:
    """Ship here and store in another process; processor time is that of both."""
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("fork")
    connections.close_all()
    worker = context.Process(target=_store_all, args=(theirs, ours))
    worker.start()
    theirs.close()
    shipper = Shipper(
        path,
        key_for=key_for,
        connect=process.connect,
        send=lambda batch: ours.send(batch.message()),
        alarm=lambda *_: None,
    )
    assert ours.recv() == "ready"
    with _noted(found, "end to end, two processes", count):
        while list(path.glob("*.log")):
            if not shipper.step():
                shipper._wait()
    shipper.close()
    ours.close()
    worker.join()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    found["end to end, two processes"]["micros"] += (used.ru_utime + used.ru_stime) / count * 1e6


def _store_all(batches: Pipe, other: Pipe) -> None:
    """A worker: stores each batch that comes."""
    other.close()
    with process.connect() as connection:
        batches.send("ready")
        while True:
            try:
                batch = Batch(**batches.recv())
            except EOFError:
                return
            ingest.ingest_batch(connection, batch, key_for=key_for, alarm=lambda *_: None)


@contextmanager
def _noted(found: Figures, name: str, count: int) -> Iterator[None]:
    began, cpu = time.perf_counter(), time.process_time()
    yield
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    found[name] = {"rate": count / wall, "micros": used / count * 1e6}


def main() -> None:
    """Print the figures as JSON."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with database():
        print(json.dumps(figures(count)))


if __name__ == "__main__":
    main()

"""Starts producers, shipper, worker and PostgreSQL, kills them at random, compares what was said with what is kept."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis

from config.machine.postgres import Cluster, PostgresError

ROOT = Path(__file__).resolve().parents[2]
Record = tuple[str, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a run came to: records acknowledged, in the trail, lost, doubled; counters and numbers missing."""

    acknowledged: int
    recorded: int
    lost: int
    doubled: int
    gaps: int
    seq_holes: int
    kills: Counter[str]

    @property
    def whole(self) -> bool:
        return not (self.lost or self.doubled or self.gaps or self.seq_holes)


@dataclass(slots=True)
class Part:
    """One process that is killed and started again."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self, seconds: float = 20) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()


@dataclass(slots=True)
class Harness:
    """One run in `folder`. `way` is celery, direct, or one of the broken ways."""

    folder: Path
    cluster: Cluster
    way: str
    redis_url: str
    seed: int
    producers: int = 3
    per_second: float = 150
    table: str = "audit_trail"
    crash_at: dict[str, str] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)

    @property
    def journal(self) -> Path:
        return self.folder / "journal"

    @property
    def queues(self) -> str:
        """What the keys of this run's queues in Redis begin with."""
        return f"faults:{self.folder}:"

    def environment(self, name: str) -> dict[str, str]:
        made = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.faults.fault_settings",
            "PYTHONPATH": str(ROOT),
            "FAULT_SOCKETS": str(self.cluster.sockets),
            "TOOLGATE_VAR": str(self.folder),
            "REDIS_URL": self.redis_url,
            "FAULT_QUEUES": self.queues,
        }
        made.pop("DATABASE_URL", None)
        if name in self.crash_at:
            made["AUDIT_CRASH_AT"] = self.crash_at[name]
        return made

    def spawn(self, name: str, *arguments: str) -> Part:
        def start() -> subprocess.Popen[bytes]:
            with (self.folder / f"{name}.log").open("ab") as log:
                return subprocess.Popen(
                    [sys.executable, "-m", *arguments], cwd=ROOT, env=self.environment(name), stdout=log, stderr=log
                )

        part = Part(name, start)
        part.process = start()
        self.parts.append(part)
        return part

    def manage(self, *arguments: str) -> None:
        """Run one management command to its end."""
        command = [sys.executable, "-m", "django", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment("manage"), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def run(self, *, seconds: float, kills: int, postgres: bool = True, settle: float = 90) -> Verdict:
        """Load and kill for at least `seconds` and `kills`, let everything settle, and judge.

        Without `kills` it only waits, at most a minute, for the crash points to be reached.
        """
        chance = random.Random(self.seed)
        print(f"fault test {self.way}: seed {self.seed}")
        self.journal.mkdir(mode=0o700, exist_ok=True)
        answers = self.folder / "acknowledged"
        for number in range(self.producers):
            self.spawn(
                f"producer{number}", "tests.faults.producer", str(self.journal), str(answers), str(self.per_second)
            )
        self.spawn("shipper", "tests.faults.shipping", str(self.journal), self.way)
        if self.way == "celery":
            self.spawn("worker", "tests.faults.worker")
        began, count = time.monotonic(), 0
        while time.monotonic() - began < seconds or count < kills or (self.crash_at and time.monotonic() - began < 60):
            time.sleep(chance.uniform(0.3, 0.9))
            self._revive()
            if not kills:
                continue
            count += 1
            if postgres and count % 9 == 5:
                self._kill_postgres()
                continue
            part = chance.choice(self.parts)
            part.kill()
            self.kills[part.name] += 1
            part.process = part.start()
        for part in [part for part in self.parts if part.name.startswith("producer")]:
            part.stop()
            self.parts.remove(part)
        self.crash_at.clear()
        self._settle(settle)
        for part in self.parts:
            part.stop()
        return self.judge(answers)

    def _revive(self) -> None:
        """Start again what died by itself (a crash point, a database that went away)."""
        for part in self.parts:
            if part.process is not None and part.process.poll() is not None:
                self.kills[f"{part.name} (by itself)"] += 1
                self.crash_at.pop(part.name, None)
                part.process = part.start()

    def _kill_postgres(self) -> None:
        os.kill(int((self.cluster.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        self.kills["postgres"] += 1
        # Its orphans go within a second or so; until then a start fails.
        for _ in range(40):
            time.sleep(0.25)
            try:
                self.cluster.start()
                with self.connect():
                    return
            except (PostgresError, psycopg.OperationalError, subprocess.SubprocessError):
                continue
        raise AssertionError("PostgreSQL did not come back")

    def _settle(self, seconds: float) -> None:
        """Wait until every segment was shipped and deleted."""
        deadline = time.monotonic() + seconds
        while list(self.journal.glob("*.log")) and time.monotonic() < deadline:
            self._revive()
            time.sleep(0.2)

    def judge(self, answers: Path) -> Verdict:
        """Compare what was acknowledged with what the table holds."""
        told = {_record(line) for line in answers.read_text().splitlines() if line.count(" ") == 2}
        with self.connect() as connection:
            return compare(connection, told, table=self.table, kills=self.kills)

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=str(self.cluster.sockets), user="toolgate_owner", dbname="toolgate", autocommit=True
        )

    def end(self) -> None:
        for part in self.parts:
            part.kill()
        if self.redis_url:
            with redis.Redis.from_url(self.redis_url) as store:
                for key in store.scan_iter(f"{self.queues}*"):
                    store.delete(key)


def compare(connection: psycopg.Connection[Any], told: set[Record], *, table: str, kills: Counter[str]) -> Verdict:
    """What was acknowledged against what the table holds."""
    rows = connection.execute(f"SELECT boot::text, n, encode(leaf, 'hex') FROM {table} WHERE boot IS NOT NULL")
    kept: list[Record] = [(boot, n, leaf) for boot, n, leaf in rows]
    (holes,) = _one(connection, f"SELECT coalesce(max(seq), 0) - count(DISTINCT seq) FROM {table}")
    counters: dict[str, set[int]] = {}
    for boot, n, _ in kept:
        counters.setdefault(boot, set()).add(n)
    return Verdict(
        acknowledged=len(told),
        recorded=len(kept),
        lost=len(told - set(kept)),
        doubled=len(kept) - len({(boot, n) for boot, n, _ in kept}),
        gaps=sum(max(seen) - len(seen) for seen in counters.values()),
        seq_holes=int(holes),
        kills=kills,
    )


def _record(line: str) -> Record:
    boot, n, digest = line.split(" ")
    return boot, int(n), digest


def _one(connection: psycopg.Connection[Any], query: str) -> tuple[Any, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None
    return tuple(row)

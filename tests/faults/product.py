"""The product itself under fire: its own processes on its own embedded database, killed while clients ask."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from config.machine.postgres import OWNER_ROLE, Cluster, Lease, PostgresError
from tests.faults.harness import ROOT, Part, Record, Verdict, compare

CALLERS = (("alice", "reporter"), ("bob", "coder"), ("carol", None), ("nightly", None))
LEFT_OUT = ("TOOLGATE_", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "AUDIT_CRASH_AT")


@dataclass(slots=True)
class Product:
    """An installation in `folder`: `start` makes it, `web`, `shipper` and `worker` run it."""

    folder: Path
    ports: tuple[int, ...]
    settings: dict[str, str] = field(default_factory=dict)
    stale_after: int = 0
    parts: list[Part] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    lease: Lease | None = None

    @property
    def var(self) -> Path:
        return self.folder / "var"

    @property
    def journal(self) -> Path:
        return self.var / "journal"

    @property
    def cluster(self) -> Cluster:
        return Cluster.kept_in(self.var)

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(LEFT_OUT)}
        first = f"http://127.0.0.1:{self.ports[0]}"
        mine = {"TOOLGATE_VAR": str(self.var), "TOOLGATE_DOTENV": "none.env", "TOOLGATE_ISSUER": first}
        return {**kept, **mine, **self.settings, **more}

    def run_to_end(self, *arguments: str) -> str:
        """Run one Python command to its end; what it wrote to standard output."""
        environment = self.environment(PORT=str(self.ports[0]), DJANGO_SETTINGS_MODULE="config.settings")
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self) -> None:
        """Database, tables, the demo policy, and a token for each caller."""
        self.lease = Lease.take(self.cluster)
        said = self.run_to_end("-m", "tests.faults.installing", json.dumps(CALLERS), str(self.stale_after))
        self.tokens = json.loads(said.splitlines()[-1])

    def spawn(self, name: str, *arguments: str, **more: str) -> Part:
        def begin() -> subprocess.Popen[bytes]:
            with (self.folder / f"{name}.log").open("ab") as log:
                command = [sys.executable, *arguments]
                environment = self.environment(**{"PORT": str(self.ports[0]), **more})
                return subprocess.Popen(
                    command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
                )

        part = Part(name, begin)
        part.process = begin()
        self.parts.append(part)
        return part

    def run_all(self) -> None:
        """One web process for each port, the shipper, a worker."""
        for number, port in enumerate(self.ports):
            self.spawn(f"web{number}", "-m", "config.machine.start", PORT=str(port))
        self.spawn("shipper", "manage.py", "ship", "--resend", "2")
        worker = ["-m", "celery", "--quiet", "--app", "config", "worker", "--loglevel", "warning"]
        self.spawn("worker", *worker, "--queues", "default,ingest,policy", "--without-gossip", "--without-mingle")

    def log_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def answers(self, port: int, path: str = "/livez") -> int:
        """The status of one GET; 0 where nothing answers."""
        try:
            return self.get(path, port=port)[0]
        except OSError:
            return 0

    def get(self, path: str, *, port: int | None = None) -> tuple[int, Any]:
        """Status and JSON of one GET. Raises OSError."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.ports[0], timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        return answer.status, json.loads(text) if text.startswith(b"{") else text

    def decide(self, principal: str = "alice", **changes: Any) -> tuple[int, Any]:
        """Status and JSON of one decision. Raises OSError."""
        return Asking(self.ports[0], self.tokens[principal]).ask({**QUESTION, **changes})

    def wait_until_up(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not all(self.answers(port) == 200 for port in self.ports):
            assert time.monotonic() < deadline, [self.log_of(part.name)[-300:] for part in self.parts]
            time.sleep(0.1)

    def kill_postgres(self) -> None:
        lines = (self.cluster.data / "postmaster.pid").read_text().split()
        os.kill(int(lines[0]), signal.SIGKILL)
        self.kills["postgres"] += 1

    def revive(self) -> None:
        """What `serve` does: start again what has died, the database included."""
        for part in self.parts:
            if part.process is not None and part.process.poll() is not None:
                self.kills[f"{part.name} (by itself)"] += 1
                print(f"{part.name} ended by itself: {self.log_of(part.name)[-800:]}")
                part.process = part.start()

    def revive_postgres(self, seconds: float = 30) -> None:
        """Until it answers: its orphans go within a second or so, and till then a start fails."""
        assert self.lease is not None
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.lease.revive()
                self.connect().close()
                return
            except (PostgresError, psycopg.OperationalError):
                assert time.monotonic() < deadline, "PostgreSQL did not come back"
                time.sleep(0.1)

    def settle(self, seconds: float = 60) -> None:
        """Stop the web processes, which close their journals, and wait until every segment is in the trail."""
        for part in [part for part in self.parts if part.name.startswith("web")]:
            part.stop()
            self.parts.remove(part)
        deadline = time.monotonic() + seconds
        while list(self.journal.glob("*.log")) and time.monotonic() < deadline:
            self.revive()
            time.sleep(0.1)

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=str(self.cluster.sockets), user=OWNER_ROLE, dbname="toolgate", autocommit=True, connect_timeout=3
        )

    def end(self) -> None:
        for part in self.parts:
            if part.process is not None and part.process.poll() is None:
                os.killpg(part.process.pid, signal.SIGKILL)
            part.kill()
        self.parts.clear()
        if self.lease is not None:
            self.lease.release()
        self.cluster.remove()


QUESTION = {"server": "files", "tool": "read", "arguments": {"path": "/srv/ledger/q3.csv"}}


class Asking:
    """One client's connection to one port."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, question: dict[str, Any]) -> tuple[int, Any]:
        """Status and JSON of the answer. Raises OSError and HTTPException."""
        self._connection.request("POST", "/api/v1/decisions", json.dumps(question), self._headers)
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())


@dataclass(slots=True)
class Load:
    """Clients that ask all the time, at most `per_second` each, and remember every receipt they were given."""

    product: Product
    per_second: float = 60
    told: set[Record] = field(default_factory=set)
    ids: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Load:
        for number, (principal, _) in enumerate(CALLERS):
            thread = threading.Thread(target=self._ask, args=(number, principal), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int, principal: str) -> None:
        asking: Asking | None = None
        port = number
        asked = 0
        while not self._over.wait(1 / self.per_second):
            asked += 1
            try:
                if asking is None:
                    port += 1
                    asking = Asking(self.product.ports[port % len(self.product.ports)], self.product.tokens[principal])
                status, answer = asking.ask({**QUESTION, "arguments": {"path": f"/srv/{number}/{asked}.csv"}})
            except (OSError, http.client.HTTPException, ValueError):
                asking = None
                self.statuses[0] += 1
                continue
            self.statuses[status] += 1
            if status == 200:
                receipt = answer["receipt"]
                self.told.add((receipt["boot"], receipt["n"], receipt["digest"]))
                self.ids.append(answer["id"])


def shoot(product: Product, *, chance: random.Random, seconds: float, kills: int) -> None:
    """Kill at random for at least `seconds` and until there were `kills`; what is killed is started again at once."""
    targets = ["postgres", *(part.name for part in product.parts)]
    began = time.monotonic()
    while time.monotonic() - began < seconds or product.kills.total() < kills:
        time.sleep(chance.uniform(0.2, 0.9))
        product.revive()
        target = chance.choice(targets)
        if target == "postgres":
            product.kill_postgres()
            time.sleep(chance.uniform(0.0, 0.4))
            product.revive_postgres()
            continue
        part = next(part for part in product.parts if part.name == target)
        assert part.process is not None
        os.killpg(part.process.pid, signal.SIGKILL)
        part.kill()
        product.kills[target] += 1
        part.process = part.start()


def judge(product: Product, load: Load) -> Verdict:
    """Compare every receipt with the trail."""
    with product.connect() as connection:
        return compare(connection, load.told, table="audit_trail", kills=product.kills)

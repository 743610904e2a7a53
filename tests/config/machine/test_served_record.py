"""A decision of the served product: in the trail and in the admin within two seconds, and quietly."""

from __future__ import annotations

import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config.machine.postgres import OWNER_ROLE, Cluster
from tests.config.machine.processes import wait_for
from tests.config.machine.serving import PROJECT, Served
from tests.leaks.client import Client

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

CALL = {"server": "files", "tool": "read", "arguments": {"path": "/srv/ledger/q3.csv"}}
WITHIN_SECONDS = 2.0


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    running = Served(tmp_path / "var")
    yield running
    running.close()
    Cluster.kept_in(running.var).remove()


def token_of(served: Served) -> str:
    left_out = ("TOOLGATE_", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    environment |= {"TOOLGATE_VAR": str(served.var), "TOOLGATE_DOTENV": "none.env", "PORT": str(served.port)}
    command = [sys.executable, "manage.py", "token", "issue", "--principal", "alice", "--agent", "reporter"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def in_the_trail(served: Served, decision: str) -> bool:
    sockets = str(Cluster.kept_in(served.var).sockets)
    try:
        with psycopg.connect(host=sockets, user=OWNER_ROLE, dbname="toolgate", connect_timeout=2) as connection:
            return connection.execute("SELECT FROM audit_trail WHERE id = %s", (decision,)).fetchone() is not None
    except psycopg.OperationalError:
        return False


def decide(client: Client, token: str) -> dict[str, Any]:
    status, answer = client.call("decision", "/api/v1/decisions", CALL, token)
    assert status == 200, answer
    assert isinstance(answer, dict)
    return answer


def test_a_decision_is_in_the_trail_and_the_admin_within_two_seconds_and_survives_a_killed_database(
    served: Served,
) -> None:
    served.wait_until_up()
    client, token = Client(served.port), token_of(served)
    decide(client, token)
    took = []
    for _ in range(5):
        asked_at = time.monotonic()
        answer = decide(client, token)
        wait_for(lambda a=answer: in_the_trail(served, a["id"]), seconds=20, what="the record")  # type: ignore[misc]
        took.append(time.monotonic() - asked_at)
    print(f"in the trail after {', '.join(f'{seconds:.2f}' for seconds in took)} s")
    assert statistics.median(took) <= WITHIN_SECONDS
    password = re.findall(r"First admin: name admin, password (\S+)", served.said())[0]
    client.submit("sign in", "/admin/login/", username="admin", password=password, next="/admin/")
    status, listed = client.page("the list", "/admin/audit/trailrecord/?kind=decision")
    assert status == 200
    assert answer["id"] in listed
    status, page = client.page("the record", f"/admin/audit/trailrecord/{answer['id']}/change/")
    assert status == 200
    assert answer["receipt"]["digest"] in page
    noise = Counter(re.findall(r"^\[(?:warning|error|critical) *\] (.{20,60}?)  ", served.said(), re.MULTILINE))
    assert not [line for line, times in noise.items() if times > 1], noise
    assert not re.findall(r"^\[(?:error|critical)", served.said(), re.MULTILINE), served.said()[-2_000:]

    cluster = Cluster.kept_in(served.var)
    killed = int((cluster.data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    os.kill(killed, signal.SIGKILL)
    meanwhile = decide(client, token)
    assert meanwhile["decision"] == "allow"
    wait_for(lambda: in_the_trail(served, meanwhile["id"]), seconds=40, what="the record of the meantime")
    assert "database.revived" in served.said()

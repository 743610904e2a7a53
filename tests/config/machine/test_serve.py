"""`manage.py serve` for real: everything starts, what is killed comes back, and nothing is left when it stops."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.machine.postgres import Cluster
from tests.config.machine.processes import alive, descendants, wait_for
from tests.config.machine.serving import PROJECT, Served, free_port

ORDER = ["web", "shipper", "worker", "beat"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    running = Served(tmp_path / "var")
    yield running
    running.close()
    Cluster.kept_in(running.var).remove()


def test_what_is_killed_comes_back_and_sigterm_stops_everything_in_order(served: Served) -> None:
    served.wait_until_up()
    passwords = re.findall(r"First admin: name admin, password (\S+)", served.said())
    assert len(passwords) == 1
    assert f"http://127.0.0.1:{served.port}" in served.said()
    children = list(served.state()["children"])
    assert sorted(children) == sorted(ORDER)
    for child in children:
        before = served.pid_of(child)
        assert before is not None
        below = descendants(before)
        os.kill(before, signal.SIGKILL)
        wait_for(lambda c=child, b=before: served.pid_of(c) not in (None, b), seconds=30, what=f"{child} to come back")  # type: ignore[misc]
        wait_for(lambda b=below: not any(map(alive, b)), seconds=10, what=f"the end of what {child} had started")  # type: ignore[misc]
    served.wait_until_up()
    everyone = descendants(served.process.pid)
    postmaster = int((Cluster.kept_in(served.var).data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    assert len(everyone) >= len(ORDER)
    assert served.end(signal.SIGTERM) == 0
    stopped = re.findall(r"serve\.stopped.*child=(\w+)", served.said())
    assert stopped == ORDER
    assert [pid for pid in everyone | {postmaster} if alive(pid)] == []
    assert served.state()["state"] == "stopped"


def test_it_runs_again_without_a_second_password_and_ctrl_c_stops_it(served: Served) -> None:
    served.wait_until_up()
    assert served.end(signal.SIGTERM) == 0
    again = Served(served.var)
    try:
        again.wait_until_up()
        assert again.said().count("First admin") == 1
        assert again.end(signal.SIGINT) == 0
        assert not Cluster.kept_in(served.var).running()
    finally:
        again.close()


def test_when_the_supervisor_is_killed_nothing_outlives_it(served: Served) -> None:
    served.wait_until_up()
    everyone = descendants(served.process.pid)
    postmaster = int((Cluster.kept_in(served.var).data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    served.end(signal.SIGKILL)
    everyone.add(postmaster)
    wait_for(lambda: not any(map(alive, everyone)), seconds=60, what="the end of all children and of PostgreSQL")


def test_a_second_serve_and_a_taken_port_are_refused_with_what_to_do(served: Served, tmp_path: Path) -> None:
    served.wait_until_up()
    second = Served(served.var)
    assert second.process.wait(timeout=60) != 0
    second.close()
    assert f"Another serve runs on {served.var}" in second.said()
    environment = {**os.environ, "TOOLGATE_VAR": str(tmp_path / "other"), "PORT": str(served.port)}
    done = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "Choose HOST or PORT" in done.stderr


@pytest.mark.parametrize("command", [["manage.py", "serve"], ["-m", "config.machine.start"]], ids=" ".join)
def test_development_is_not_served_to_others(tmp_path: Path, command: list[str]) -> None:
    environment = {**os.environ, "TOOLGATE_VAR": str(tmp_path / "var"), "HOST": "0.0.0.0", "PORT": str(free_port())}
    done = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "toolgate.E002" in done.stderr

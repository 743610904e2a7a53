from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.machine.child import LONGEST_DELAY, TROUBLE_DEATHS, Child
from config.machine.supervisor import Supervisor
from tests.config.machine.processes import alive, wait_for

LIVE = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)
WITH_GRANDCHILD = (
    "import pathlib, subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "pathlib.Path(sys.argv[1]).write_text(str(child.pid))\n"
    "time.sleep(60)\n"
)


def child(name: str, code: str, *arguments: str, grace: float = 5) -> Child:
    return Child(name, [sys.executable, "-c", code, *arguments], environment={}, grace=grace)


@pytest.fixture
def started() -> Iterator[list[Child]]:
    """Children that are stopped at the end whatever the test does."""
    children: list[Child] = []
    yield children
    for one in children:
        one.grace = 0.1
        one.stop()


def test_a_child_lives_in_a_process_group_of_its_own(started: list[Child]) -> None:
    one = child("one", LIVE)
    started.append(one)
    one.start(time.monotonic())
    assert one.pid is not None
    assert os.getpgid(one.pid) == one.pid != os.getpgid(0)


def test_a_death_is_noticed_once_and_the_restart_waits_longer_each_time(started: list[Child]) -> None:
    one = child("one", "raise SystemExit(3)")
    started.append(one)
    delays = []
    for turn in range(9):
        now = 1000.0 + turn
        one.start(now)
        wait_for(lambda now=now: one.note_death(now), seconds=20, what="the death")  # type: ignore[misc]
        assert not one.note_death(now)
        assert one.last_exit == 3
        delays.append(one.due_at - now)
    assert delays == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert delays[-1] == LONGEST_DELAY


def test_who_lived_long_starts_again_from_the_first_delay(started: list[Child]) -> None:
    one = child("one", "raise SystemExit(1)")
    started.append(one)
    for began, died in ((0.0, 1.0), (2.0, 3.0), (5.0, 100.0)):
        one.start(began)
        wait_for(lambda died=died: one.note_death(died), seconds=20, what="the death")  # type: ignore[misc]
    assert one.due_at - 100.0 == 0.5


def test_a_child_that_keeps_dying_is_said_to(started: list[Child]) -> None:
    one = child("one", "raise SystemExit(1)")
    started.append(one)
    for turn in range(TROUBLE_DEATHS):
        assert not one.keeps_dying(float(turn))
        one.start(float(turn))
        wait_for(lambda turn=turn: one.note_death(float(turn)), seconds=20, what="the death")  # type: ignore[misc]
    assert one.keeps_dying(float(TROUBLE_DEATHS))
    assert not one.keeps_dying(1000.0)


def test_a_child_that_will_not_stop_is_killed_when_its_grace_is_over(started: list[Child]) -> None:
    one = child("one", STUBBORN, grace=0.3)
    started.append(one)
    one.start(time.monotonic())
    time.sleep(0.5)  # until it is deaf to SIGTERM
    assert one.stop() == -signal.SIGKILL


def test_what_a_killed_child_left_behind_is_gone_before_it_starts_again(started: list[Child], tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    one = child("one", WITH_GRANDCHILD, str(noted))
    started.append(one)
    one.start(time.monotonic())
    wait_for(lambda: noted.exists() and noted.read_text(encoding="utf-8"), seconds=20, what="the grandchild")
    grandchild = int(noted.read_text(encoding="utf-8"))
    assert one.pid is not None
    os.kill(one.pid, signal.SIGKILL)
    wait_for(lambda: one.note_death(time.monotonic()), seconds=10, what="the death")
    wait_for(lambda: not alive(grandchild), seconds=10, what="the grandchild's end")


def run_until(condition: Any, supervisor: Supervisor, number: signal.Signals) -> int:
    """Run the supervisor in this thread and signal ourselves once the condition holds."""

    def ask() -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not condition():
            time.sleep(0.05)
        os.kill(os.getpid(), number)

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        return supervisor.run()
    finally:
        asker.join()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_stops_its_children_in_order_on_every_signal_that_ends_it(tmp_path: Path, number: signal.Signals) -> None:
    order = tmp_path / "order"
    code = (
        "import pathlib, signal, sys, time\n"
        "def end(*_):\n"
        "    with open(sys.argv[1], 'a') as file: file.write(sys.argv[2] + '\\n')\n"
        "    raise SystemExit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "pathlib.Path(sys.argv[1] + '.' + sys.argv[2]).touch()\n"
        "time.sleep(60)\n"
    )
    names = ["a", "b", "c"]
    children = [child(name, code, str(order), name) for name in names]
    supervisor = Supervisor(children, stopping=["c", "a", "b"], state=tmp_path / "state.json")
    ready = lambda: all(Path(f"{order}.{name}").exists() for name in names)  # noqa: E731
    assert run_until(ready, supervisor, number) == number
    assert order.read_text(encoding="utf-8").split() == ["c", "a", "b"]
    assert json.loads((tmp_path / "state.json").read_text(encoding="utf-8"))["state"] == "stopped"
    assert [one.pid for one in children] == [None, None, None]


def test_it_restarts_what_dies_and_writes_down_that_it_did(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    one = child("one", LIVE)
    killed: list[int] = []

    def restarted() -> bool:
        if not state.exists():
            return False
        seen = json.loads(state.read_text(encoding="utf-8"))["children"]["one"]
        if not killed and seen["pid"]:
            killed.append(seen["pid"])
            os.kill(seen["pid"], signal.SIGKILL)
        return bool(killed) and seen["pid"] not in (None, killed[0]) and seen["restarts"] == 1

    run_until(restarted, Supervisor([one], stopping=["one"], state=state), signal.SIGTERM)
    assert one.restarts == 1
    assert json.loads(state.read_text(encoding="utf-8"))["children"]["one"]["restarts"] == 1

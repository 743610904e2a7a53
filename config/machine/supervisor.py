"""Keep the children of one installation running, and stop them in order when asked."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import structlog

from config.machine.child import Child

TICK_SECONDS = 0.1
log = structlog.get_logger(__name__)


class Supervisor:
    """Start the children in the given order, restart what dies, stop them in the order of `stopping`.

    What stands in `state` (a JSON file, replaced whole) is for Health, for tests and for people: every child's pid,
    restarts, last exit status and whether it keeps dying.
    """

    def __init__(self, children: Sequence[Child], *, stopping: Sequence[str], state: Path) -> None:
        assert sorted(stopping) == sorted(child.name for child in children)
        self._children = list(children)
        self._stopping = list(stopping)
        self._state = state
        self._asked: int | None = None
        self._reported: set[str] = set()

    def run(self) -> int:
        """Run until SIGTERM, SIGINT or SIGHUP; returns the signal that ended it."""
        previous = {
            number: signal.signal(number, self._ask) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        }
        try:
            for child in self._children:
                child.start(time.monotonic())
            self._write_state("running")
            while self._asked is None:
                time.sleep(TICK_SECONDS)
                self._tick(time.monotonic())
            return self._asked
        finally:
            self._stop()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        self._asked = number

    def _tick(self, now: float) -> None:
        changed = False
        for child in self._children:
            if child.note_death(now):
                changed = True
                log.warning(
                    "serve.child_died", child=child.name, exit=child.last_exit, again_in=round(child.due_at - now, 1)
                )
            if not child.running and now >= child.due_at:
                child.start(now)
                changed = True
            troubled = child.keeps_dying(now)
            if troubled and child.name not in self._reported:
                self._reported.add(child.name)
                log.error("serve.child_keeps_dying", child=child.name, restarts=child.restarts, exit=child.last_exit)
                changed = True
            elif not troubled and child.name in self._reported:
                self._reported.discard(child.name)
                log.info("serve.child_recovered", child=child.name)
                changed = True
        if changed:
            self._write_state("running")

    def _stop(self) -> None:
        by_name = {child.name: child for child in self._children}
        for name in self._stopping:
            began = time.monotonic()
            status = by_name[name].stop()
            log.info("serve.stopped", child=name, exit=status, seconds=round(time.monotonic() - began, 2))
        self._write_state("stopped")

    def _write_state(self, state: str) -> None:
        content = {
            "state": state,
            "pid": os.getpid(),
            "children": {
                child.name: {
                    "pid": child.pid,
                    "restarts": child.restarts,
                    "last_exit": child.last_exit,
                    "keeps_dying": child.name in self._reported,
                }
                for child in self._children
            },
        }
        aside = self._state.with_suffix(".new")
        aside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        aside.replace(self._state)

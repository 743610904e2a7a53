"""One supervised child: its command, its process group, how often it died and when it may start again."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence

FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0  # seconds before a restart; doubled with every quick death
STEADY_SECONDS = 20.0  # who lived this long starts again from the first delay
TROUBLE_DEATHS, TROUBLE_SECONDS = 5, 120.0  # so many deaths within so long: it keeps dying
_PR_SET_PDEATHSIG = 1


class Child:
    """A process in a session of its own, so that Ctrl-C reaches only the supervisor."""

    def __init__(self, name: str, command: Sequence[str], *, environment: Mapping[str, str], grace: float) -> None:
        self.name = name
        self.command = tuple(command)
        self.grace = grace  # seconds between asking it to stop and killing it
        self.restarts = 0
        self.last_exit: int | None = None
        self.due_at = 0.0
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._delay = FIRST_DELAY
        self._deaths: deque[float] = deque(maxlen=TROUBLE_DEATHS)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self, now: float) -> None:
        self._process = subprocess.Popen(
            self.command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self._started_at = now

    def keeps_dying(self, now: float) -> bool:
        return len(self._deaths) == TROUBLE_DEATHS and now - self._deaths[0] <= TROUBLE_SECONDS

    def note_death(self, now: float) -> bool:
        """Whether it has died since last asked; then what it left behind is gone too and its restart is due."""
        if self._process is None or not _has_ended(self._process.pid):
            return False
        # Before it is reaped, while its number still means its group and nobody else's.
        _signal_group(self._process.pid, signal.SIGKILL)
        self.last_exit = self._process.wait()
        self._process = None
        self._deaths.append(now)
        self._delay = FIRST_DELAY if now - self._started_at >= STEADY_SECONDS else self._delay
        self.due_at = now + self._delay
        self._delay = min(self._delay * 2, LONGEST_DELAY)
        self.restarts += 1
        return True

    def stop(self) -> int | None:
        """Ask it to end, wait out its grace, then kill its whole group; returns its exit status, None if it ran not."""
        if self._process is None:
            return None
        pid = self._process.pid
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + self.grace
        while not _has_ended(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        _signal_group(pid, signal.SIGKILL)
        self.last_exit = self._process.wait()
        self._process = None
        return self.last_exit


def _has_ended(pid: int) -> bool:
    """Whether our child has ended, leaving it unreaped."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _die_with_parent() -> None:
    """On Linux a child is asked to stop when the supervisor is killed, so that none is left over."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

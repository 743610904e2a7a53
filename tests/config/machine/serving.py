"""A running `manage.py serve`, on a run-time folder and a port of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from tests.config.machine.processes import wait_for

PROJECT = Path(__file__).resolve().parents[3]


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


class Served:
    """A running `serve` on a run-time folder of its own."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.port = free_port()
        self.log = var.parent / f"{var.name}.log"
        left_out = ("TOOLGATE_", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
        environment |= {"TOOLGATE_VAR": str(var), "TOOLGATE_DOTENV": "none.env", "PORT": str(self.port)}
        self._file = self.log.open("a", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"], cwd=PROJECT, env=environment, stdout=self._file, stderr=self._file
        )

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def state(self) -> dict[str, Any]:
        path = self.var / "run" / "serve.json"
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"children": {}}
        return content

    def pid_of(self, child: str) -> int | None:
        pid: int | None = self.state()["children"].get(child, {}).get("pid")
        return pid

    def answers(self) -> bool:
        assert self.process.poll() is None, self.said()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/livez", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def wait_until_up(self) -> None:
        wait_for(self.answers, seconds=90, what="an answer from web")

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=90)

    def close(self) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGTERM)
        self._file.close()

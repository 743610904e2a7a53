"""Commands talk to the installation that serves, wherever it does, and start none."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.machine.instance import Instance, running_in
from config.machine.postgres import Cluster
from tests.config.machine.serving import PROJECT, Served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    running = Served(tmp_path_factory.mktemp("instance") / "var")
    running.wait_until_up()
    yield running
    running.close()
    Cluster.kept_in(running.var).remove()


def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in another terminal, which knows nothing of how the installation was started but what is given."""
    left_out = ("TOOLGATE_", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PORT", "HOST")
    own = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=PROJECT,
        env={**own, "TOOLGATE_DOTENV": "none.env", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def issuer_of(token: str) -> str:
    claims = token.split(".")[1]
    issuer: str = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["iss"]
    return issuer


ISSUE = ("token", "issue", "--principal", "alice", "--agent", "reporter")


@pytest.mark.parametrize("given", [{}, {"PORT": "8000"}], ids=["nothing else", "another port"])
def test_a_token_made_in_another_terminal_is_one_of_the_server_that_runs(served: Served, given: dict[str, str]) -> None:
    done = command(*ISSUE, TOOLGATE_VAR=str(served.var), **given)
    assert done.returncode == 0, done.stderr
    assert issuer_of(done.stdout.strip()) == f"http://127.0.0.1:{served.port}"
    assert f"http://127.0.0.1:{served.port} (TOOLGATE_VAR={served.var})" in done.stderr


def test_a_command_without_a_folder_finds_the_one_that_serves_from_its_checkout(
    served: Served, request: pytest.FixtureRequest
) -> None:
    if running_in(PROJECT / "var") is not None:
        pytest.skip("an installation serves from this checkout's own folder")
    done = command(*ISSUE)
    assert done.returncode == 0, done.stderr
    assert issuer_of(done.stdout.strip()) == f"http://127.0.0.1:{served.port}"
    assert command("instance").stdout.strip() == f"http://127.0.0.1:{served.port}"


@pytest.mark.parametrize(
    "words",
    [ISSUE, ("policy", "export"), ("migrate",), ("demo",), ("audit", "list")],
    ids=lambda words: words[0],
)
def test_a_command_starts_no_database_where_nothing_serves(tmp_path: Path, words: tuple[str, ...]) -> None:
    var = tmp_path / "other"
    done = command(*words, TOOLGATE_VAR=str(var))
    assert done.returncode != 0
    assert "make run" in done.stderr
    assert not Cluster.kept_in(var).home.exists()


def test_where_nothing_serves_the_command_that_says_so_ends_with_one(tmp_path: Path) -> None:
    done = command("instance", TOOLGATE_VAR=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")


def test_a_kill_switch_where_nothing_serves_is_a_file_on_this_host(tmp_path: Path) -> None:
    done = command("kill", "all", "--reason", "a fire", TOOLGATE_VAR=str(tmp_path / "var"))
    assert done.returncode == 1
    assert "stopped on this host" in done.stdout
    assert not Cluster.kept_in(tmp_path / "var").home.exists()


def test_the_files_of_an_installation_that_ended_name_none(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "serve.lock").touch()
    left = Instance(issuer="http://x", host="127.0.0.1", port=1, var=str(tmp_path), checkout="/", pid=1)
    (run / "instance.json").write_text(json.dumps({name: getattr(left, name) for name in left.__slots__}))
    assert running_in(tmp_path) is None

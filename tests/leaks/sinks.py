"""Everything the product writes anywhere, as bytes by the name of where it was found."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.config.machine.processes import descendants


def files(folder: Path, *, without: frozenset[str] = frozenset()) -> Iterator[tuple[str, bytes]]:
    """Every regular file below a folder, but for the top folders in `without`."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        try:
            if inside.parts[0] not in without and stat.S_ISREG(path.lstat().st_mode):
                yield str(inside), path.read_bytes()
        except FileNotFoundError:
            continue


def tables(connection: psycopg.Connection[Any]) -> Iterator[tuple[str, bytes]]:
    """Every row of every table, as text and with binary columns as they are."""
    names = connection.execute(
        "SELECT c.oid::regclass::text, c.relname FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace "
        "WHERE c.relkind = 'r' AND s.nspname = 'public' ORDER BY 1"
    ).fetchall()
    for _, name in names:
        rows = connection.execute(sql.SQL("SELECT t.*, t::text FROM {} t").format(sql.Identifier(name)))
        for row in rows:
            parts = [bytes(part) if isinstance(part, (bytes, memoryview)) else str(part).encode() for part in row]
            yield f"table {name}", b"\n".join(parts)


def command_lines(pids: list[int]) -> Iterator[tuple[str, bytes]]:
    """The command lines of these processes and all below them."""
    for pid in {below for top in pids for below in (top, *descendants(top))}:
        try:
            yield f"command line of {pid}", Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
        except FileNotFoundError:
            continue

"""Database work of the event loop."""

from __future__ import annotations

import asyncio
import time

import pytest
from django.db import connection

from governance.deciding.database import in_database

pytestmark = pytest.mark.django_db(transaction=True)


def backend() -> int:
    """The server process behind this thread's connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def left_open(pids: set[int]) -> set[int]:
    """Those of `pids` that are still connected once the server has had the time to end them."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE pid = ANY(%s)", [list(pids)])
            left = {int(row[0]) for row in cursor.fetchall()}
        if not left:
            break
        time.sleep(0.02)
    return left


def test_no_thread_of_the_loop_keeps_its_connection() -> None:
    async def work() -> tuple[set[int], set[int]]:
        pids = set(await asyncio.gather(*(in_database(backend) for _ in range(5))))
        return pids, await in_database(left_open, pids)  # asked while the threads are still there

    pids, left = asyncio.run(work())
    assert pids
    assert left == set()


def test_what_the_work_raises_is_raised_and_its_connection_given_back() -> None:
    seen: set[int] = set()

    def fails() -> None:
        seen.add(backend())
        raise LookupError("gone")

    async def work() -> set[int]:
        with pytest.raises(LookupError, match="gone"):
            await in_database(fails)
        return await in_database(left_open, seen)

    assert asyncio.run(work()) == set()
    assert seen

"""Database work of the event loop: done in a thread, on a connection that is given back when the work is done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
R = TypeVar("R")


async def in_database(work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """What `work` returns or raises, run in a thread of the loop's pool.

    Connections belong to threads, and nobody ends a request in these: without this each thread of the pool would keep
    one for good. `CONN_MAX_AGE` and the pool of connections hold here as they do for requests.
    """

    def run() -> R:
        close_old_connections()
        try:
            return work(*args, **kwargs)
        finally:
            close_old_connections()

    return await asyncio.to_thread(run)

"""Keeping the directory fresh: a refresh each quarter of a second, and at once when somebody nudges."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

import structlog
from django.db import close_old_connections, connections
from django.db.utils import Error as DatabaseError

from accounts.directory.live import POLL_SECONDS, DirectoryState, LiveDirectory

log = structlog.get_logger(__name__)
USES_SECONDS = 60.0


class DirectoryWatch:
    """Refreshes one directory in a thread of its own; the event loop only waits.

    The polling is what guarantees the time; `nudge`, called when PostgreSQL says NOTIFY on `toolgate_directory`, makes
    it short. While the database is away the last good state stays, unconfirmed. `used_keys` (seconds since the epoch by
    public id) is emptied once a minute into `note_uses`, and every state is offered to `keep`, in the same thread.
    """

    def __init__(
        self,
        directory: LiveDirectory,
        *,
        clock: Callable[[], float] = time.time,
        poll: float = POLL_SECONDS,
        used_keys: dict[str, float] | None = None,
        note_uses: Callable[[Mapping[str, float]], None] | None = None,
        keep: Callable[[DirectoryState], None] = lambda state: None,
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._poll = poll
        self._nudged = asyncio.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="directory")
        self._away = False
        self._used_keys = {} if used_keys is None else used_keys
        self._note_uses_of = note_uses
        self._keep = keep
        self._noted_at = clock()

    def nudge(self) -> None:
        """Refresh now; to be called in the event loop."""
        self._nudged.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[DirectoryWatch]:
        """Load everything once, then keep it fresh until left. A database that is away is no error here."""
        await self._refresh()
        task = asyncio.create_task(self._watch(), name="directory-watch")
        try:
            yield self
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await asyncio.get_running_loop().run_in_executor(self._thread, connections.close_all)
            self._thread.shutdown()

    async def _watch(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._nudged.wait(), self._poll)
            self._nudged.clear()
            await self._refresh()

    async def _refresh(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._refresh_in_thread)

    def _refresh_in_thread(self) -> None:
        close_old_connections()
        try:
            self._directory.refresh(self._clock())
            self._note_uses()
            self._keep(self._directory.state)
        except DatabaseError as error:
            if not self._away:
                log.warning("directory.unconfirmed", error=type(error).__name__)
            self._away = True
            connections.close_all()
        except Exception:
            # A row that cannot be read must not end the watch: the state stays unconfirmed and what is stale is denied.
            log.exception("directory.refresh_failed")
        else:
            if self._away:
                log.info("directory.confirmed_again")
            self._away = False

    def _note_uses(self) -> None:
        now = self._clock()
        if self._note_uses_of is None or not self._used_keys or now - self._noted_at < USES_SECONDS:
            return
        self._noted_at = now
        # Taken out one by one: the event loop adds to it meanwhile.
        self._note_uses_of(dict(self._used_keys.popitem() for _ in range(len(self._used_keys))))

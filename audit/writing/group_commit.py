"""One fdatasync for all who wait: a thread that syncs off the event loop and answers everybody at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future


class GroupCommit:
    """Shares `sync` among waiters. One thread, started at the first wait."""

    def __init__(self, sync: Callable[[], None]) -> None:
        """`sync` makes everything written so far durable, or raises OSError."""
        self._sync = sync
        self._waiting: list[Future[None]] = []
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def wait(self) -> Future[None]:
        """A future that is done when everything written before this call is on the disk, or failed."""
        future: Future[None] = Future()
        with self._condition:
            if self._stopped:
                future.set_exception(OSError(9, "the journal is closed"))
                return future
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="journal-sync", daemon=True)
                self._thread.start()
            self._waiting.append(future)
            self._condition.notify()
        return future

    def end(self) -> None:
        """Let the thread end once it has served who waits."""
        with self._condition:
            self._stopped = True
            self._condition.notify()

    def stop(self) -> None:
        """Serve who waits, then end the thread, and wait for that."""
        self.end()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._waiting and not self._stopped:
                    self._condition.wait()
                served, self._waiting = self._waiting, []
                if not served:
                    return
            try:
                self._sync()
            except Exception as error:
                for future in served:
                    future.set_exception(error)
            else:
                for future in served:
                    future.set_result(None)

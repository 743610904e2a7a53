"""The Celery broker of a machine without Redis: one folder a queue, one file a message, safe with many processes.

kombu's own `filesystem` transport writes messages where readers look for them, so that a reader can take half a message
and lose it. Here a message is written aside and renamed into place, and taken by renaming it away: both are atomic.
Files are 0600 in folders of 0700; nothing is ever the only copy of anything (the journal and job rows are).
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, virtual
from kombu.utils.json import dumps, loads

SCHEME = "toolgate-files"
POLLING_SECONDS = 0.05

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}")
_numbers = itertools.count()


class Channel(virtual.Channel):
    """One connection's view of the folder `transport_options["folder"]`."""

    supports_fanout = True

    def _put_fanout(self, exchange: str, message: Any, routing_key: str | None, **_: Any) -> None:
        for _key, _pattern, queue in self.get_table(exchange):
            self._put(queue, message)

    def _put(self, queue: str, message: Any, **_: Any) -> None:
        folder = self._queue_folder(queue)
        # Taken in the order of their names: time first, then what keeps two messages of one moment apart.
        name = f"{time.time_ns():020d}-{os.getpid()}-{next(_numbers)}"
        aside = folder / f".{name}"
        try:
            _write_new(aside, dumps(message))
            aside.rename(folder / f"{name}.msg")
        except OSError as error:
            raise ChannelError(f"Cannot write a message to {folder}: {error}") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder = self._queue_folder(queue)
        for name in self._waiting(queue):
            taken = self._folder("processed") / f"{queue}-{name}"
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:
                continue  # another consumer was faster
            payload = taken.read_text(encoding="utf-8")
            taken.unlink()
            return loads(payload)
        raise Empty

    def _size(self, queue: str) -> int:
        return len(self._waiting(queue))

    def _purge(self, queue: str) -> int:
        removed = 0
        for name in self._waiting(queue):
            with contextlib.suppress(FileNotFoundError):
                (self._queue_folder(queue) / name).unlink()
                removed += 1
        return removed

    def get_table(self, exchange: str) -> list[tuple[str, str, str]]:
        """The bindings of an exchange; the file is only ever replaced whole, so that no lock is needed to read it."""
        try:
            text = self._exchange_file(exchange).read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        return [(key, pattern, queue) for key, pattern, queue in loads(text)]

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None) -> None:
        row = (routing_key or "", pattern or "", queue or "")
        if row in self.get_table(exchange):
            return
        with self._bindings_locked():
            table = self.get_table(exchange)
            if row not in table:
                self._replace_table(exchange, [row, *table])

    def _delete(self, queue: str, exchange: str, routing_key: str, pattern: str, *_: Any, **__: Any) -> None:
        self._purge(queue)
        row = (routing_key or "", pattern or "", queue or "")
        with self._bindings_locked():
            self._replace_table(exchange, [kept for kept in self.get_table(exchange) if kept != row])

    def _exchange_file(self, exchange: str) -> Path:
        return self._folder("bindings") / f"{_checked(exchange or 'default')}.json"

    def _queue_folder(self, queue: str) -> Path:
        return self._folder(f"queue.{_checked(queue)}")

    def _waiting(self, queue: str) -> list[str]:
        return sorted(name for name in os.listdir(self._queue_folder(queue)) if name.endswith(".msg"))

    def _replace_table(self, exchange: str, table: list[tuple[str, str, str]]) -> None:
        file = self._exchange_file(exchange)
        aside = file.with_name(f".{file.name}-{os.getpid()}-{next(_numbers)}")
        _write_new(aside, dumps(table))
        aside.rename(file)

    @contextlib.contextmanager
    def _bindings_locked(self) -> Iterator[None]:
        descriptor = os.open(self._folder("bindings") / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _folder(self, name: str) -> Path:
        client: Any = self.connection.client if self.connection is not None else None
        folder = Path(client.transport_options["folder"]) / name
        if not folder.is_dir():
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
        return folder


class Transport(virtual.Transport):
    """The transport behind `toolgate-files://`; remote control has no use for it and is off (settings)."""

    implements = virtual.Transport.implements.extend(
        asynchronous=False, exchange_type=frozenset({"direct", "topic", "fanout"})
    )
    Channel = Channel
    polling_interval = POLLING_SECONDS
    driver_type = SCHEME
    driver_name = SCHEME
    default_port = 0

    def driver_version(self) -> str:
        return "1"


TRANSPORT_ALIASES[SCHEME] = "config.machine.broker:Transport"


def _write_new(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ChannelError(f"Not a name for a queue or an exchange: {name!r}")
    return name

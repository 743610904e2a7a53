"""This process's share in the embedded PostgreSQL, where the settings say that there is one."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from config.machine.postgres import Cluster, Lease, PostgresError

LOOK_SECONDS = 0.5

_held: list[Lease] = []
log = structlog.get_logger(__name__)


def hold() -> None:
    """Take a share in the embedded server, once, and give it up at exit; with DATABASE_URL there is nothing to do."""
    from django.conf import settings

    if settings.TOOLGATE_EMBEDDED and not _held:
        _held.append(Lease.take(Cluster.kept_in(settings.TOOLGATE_VAR)))
        atexit.register(let_go)


def join() -> None:
    """Take a share in the embedded server where it runs. Raises PostgresError where this process would start it."""
    from django.conf import settings

    if not settings.TOOLGATE_EMBEDDED or _held:
        return
    if not Cluster.kept_in(settings.TOOLGATE_VAR).running():
        raise PostgresError(
            f"Nothing serves from {settings.TOOLGATE_VAR}, and a command starts no database of its own: start it with "
            "`make run`, or set TOOLGATE_VAR to the folder of a running installation, or DATABASE_URL."
        )
    hold()


def let_go() -> None:
    """Give the share up; the last one out stops the server."""
    while _held:
        from django.db import connections

        connections.close_all()
        _held.pop().release()


@contextmanager
def kept_up() -> Iterator[None]:
    """While the block runs, start the embedded server again whenever it has died; what it acknowledged is on disk."""
    ended = threading.Event()
    watch = threading.Thread(target=_keep_up, args=(list(_held), ended), name="database", daemon=True)
    watch.start()
    try:
        yield
    finally:
        ended.set()
        watch.join()


def _keep_up(leases: list[Lease], ended: threading.Event) -> None:
    failing = False
    while not ended.wait(LOOK_SECONDS):
        for lease in leases:
            try:
                if lease.revive():
                    log.warning("database.revived")
                failing = False
            except PostgresError as error:
                if not failing:
                    log.error("database.not_revived", problem=str(error))
                failing = True

"""This process's share in the embedded PostgreSQL, where the settings say that there is one."""

from __future__ import annotations

import atexit

from config.postgres import Cluster, Lease

_held: list[Lease] = []


def hold() -> None:
    """Take a share in the embedded server, once, and give it up at exit; with DATABASE_URL there is nothing to do."""
    from django.conf import settings

    if settings.TOOLGATE_EMBEDDED and not _held:
        _held.append(Lease.take(Cluster.kept_in(settings.TOOLGATE_VAR)))
        atexit.register(let_go)


def let_go() -> None:
    """Give the share up; the last one out stops the server."""
    while _held:
        from django.db import connections

        connections.close_all()
        _held.pop().release()

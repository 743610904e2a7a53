"""Leases: each process that uses the server holds a shared lock; who gets it exclusively on leaving stops the server.

The kernel drops a killed process's lock, so the next one to leave still stops it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator

from config.machine.postgres.cluster import Cluster
from config.machine.postgres.gate import gate, open_private


class Lease:
    """One process's share in a running cluster."""

    def __init__(self, cluster: Cluster, descriptor: int) -> None:
        self._cluster = cluster
        self._descriptor = descriptor
        self._pid = os.getpid()

    @classmethod
    def take(cls, cluster: Cluster) -> Lease:
        cluster.owner.mkdir(parents=True, exist_ok=True)
        with gate(cluster.owner):
            descriptor = open_private(cluster.owner / "postgres.lease")
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH)
                if not cluster.running():
                    cluster.start()
            except BaseException:
                os.close(descriptor)
                raise
        return cls(cluster, descriptor)

    def revive(self) -> bool:
        """Start the server again where it died under its shares; whether it had to be. Raises PostgresError."""
        if self._cluster.running():
            return False
        with gate(self._cluster.owner):
            if self._cluster.running():
                return False
            self._cluster.start()
        return True

    def release(self) -> None:
        """Give the share up and, when nobody else holds one, stop the server. A forked child's call does nothing."""
        if self._pid != os.getpid() or self._descriptor < 0:
            return
        with gate(self._cluster.owner):
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                self._cluster.stop()
            finally:
                os.close(self._descriptor)
                self._descriptor = -1


@contextlib.contextmanager
def leased(cluster: Cluster) -> Iterator[Cluster]:
    """Hold the server up for as long as the block runs, starting it first where need be."""
    lease = Lease.take(cluster)
    try:
        yield cluster
    finally:
        lease.release()

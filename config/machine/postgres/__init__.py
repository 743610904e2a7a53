"""The embedded PostgreSQL: a real server, started by whoever needs it first and stopped by the last to leave."""

from __future__ import annotations

from config.machine.postgres.cluster import APP_ROLE, OWNER_ROLE, SUPERUSER, Cluster
from config.machine.postgres.errors import PostgresError
from config.machine.postgres.lease import Lease, leased

__all__ = ["APP_ROLE", "OWNER_ROLE", "SUPERUSER", "Cluster", "Lease", "PostgresError", "leased"]

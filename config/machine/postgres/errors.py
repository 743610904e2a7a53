"""What can go wrong with the embedded server."""

from __future__ import annotations


class PostgresError(Exception):
    """The embedded server cannot be had; the message says why and what to do."""

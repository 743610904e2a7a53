"""What somebody who owns the database might do to a release."""

from __future__ import annotations

from django.db import connection

_CHANGED = {
    "document": "document = document || '\\x20'::bytea",
    "digest": "digest = reverse(digest)",
    "signature": "signature = signature || '\\x20'::bytea",
}


def alter(number: int, column: str = "document") -> None:
    """Change one column of a stored release behind the trigger's back."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"UPDATE governance_release SET {_CHANGED[column]} WHERE number = %s", [number])
        cursor.execute("SET session_replication_role = DEFAULT")


def backdate(number: int, *, days: float) -> None:
    """Move a stored release into the past, as if it had been published so many days ago."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE governance_release SET created_at = now() - make_interval(secs => %s) WHERE number = %s",
            [days * 86_400, number],
        )
        cursor.execute("SET session_replication_role = DEFAULT")

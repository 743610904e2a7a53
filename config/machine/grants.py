"""Rights of the application's database role: all with authored tables; with the trail, what audit's migrations say."""

from __future__ import annotations

from django.db import connections

TRAIL_PREFIX = "audit_"


def grant_application_rights(owner: str, application: str) -> None:
    """Give the role of database alias `application` its rights on the tables that alias `owner` owns.

    Tables of the trail are left out: their own migrations grant INSERT and SELECT and nothing else. Nothing to do when
    one role does both.
    """
    role = str(connections[application].settings_dict["USER"])
    if role == str(connections[owner].settings_dict["USER"]):
        return
    connection = connections[owner]
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {quote(role)}")
        cursor.execute(
            "SELECT c.relname, c.relkind = 'S' FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace "
            "AND c.relkind IN ('r', 'p', 'S', 'v') AND pg_get_userbyid(c.relowner) = current_user "
            "AND NOT starts_with(c.relname, %s) ORDER BY c.relname",
            [TRAIL_PREFIX],
        )
        for name, is_sequence in cursor.fetchall():
            rights = "USAGE, SELECT ON SEQUENCE" if is_sequence else "SELECT, INSERT, UPDATE, DELETE ON TABLE"
            cursor.execute(f"GRANT {rights} public.{quote(name)} TO {quote(role)}")

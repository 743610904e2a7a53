"""Statements that destroy data, widen rights, or reach out of the database."""

from __future__ import annotations

from governance.engine.blocking.entry import Entry


def _entry(name: str, description: str, match: list[str], unmatched: list[str]) -> Entry:
    return Entry(
        id=name,
        kind="sql",
        pattern="@" + name,
        pack="data-destruction",
        description=description,
        match=tuple(match),
        unmatched=tuple(unmatched),
    )


DATA_DESTRUCTION: tuple[Entry, ...] = (
    _entry(
        "sql-drop",
        "Drops a table, database, schema or account, or stops the server.",
        [
            "DROP TABLE users",
            "drop/**/database `prod`",
            "SELECT 1; DROP SCHEMA public CASCADE",
            "/*!50000 DROP TABLE x */",
        ],
        ["SELECT 'drop table users'", "DROP TEMPORARY TABLE t", "DROP INDEX i"],
    ),
    _entry(
        "sql-truncate",
        "Empties a table.",
        ["TRUNCATE users", "truncate table a, b cascade"],
        ["SELECT TRUNCATE(1.55, 1)", "SELECT 'truncate table a'"],
    ),
    _entry(
        "sql-delete-all",
        "Deletes every row.",
        ["DELETE FROM users", "delete from users where 1=1", "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d"],
        ["DELETE FROM users WHERE id = 7", "SELECT 'delete from users'"],
    ),
    _entry(
        "sql-update-all",
        "Changes every row.",
        ["UPDATE users SET role = 'x'", "update users set a = 1 where id = 3 or 'a' = 'a'"],
        ["UPDATE users SET a = 1 WHERE id = 3", "SELECT * FROM t FOR UPDATE"],
    ),
    _entry(
        "sql-alter-drop",
        "Drops columns or partitions with their data.",
        ["ALTER TABLE users DROP COLUMN email", "alter table t drop partition p0"],
        ["ALTER TABLE t DROP CONSTRAINT c", "ALTER TABLE t ADD COLUMN c int"],
    ),
    _entry(
        "sql-grant",
        "Grants everything, or the right to grant.",
        ["GRANT ALL PRIVILEGES ON *.* TO 'x'@'%'", "ALTER USER x WITH SUPERUSER", "GRANT SELECT ON t TO PUBLIC"],
        ["GRANT SELECT ON t TO reporting"],
    ),
    _entry(
        "sql-program",
        "Starts a program on the database server.",
        ["COPY t FROM PROGRAM 'id'", "EXEC xp_cmdshell 'whoami'"],
        ["COPY t FROM STDIN", "EXEC monthly_report"],
    ),
    _entry(
        "sql-file",
        "Reads or writes files of the database server.",
        [
            "SELECT LOAD_FILE('/etc/passwd')",
            "SELECT * FROM t INTO OUTFILE '/tmp/x'",
            "SELECT pg_read_file('/etc/passwd')",
        ],
        ["SELECT load_file FROM settings", "SELECT a INTO b FROM c"],
    ),
    _entry(
        "document-drop",
        "Drops or empties collections of a document or graph database.",
        ["db.dropDatabase()", "db.users.drop()", "db.users.deleteMany({})", "MATCH (n) DETACH DELETE n"],
        ["db.users.find({})", "db.users.deleteMany({age: 3})"],
    ),
)

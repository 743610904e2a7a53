"""What in a database statement destroys data, widens rights or leaves the database: the checks of the shipped SQL
entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from governance.engine.blocking.queries.condition import always_true, where_of
from governance.engine.normalise.shell.budget import Budget
from governance.engine.normalise.sql import SqlToken, Statement, read_statements

_DROPPED = frozenset(
    "table database schema user role tablespace keyspace collection owned login server warehouse graph "
    "namespace stream catalog type".split()
)
_NOISE = frozenset(
    "if exists not only ignore low_priority quick temporary temp unlogged foreign external materialized cascade".split()
)
_PROGRAM_CALLS = frozenset(
    "xp_cmdshell sp_oacreate sp_oamethod sys_exec sys_eval xp_regwrite xp_regdeletekey xp_dirtree dbms_scheduler "
    "dbms_java lo_export pg_execute_server_program xp_servicecontrol "
    "sp_addextendedproc utl_http utl_tcp utl_smtp dblink_exec dblink".split()
)
_FILE_CALLS = frozenset(
    "load_file pg_read_file pg_read_binary_file pg_ls_dir lo_import utl_file openrowset opendatasource "
    "pg_file_write pg_file_unlink readfile writefile load_extension bfilename xp_fileexist".split()
)
_DYNAMIC = frozenset("exec execute prepare do sp_executesql execsql".split())


def statement_hazards(read: Iterable[Statement], budget: Budget, *, strict: bool, depth: int = 0) -> set[str]:
    """Checks that the statements meet. `strict` wants whole statements, for text that only may be SQL."""
    found: set[str] = set()
    for statement in read:
        if strict and not _reads_as_statement(statement):
            continue
        for place in _verbs(statement):
            found.update(_hazards_at(statement, place))
        found.update(_calls(statement))
        if depth < 3:
            for inner in _dynamic_texts(statement):
                within = read_statements(inner, budget).found
                found |= statement_hazards(within, budget, strict=False, depth=depth + 1)
    return found


_OPTIONS = frozenset(
    "if exists only cascade restrict restart continue identity table database schema user role view "
    "materialized temporary temp external foreign owned by tablespace collection keyspace purge force "
    "immediate concurrently".split()
)
_AFTER_DELETE = frozenset("where using limit returning order as".split())


def _reads_as_statement(statement: Statement) -> bool:
    """False for a sentence that only begins like a statement: `drop table users was a mistake`."""
    verb, rest = statement[0].value, statement[1:]
    if verb in {"drop", "truncate"}:
        previous = False
        for token in rest:
            name = token.kind in {"word", "quoted"} and token.value not in _OPTIONS
            if name and previous:
                return False
            previous = name
        return True
    if verb == "delete":
        place = 1 if rest and rest[0].value == "from" else 0
        while place + 1 < len(rest) and (rest[place + 1].value == "." or rest[place].value == "."):
            place += 1
        tail = [token for token in rest[place + 1 :] if not (token.kind == "operator" and token.value in {")", "--"})]
        return (
            not tail
            or tail[0].value in _AFTER_DELETE
            or len(tail) == 1
            or tail[1].value in _AFTER_DELETE
            or tail[0].value == "as"
        )
    if verb == "update":
        return any(token.kind == "operator" and token.value == "=" for token in rest)
    if verb == "grant":
        return any(token.value == "to" for token in rest) and any(token.value == "on" for token in rest)
    return True


def _verbs(statement: Statement) -> Iterator[int]:
    """Where in the statement something is done: its start, and inside parentheses and after them (common table
    expressions).
    """
    previous = ""
    for place, token in enumerate(statement):
        if token.kind == "word" and (
            place == 0
            or previous
            in {
                "(",
                ")",
                "begin",
                "then",
                "else",
                "explain",
                "analyze",
                "do",
                "as",
                "loop",
                "go",
                "\\",
                "language",
                "declare",
            }
        ):
            yield place
        elif (
            token.kind == "word"
            and previous
            not in {
                ".",
                "on",
                "for",
                "before",
                "after",
                "of",
                "or",
                "no",
                "grant",
                ",",
                "key",
                "set",
                "revoke",
                "raise",
                "instead",
                "update",
                "truncate",
                "alter",
            }
            and token.value in {"drop", "truncate"}
        ):
            following = statement[place + 1].value if place + 1 < len(statement) else ""
            if following in _DROPPED | {"table"}:
                yield place
        previous = token.value if token.kind in {"word", "operator"} else ""


def _hazards_at(statement: Statement, place: int) -> Iterator[str]:
    verb = statement[place].value
    rest = statement[place + 1 :]
    words = [token.value for token in rest if token.kind == "word"]
    if verb == "drop" and words:
        kept = [word for word in words if word not in {"foreign", "external", "if", "exists"}]
        if kept and kept[0] in _DROPPED and not _is_temporary(rest, words):
            yield "sql-drop"
    elif verb == "truncate" and rest and rest[0].value != "(" and not _is_temporary(rest, words):
        yield "sql-truncate"
    elif verb == "delete":
        where = where_of(rest)
        if (
            (where is None or always_true(where))
            and ("from" in words[:3] or (rest and rest[0].kind in {"word", "quoted"} and len(rest) <= 4))
            and not _is_temporary(rest, words)
        ):
            yield "sql-delete-all"
    elif verb == "update" and "set" in words and (not rest or rest[0].value != "set"):
        where = where_of(rest)
        if (where is None or always_true(where)) and not _is_temporary(rest, words):
            yield "sql-update-all"
    elif verb == "alter":
        yield from _altered(rest, words)
    elif verb == "grant":
        if (
            "all" in words[:2]
            or "option" in words
            or "superuser" in words
            or "public" in words
            or "dba" in words[:1]
            or "super" in words[:1]
            or {"db_owner", "sysadmin"} & set(words)
        ):
            yield "sql-grant"
    elif verb == "create" and {"user", "role", "login"} & set(words[:2]) and "superuser" in words:
        yield "sql-grant"
    elif verb == "copy" and "program" in words:
        yield "sql-program"
    elif verb == "copy" and _copies_file(rest) or verb == "load" and words[:1] == ["data"]:
        yield "sql-file"
    elif (
        (
            verb == "shutdown"
            or (verb == "purge" and words[:1] in (["binary"], ["recyclebin"]))
            or (verb == "detach" and "delete" in words)
        )
        or verb == "reset"
        and words[:1] == ["master"]
    ):
        yield "sql-drop"


def _copies_file(rest: list[SqlToken]) -> bool:
    return any(
        token.value in {"to", "from"} and following.kind == "string" and following.value.startswith("/")
        for token, following in zip(rest, rest[1:], strict=False)
    )


def _altered(rest: list[SqlToken], words: list[str]) -> Iterator[str]:
    if words[:1] == ["table"] and "drop" in words:
        kept = [token for token in rest if token.value not in {"if", "exists"}]
        for token, following in zip(kept, [*kept[1:], SqlToken("operator", "")], strict=True):
            if token.kind == "word" and token.value == "drop":
                if (
                    following.value in {"column", "partition", "columns", "("}
                    or following.kind == "quoted"
                    or following.kind == "word"
                    and following.value
                    not in {
                        "constraint",
                        "index",
                        "key",
                        "foreign",
                        "primary",
                        "default",
                        "not",
                        "check",
                        "identity",
                        "expression",
                        "unique",
                        "system",
                        "to",
                    }
                ):
                    yield "sql-alter-drop"
    if words[:1] in (["user"], ["role"], ["login"]) and {"superuser", "createrole", "bypassrls"} & set(words):
        yield "sql-grant"
    if words[:2] == ["server", "role"]:
        yield "sql-grant"
    if words[:1] == ["database"] and "drop" in words:
        yield "sql-alter-drop"
    if words[:1] == ["system"] and "set" in words:
        yield "sql-program"


def _is_temporary(rest: list[SqlToken], words: list[str]) -> bool:
    if {"temporary", "temp"} & set(words[:2]):
        return True
    names = [
        token.value
        for token in rest
        if token.kind in {"word", "quoted"} and token.value not in _NOISE | {"table", "from", "into"}
    ]
    return bool(names) and (names[0].startswith(("#", "pg_temp")) or names[0] in {"temp", "tempdb", "tmp"})


def _calls(statement: Statement) -> Iterator[str]:
    for place, token in enumerate(statement):
        if token.kind not in {"word", "quoted"}:
            continue
        following = statement[place + 1].value if place + 1 < len(statement) else ""
        if token.value in _PROGRAM_CALLS and (token.kind == "word" or following == "("):
            yield "sql-program"
        elif (
            token.value in _FILE_CALLS
            and following == "("
            or token.value == "into"
            and following in {"outfile", "dumpfile"}
        ):
            yield "sql-file"
        elif (
            token.value == "writable_schema"
            or token.value == "sp_configure"
            and any("xp_cmdshell" in other.value.lower() for other in statement if other.kind == "string")
        ):
            yield "sql-program"


def _dynamic_texts(statement: Statement) -> Iterator[str]:
    """The strings that a statement would itself run, adjacent ones joined."""
    words = {token.value for token in statement if token.kind == "word"}
    if not words & _DYNAMIC and not any(
        call in words for call in ("query_to_xml", "openquery", "database_to_xml", "pg_background_launch")
    ):
        return
    joined = ""
    previous = ""
    for token in statement:
        if token.kind == "string":
            joined = (
                joined + token.value if previous in {"||", "+", ","} or not joined else joined + "\n;" + token.value
            )
        elif token.kind == "word" and joined and previous not in {"||", "+"}:
            yield joined
            joined = ""
        previous = token.value
    if joined:
        yield joined

"""What in a database statement destroys data, widens rights or leaves the database: the checks of the shipped SQL
entries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

from governance.engine.normalise.shell.budget import Budget
from governance.engine.normalise.sql import SqlToken, Statement, statements

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
_COMPARISONS = frozenset({"=", "<", ">", "<=", ">=", "<>", "!=", "<=>", "like"})
_END_OF_WHERE = frozenset("order limit returning group having union offset fetch for option on".split())
_DYNAMIC = frozenset("exec execute prepare do sp_executesql execsql".split())

_DOCUMENT = re2.compile(
    r"(?i)"
    r"\.\s*dropDatabase\s*\(|\bdropDatabase\s*\(|\.\s*drop(?:Index(?:es)?)?\s*\(\s*(?:\{[^}]*\})?\s*\)"
    r"|\.\s*dropCollection\s*\(|\.\s*delete_?[mM]any\s*\(\s*(?:\{\s*\}|\))|\.\s*remove\s*\(\s*(?:\{\s*\}\s*)?[,)]|"
    r"\.\s*update_?[mM]any\s*\(\s*\{\s*\}|\.\s*drop_collection\s*\(|\.\s*drop_database\s*\("
    r"|\bdeleteMany\s*\(\s*\{\s*\}\s*\)|\.\s*deleteMany\s*\(\s*\{\s*_id\s*:\s*\{\s*\$(?:exists|ne)\b|"
    r"[\"']?\$out[\"']?\s*:\s*[\"']|\bmatch\s*\(\s*\w*\s*\)\s*(?:detach\s+)?delete\b|\.\s*shutdownServer\s*\("
    r"|dropAllUsers\w*\s*\(|\bdropUser\s*\(|\bdropRole\s*\(|\.\s*destroy_all\b|\.\s*delete_all\b|"
    r"\.objects\.all\(\)\.delete\(\)|\.\s*drop_all\s*\(|\bFLUSHALL\b|\bFLUSHDB\b"
)
_INDEX_DROP = re.compile(r"\.\s*dropIndex", re.IGNORECASE)


def document_hazards(text: str) -> Iterator[str]:
    """Checks that a text in a document database's shell (or an ORM's console) meets."""
    found = _DOCUMENT.search(text)
    if found and not (_INDEX_DROP.match(found[0]) and not _DOCUMENT.search(text[found.end() :])):
        yield "cache-flush" if found[0].upper().startswith("FLUSH") else "document-drop"


def statement_hazards(text: str, budget: Budget, *, strict: bool, depth: int = 0) -> set[str]:
    """Checks that the statements in `text` meet. `strict` wants whole statements, for text that only may be SQL."""
    found: set[str] = set()
    for statement in statements(text, budget):
        if strict and not _reads_as_statement(statement):
            continue
        for place in _verbs(statement):
            found.update(_hazards_at(statement, place))
        found.update(_calls(statement))
        if depth < 3:
            for inner in _dynamic_texts(statement):
                found |= statement_hazards(inner, budget, strict=False, depth=depth + 1)
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
        where = _where(rest)
        if (
            (where is None or _always_true(where))
            and ("from" in words[:3] or (rest and rest[0].kind in {"word", "quoted"} and len(rest) <= 4))
            and not _is_temporary(rest, words)
        ):
            yield "sql-delete-all"
    elif verb == "update" and "set" in words and (not rest or rest[0].value != "set"):
        where = _where(rest)
        if (where is None or _always_true(where)) and not _is_temporary(rest, words):
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


def _where(rest: list[SqlToken]) -> list[SqlToken] | None:
    """The condition of the statement itself, not of a subquery; None when it has none."""
    level = 0
    start: int | None = None
    for place, token in enumerate(rest):
        if token.kind == "operator" and token.value == "(":
            level += 1
        elif token.kind == "operator" and token.value == ")":
            level -= 1
            if level < 0:
                return rest[start:place] if start is not None else None
        elif level == 0 and token.kind == "word":
            if token.value == "where" and start is None:
                start = place + 1
            elif start is not None and token.value in _END_OF_WHERE:
                return rest[start:place]
    return rest[start:] if start is not None else None


def _split(tokens: list[SqlToken], *joiners: str) -> list[list[SqlToken]]:
    parts: list[list[SqlToken]] = [[]]
    level = 0
    between = False
    for token in tokens:
        if token.kind == "operator":
            level += {"(": 1, ")": -1}.get(token.value, 0)
        if level == 0 and token.kind in {"word", "operator"}:
            if token.value == "between":
                between = True
            elif token.value in joiners:
                if between and token.value == "and":
                    between = False
                else:
                    parts.append([])
                    continue
        parts[-1].append(token)
    return parts


def _always_true(tokens: list[SqlToken], depth: int = 0) -> bool:
    """Whether a condition holds for every row, by its form alone."""
    if depth > 8:
        return False
    if not tokens:
        return True
    choices = _split(tokens, "or", "||")
    if len(choices) > 1:
        return any(choice and _always_true(choice, depth + 1) for choice in choices)
    needed = _split(tokens, "and", "&&")
    if len(needed) > 1:
        return all(part and _always_true(part, depth + 1) for part in needed)
    if tokens[0].value == "(" and tokens[-1].value == ")" and tokens[0].kind == "operator":
        return _always_true(tokens[1:-1], depth + 1)
    if tokens[0].kind == "word" and tokens[0].value == "not":
        return _never_true(tokens[1:])
    return _constant(tokens)


def _constant(tokens: list[SqlToken]) -> bool:
    values = [token.value for token in tokens]
    if len(tokens) == 1:
        return (
            (tokens[0].kind == "word" and values[0] == "true")
            or (tokens[0].kind == "number" and values[0].strip("0.") != "")
            or (tokens[0].kind == "string" and values[0][:1] in set("123456789"))
        )
    if values[:3] == ["exists", "(", "select"] and "from" not in values:
        return True
    for place, token in enumerate(tokens):
        if token.value in _COMPARISONS and token.kind in {"operator", "word"}:
            return _compares_true(tokens[:place], token.value, tokens[place + 1 :])
    name = [token.value for token in tokens if token.kind in {"word", "quoted"}]
    return name[-3:] == ["is", "not", "null"] and len(name) >= 4 and _is_key(name[-4])


def _is_key(name: str) -> bool:
    return name in {"id", "_id", "rowid", "ctid", "uuid", "pk", "oid"}


def _compares_true(left: list[SqlToken], comparison: str, right: list[SqlToken]) -> bool:
    if not left or not right:
        return False
    if comparison == "like":
        return len(right) == 1 and right[0].kind == "string" and set(right[0].value) <= {"%"} and right[0].value != ""
    if left == right:
        return comparison in {"=", "<=", ">=", "<=>"}
    literal = {"number", "string"}
    if len(left) == len(right) == 1 and left[0].kind in literal and right[0].kind in literal:
        one, two = left[0].value, right[0].value
        try:
            order = (float(one) > float(two)) - (float(one) < float(two))
        except ValueError:
            order = (one > two) - (one < two)
        return {"=": order == 0, "<": order < 0, ">": order > 0, "<=": order <= 0, ">=": order >= 0}.get(
            comparison, order != 0
        )
    if all(token.kind in {"number", "operator"} for token in left + right):
        return comparison == "="
    if len(left) <= 3 and left[-1].kind in {"word", "quoted"} and _is_key(left[-1].value) and len(right) == 1:
        return (comparison in {">", ">=", "<>", "!="} and right[0].value in {"0", "-1", ""}) or (
            comparison in {"<", "<=", "<>", "!="} and len(right[0].value) > 9
        )
    return (
        len(right) == 2
        and right[0].value == "-"
        and comparison in {">", ">=", "<>", "!="}
        and left[-1].kind in {"word", "quoted"}
        and _is_key(left[-1].value)
    )


def _never_true(tokens: list[SqlToken]) -> bool:
    if len(tokens) == 1:
        return tokens[0].value in {"false", "0"}
    if tokens and tokens[0].value == "(" and tokens[-1].value == ")":
        return _never_true(tokens[1:-1])
    return (
        len(tokens) == 3
        and tokens[0].kind == tokens[2].kind == "number"
        and tokens[1].value == "="
        and tokens[0].value != tokens[2].value
    )


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

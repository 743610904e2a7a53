"""Which data sources a call's arguments touch, by path, host and table patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from governance.engine.blocking import reach
from governance.engine.blocking.leaves import LeafRole, leaves, tool_shape
from governance.engine.blocking.matchers import GlobSet, HostMatcher, PathMatcher
from governance.engine.document.entities import DataSourceFields
from governance.engine.normalise.globs import glob_expression
from governance.engine.normalise.hosts import Host, bare_host, url_hosts
from governance.engine.normalise.paths import MAX_PATH, is_path_shaped, path_forms, pattern_form
from governance.engine.normalise.shell.budget import Budget, TooComplexError
from governance.engine.normalise.shell.commands import Commands, read_commands
from governance.engine.normalise.sql import Statement, is_sql_shaped, read_statements
from governance.engine.normalise.text import fold

KINDS = ("path", "host", "table")
_TABLE_KEYS = frozenset("table tables tablename schema schemas collection collections dataset relation view".split())
_UNRESOLVED = ("$", "`", "\0")
_WILD = re.compile(r"[*?\[{]")


class _Tables:
    """Table globs over `schema.table`: a pattern without schema covers the table in any, and a longer name is compared
    by its end.
    """

    __slots__ = ("_globs", "_schemas")

    def __init__(self, patterns: Iterable[tuple[str, str]]) -> None:
        folded = [(name, fold(pattern).lower().replace('"', "").replace("`", "").strip()) for name, pattern in patterns]
        self._globs = GlobSet(
            (name, "(?:.*/)?" + glob_expression(pattern.replace(".", "/"))) for name, pattern in folded
        )
        self._schemas = GlobSet(
            (name, glob_expression(pattern.rpartition(".")[0])) for name, pattern in folded if "." in pattern
        )

    def __bool__(self) -> bool:
        return bool(self._globs)

    def match(self, name: str) -> list[str]:
        """Ids whose patterns cover a table's name, qualified or not."""
        return self._globs.match(
            name.lower().replace('"', "").replace("`", "").replace("[", "").replace("]", "").replace(".", "/")
        )

    def match_statement(self, statement: Statement) -> set[str]:
        """Ids whose patterns cover a name in the statement, or the schema that it switches to."""
        found: set[str] = set()
        chain: list[str] = []
        for token, following in zip(statement, [*statement[1:], None], strict=True):
            if token.kind in {"word", "quoted"}:
                chain.append(token.value)
                if following is None or following.value != ".":
                    found.update(self._globs.match("/".join(chain)))
                    chain = []
            elif token.value != ".":
                chain = []
        if statement[0].value in {"set", "use"} or "search_path" in {token.value for token in statement}:
            for token in statement[1:]:
                found.update(self._schemas.match(token.value.lower()))
        return found


class DataSourcePatterns:
    """The `patterns` of every data source of a policy, compiled; matching touches nothing outside the arguments."""

    __slots__ = ("_all", "_begins", "_hosts", "_paths", "_tables")

    def __init__(
        self,
        *,
        paths: PathMatcher,
        hosts: HostMatcher,
        tables: _Tables,
        names: Mapping[str, frozenset[str]],
        begins: tuple[tuple[str, str], ...],
    ) -> None:
        """`begins` pairs each data source with what its path patterns begin with, before their first wildcard."""
        self._paths, self._hosts, self._tables, self._all, self._begins = paths, hosts, tables, names, begins

    @classmethod
    def compile(cls, data_sources: Mapping[str, DataSourceFields]) -> Self:
        """Compile the policy file's `data_sources`: id → {patterns: {path: [...], host: [...], table: [...]}}.

        ValueError when a host pattern is no host.
        """
        found: dict[str, list[tuple[str, str]]] = {kind: [] for kind in KINDS}
        for name, source in data_sources.items():
            for kind, patterns in source.get("patterns", {}).items():
                found[kind] += [(name, pattern) for pattern in patterns]
        return cls(
            paths=PathMatcher(found["path"]),
            hosts=HostMatcher(found["host"]),
            tables=_Tables(found["table"]),
            names={kind: frozenset(name for name, _ in pairs) for kind, pairs in found.items()},
            begins=tuple(
                (name, _WILD.split(pattern_form(pattern), maxsplit=1)[0])
                for name, pattern in found["path"]
                if not pattern.startswith("!")
            ),
        )

    def match(self, arguments: Mapping[str, Any]) -> frozenset[str]:
        """Ids of the data sources that the arguments touch.

        A value that is meant as a path, an address, a statement or a command and cannot be read touches every data
        source of that kind.
        """
        if not (self._paths or self._hosts or self._tables):
            return frozenset()
        touched: set[str] = set()
        budget = Budget()
        try:
            for node, role, raw in leaves(arguments, tool_shape("")):
                if role is LeafRole.PROSE:
                    continue
                budget.spend(2)
                if raw.isascii() or role is LeafRole.COMMAND or role is LeafRole.SQL:
                    self._leaf(str(node.key), role, raw, touched, budget)
                if not raw.isascii():
                    self._leaf(str(node.key), role, fold(raw), touched, budget, folded=True)
        except (TooComplexError, RecursionError):
            for names in self._all.values():
                touched |= names
        return frozenset(touched)

    def _leaf(
        self, key: str, role: LeafRole, text: str, touched: set[str], budget: Budget, *, folded: bool = False
    ) -> None:
        if role is LeafRole.COMMAND:
            commands = read_commands(text, budget)
            if (commands.lost and not folded) or not commands.complete:
                for names in self._all.values():
                    touched |= names
            self._command(commands, touched, budget)
            return
        if self._paths:
            self._path(role, text, touched)
        if self._hosts:
            self._host(role, text, touched)
        if self._tables:
            if role is LeafRole.SQL or (
                (role in {LeafRole.QUERY, LeafRole.PLAIN, LeafRole.CODE}) and is_sql_shaped(text)
            ):
                self._statements(text, touched, budget, typed=role is LeafRole.SQL and not folded)
            elif key.lower().replace("_", "") in _TABLE_KEYS:
                touched.update(self._tables.match(text))

    def _path(self, role: LeafRole, text: str, touched: set[str]) -> None:
        if role is LeafRole.PATH:
            if len(text) > MAX_PATH or any(sign in text for sign in _UNRESOLVED):
                touched |= self._all["path"]
            else:
                touched.update(self._paths.match(text))
                self._wild(text, touched)
        elif role is LeafRole.CODE:
            for path in reach.code_paths(text):
                touched.update(self._paths.match(path))
        elif is_path_shaped(text):
            touched.update(self._paths.match(text))
            self._wild(text, touched)

    def _wild(self, text: str, touched: set[str]) -> None:
        """A rooted path with wildcards is every path that they may stand for."""
        wild = _WILD.search(text)
        if wild is None:
            return
        head = text[: wild.start()]
        for form in path_forms(head):
            if form.startswith(("/", "~")):
                begin = form if form == "/" or not head.endswith("/") else form + "/"
                touched.update(name for name, own in self._begins if own.startswith(begin) or begin.startswith(own))

    def _host(self, role: LeafRole, text: str, touched: set[str]) -> None:
        known = False
        for host in url_hosts(text):
            known = True
            touched.update(self._hosts.match(host))
        alone = bare_host(text, numeric=role is LeafRole.HOST) if role is not LeafRole.CODE else None
        if alone is not None:
            known = True
            touched.update(self._hosts.match(alone))
        if (
            role is LeafRole.HOST
            and not known
            and text.strip()
            and ("//" in text or not any(char.isspace() for char in text))
        ):
            touched |= self._all["host"]

    def _statements(self, text: str, touched: set[str], budget: Budget, *, typed: bool) -> None:
        try:
            read = read_statements(text, budget)
        except TooComplexError:
            touched |= self._all["table"]
            return
        if read.lost and typed:
            touched |= self._all["table"]
        for statement in read.found:
            touched |= self._tables.match_statement(statement)

    def _command(self, commands: Commands, touched: set[str], budget: Budget) -> None:
        match: Callable[[Host], set[str]] = self._hosts.match
        for host in reach.reached_hosts(commands) if self._hosts else ():
            touched |= match(host)
        for text in reach.statement_texts(commands) if self._tables else ():
            self._statements(text, touched, budget, typed=True)
        if not self._paths:
            return
        for path in reach.opened_paths(commands):
            touched |= self._paths.match(path)
        for command in commands.commands:
            if command.cwd:
                touched |= self._paths.match(command.cwd)
            for word in command.words:
                if len(word) <= MAX_PATH and ("/" in word or command.cwd):
                    touched |= self._paths.match(word)
                    self._wild(word, touched)
                    if command.cwd and not word.startswith(("/", "-", "~")):
                        touched |= self._paths.match(command.cwd + "/" + word)

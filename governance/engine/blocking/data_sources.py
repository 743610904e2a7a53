"""Which data sources a call's arguments touch, by path, host and table patterns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from governance.engine.blocking.leaves import Role, leaves, tool_shape
from governance.engine.blocking.matchers import HostMatcher, PathMatcher
from governance.engine.normalise.hosts import bare_host, url_hosts
from governance.engine.normalise.paths import is_path_shaped

_ANY_TOOL = tool_shape("")


class DataSourcePatterns:
    """The `patterns` of every data source of a policy, compiled; matching touches nothing outside the arguments."""

    __slots__ = ("_hosts", "_kinds", "_paths", "_tables")

    def __init__(
        self, *, paths: PathMatcher, hosts: HostMatcher, tables: Mapping[str, str], kinds: Mapping[str, frozenset[str]]
    ) -> None:
        self._paths, self._hosts, self._tables, self._kinds = paths, hosts, tables, kinds

    @classmethod
    def compile(cls, data_sources: Mapping[str, Any]) -> Self:
        """Compile the policy file's `data_sources`: id → {patterns: {path: [...], host: [...], table: [...]}}."""
        paths: list[tuple[str, str]] = []
        hosts: list[tuple[str, str]] = []
        kinds: dict[str, set[str]] = {"path": set(), "host": set(), "table": set()}
        for name, source in data_sources.items():
            for kind, patterns in (source.get("patterns") or {}).items():
                for pattern in patterns:
                    kinds[kind].add(name)
                    if kind == "path":
                        paths.append((name, pattern))
                    elif kind == "host":
                        hosts.append((name, pattern))
        return cls(
            paths=PathMatcher(paths),
            hosts=HostMatcher(hosts),
            tables={},
            kinds={kind: frozenset(names) for kind, names in kinds.items()},
        )

    def match(self, arguments: Mapping[str, Any]) -> frozenset[str]:
        """Ids of the data sources that the arguments touch."""
        touched: set[str] = set()
        for _, role, text in leaves(arguments, _ANY_TOOL):
            if self._paths and (role is Role.PATH or (role is not Role.PROSE and is_path_shaped(text))):
                touched.update(self._paths.match(text))
            if self._hosts and role is not Role.PROSE:
                for host in url_hosts(text):
                    touched.update(self._hosts.match(host))
                host_alone = bare_host(text, numeric=role is Role.HOST)
                if host_alone is not None:
                    touched.update(self._hosts.match(host_alone))
        return frozenset(touched)

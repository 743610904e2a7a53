"""The compiled blocklist, and matching a call against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from governance.engine.blocking.entry import BlocklistError, Entry, Hit, Problem
from governance.engine.blocking.leaves import Role, leaves, tool_shape
from governance.engine.blocking.matchers import EntityMatcher, HostMatcher, PathMatcher
from governance.engine.normalise.hosts import bare_host, url_hosts
from governance.engine.normalise.paths import is_path_shaped


def shipped_entries() -> tuple[Entry, ...]:
    """Every entry of every shipped pack, sorted by id."""
    return ()


def entry_problems(raw: Mapping[str, Any]) -> list[str]:
    """Why an entry of the policy file cannot be saved, its examples included; [] when it can."""
    try:
        Blocklist.compile(packs=[], entries=[raw], off=[], shadow=[])
    except BlocklistError as error:
        return [problem.message for problem in error.problems]
    return []


class Blocklist:
    """Everything that is denied to everybody, compiled once a release and never changed."""

    __slots__ = ("_entities", "_entries", "_hosts", "_paths")

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = {entry.id: entry for entry in entries}
        of = lambda *kinds: [(e.id, e.pattern) for e in self._entries.values() if e.kind in kinds]  # noqa: E731
        self._entities = EntityMatcher(of("entity"))
        self._hosts = HostMatcher(of("host", "network"))
        self._paths = PathMatcher(of("path"))

    @classmethod
    def compile(cls, *, packs: Iterable[str] = ("builtin",), entries: Iterable[Mapping[str, Any]] = (), off: Iterable[str] = (), shadow: Iterable[str] = ()) -> Self:
        """Compile the policy file's `blocklist`; BlocklistError names every entry that cannot be used."""
        dark = set(shadow)
        own = [
            Entry(id=raw["id"], kind=raw["kind"], pattern=raw["pattern"], mode="shadow" if raw["id"] in dark else raw.get("mode", "enforce"), pointer=raw.get("pointer"))
            for raw in entries
            if raw["id"] not in set(off)
        ]
        try:
            return cls(own)
        except ValueError as error:
            raise BlocklistError((Problem(entry="", message=str(error)),)) from None

    def match(self, kind: str, entity: str, arguments: Mapping[str, Any]) -> tuple[Hit, ...]:
        """Every entry that the call matches, each once, with the first pointer at which it does."""
        hits: dict[str, Hit] = {}

        def hit(name: str, path: str) -> None:
            entry = self._entries[name]
            hits.setdefault(name, Hit(entry=name, kind=entry.kind, path=path, shadow=entry.mode == "shadow"))

        for name in self._entities.match(str(kind), entity):
            hit(name, "")
        for node, role, text in leaves(arguments, tool_shape(entity)):
            if role is Role.PROSE:
                continue
            for host in url_hosts(text):
                for name in self._hosts.match(host):
                    hit(name, node.pointer())
            if self._paths and (role is Role.PATH or is_path_shaped(text)):
                for name in self._paths.match(text):
                    hit(name, node.pointer())
            alone = bare_host(text, numeric=role is Role.HOST)
            if alone is not None:
                for name in self._hosts.match(alone):
                    hit(name, node.pointer())
        return tuple(hits.values())

"""Patterns compiled once, for paths, hosts and names; each answers with the ids of what matched."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

import re2

from governance.engine.normalise.globs import glob_expression
from governance.engine.normalise.hosts import Address, Host, parse_host
from governance.engine.normalise.names import name_key
from governance.engine.normalise.paths import climbs, path_forms, pattern_form

_SET_MEMORY = 64 << 20


def set_options() -> re2.Options:
    """RE2 options for a set: an automaton that runs out of memory would answer "no match", so it gets plenty."""
    options = re2.Options()
    options.max_mem = _SET_MEMORY
    options.never_capture = True
    options.dot_nl = True
    options.log_errors = False
    return options


def alternatives(pattern: str) -> list[str]:
    """The alternatives of a pattern: written with ` | ` between them (hosts, networks, paths)."""
    return [part.strip() for part in pattern.split(" | ") if part.strip()]


class GlobSet:
    """Expressions matched in full against one text."""

    __slots__ = ("_ids", "_set")

    def __init__(self, expressions: Iterable[tuple[str, str]]) -> None:
        self._ids: list[str] = []
        self._set = re2.Set.FullMatchSet(set_options())
        for name, expression in expressions:
            self._set.Add(expression)
            self._ids.append(name)
        if self._ids:
            self._set.Compile()

    def __bool__(self) -> bool:
        return bool(self._ids)

    def match(self, text: str) -> list[str]:
        return [self._ids[place] for place in self._set.Match(text) or ()] if self._ids else []


class PathMatcher:
    """Path globs; one that starts with `!` takes paths out of its id's patterns again.

    A relative path that climbs out of its folder also matches what a pattern ends in.
    """

    __slots__ = ("_climbing", "_plain", "_spared")

    def __init__(self, patterns: Iterable[tuple[str, str]]) -> None:
        plain: list[tuple[str, str]] = []
        climbing: list[tuple[str, str]] = []
        spared: list[tuple[str, str]] = []
        for name, pattern in patterns:
            if pattern.startswith("!"):
                spared.append((name, glob_expression(pattern_form(pattern[1:]))))
                continue
            form = pattern_form(pattern)
            plain.append((name, glob_expression(form)))
            segments = form.strip("/").split("/")
            climbing += [
                (name, glob_expression("/".join(segments[place:])))
                for place in range(len(segments))
                if any(not set(segment) & {"*", "?"} for segment in segments[place:])
            ]
        self._plain = GlobSet(plain)
        self._climbing = GlobSet(climbing)
        self._spared = GlobSet(spared)

    def __bool__(self) -> bool:
        return bool(self._plain)

    def match(self, text: str) -> set[str]:
        """Ids of the patterns that cover the path written in `text`."""
        found: set[str] = set()
        forms = path_forms(text)
        for form in forms:
            found.update(self._plain.match(form))
        if forms and climbs(text):
            found.update(self._climbing.match(forms[0]))
        if found and self._spared:
            for form in forms:
                found.difference_update(self._spared.match(form))
        return found


class HostMatcher:
    """Hosts: a name also covers its subdomains, `*` stands for one label and `**` for any; an address covers all its
    spellings.
    """

    __slots__ = ("_addresses", "_exact", "_globs", "_networks")

    def __init__(self, patterns: Iterable[tuple[str, str]]) -> None:
        self._exact: dict[str, list[str]] = {}
        self._addresses: dict[Address, list[str]] = {}
        self._networks: list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str]] = []
        globs: list[tuple[str, str]] = []
        for name, pattern in patterns:
            if "/" in pattern:
                self._networks.append((ipaddress.ip_network(pattern.strip(), strict=False), name))
                continue
            text = pattern.strip().lower()
            if not text.strip("*?. "):
                raise ValueError(f"not a host: {pattern!r}")
            if "*" in text or "?" in text:
                globs.append((name, glob_expression(text.strip(".").replace(".", "/"))))
                continue
            host = parse_host(text)
            if host is None:
                raise ValueError(f"not a host: {pattern!r}")
            if host.addresses and not host.name.endswith(("nip.io", "sslip.io", "xip.io")):
                self._addresses.setdefault(host.addresses[-1], []).append(name)
            else:
                self._exact.setdefault(host.name, []).append(name)
        self._globs = GlobSet(globs)

    def __bool__(self) -> bool:
        return bool(self._exact or self._addresses or self._networks or self._globs)

    def match(self, host: Host) -> set[str]:
        """Ids of the patterns that cover the host or one of its addresses."""
        found: set[str] = set()
        name = host.name
        if self._exact:
            while name:
                found.update(self._exact.get(name, ()))
                name = name.partition(".")[2]
        for address in host.addresses:
            found.update(self._addresses.get(address, ()))
            for network, entry in self._networks:
                if address in network:
                    found.add(entry)
        if self._globs:
            found.update(self._globs.match(host.name.replace(".", "/")))
        return found


class EntityMatcher:
    """Entity globs, compared under the coarse key of names: case, look-alikes and what is hidden make no difference."""

    __slots__ = ("_by_kind", "_match")

    def __init__(self, patterns: Iterable[tuple[str, str]]) -> None:
        by_kind: dict[str, list[tuple[str, str]]] = {}
        for name, pattern in patterns:
            kind, separator, rest = pattern.partition(":")
            if not separator:
                kind, rest = "*", pattern
            expression = glob_expression(name_key(rest))
            if kind == "server":
                by_kind.setdefault("server", []).append((name, expression))
                by_kind.setdefault("tool", []).append((name, expression + "/.*"))
            elif kind == "*":
                for each in ENTITY_KINDS:
                    by_kind.setdefault(each, []).append((name, expression))
            else:
                by_kind.setdefault(kind, []).append((name, expression))
        self._by_kind = {kind: GlobSet(expressions) for kind, expressions in by_kind.items()}
        self._match = lru_cache(maxsize=4096)(self._matched)

    def _matched(self, kind: str, entity: str) -> tuple[str, ...]:
        globs = self._by_kind.get(kind)
        return tuple(globs.match(name_key(entity))) if globs else ()

    def match(self, kind: str, entity: str) -> tuple[str, ...]:
        """Ids of the patterns that cover the entity `entity` of `kind`."""
        return self._match(kind, entity) if self._by_kind else ()


ENTITY_KINDS = ("server", "tool", "data_source", "agent", "skill", "plugin")

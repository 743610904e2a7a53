"""Whether one request looks like a scanner's: a pure question about method, path and name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from accounts.guard.lists import GuardLists

API_PREFIXES = (
    "/api", "/access", "/hooks", "/mcp", "/oauth", "/v1", "/events", "/ws", "/.well-known", "/livez", "/readyz",
    "/metrics",
)  # fmt: skip
"""Routes of programs: nobody is refused there for a client's name alone."""

OWN_PREFIXES = (*API_PREFIXES, "/admin", "/console", "/account", "/accounts", "/static", "/favicon.ico", "/robots.txt")
"""Routes that are ours, where the guard's paths, extensions and segments do not apply."""

_DECODINGS = 3
SHORT = 4
REMEMBERED = 4_096
LONGEST_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class ScannerMatcher:
    """Matches requests against one state of the lists."""

    lists: GuardLists
    _agents: re.Pattern[str] | None = field(init=False, repr=False)
    _browsers: tuple[tuple[re.Pattern[str], int], ...] = field(init=False, repr=False)
    _paths: dict[str, tuple[str | None, bool]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        lists = self.lists
        patterns = "|".join(_agent_pattern(agent.lower()) for agent in lists.agents if agent)
        object.__setattr__(self, "_agents", re.compile(patterns) if patterns else None)
        object.__setattr__(
            self,
            "_browsers",
            tuple((re.compile(rf"{re.escape(name.lower())}/(\d{{1,9}})"), major) for name, major in lists.browsers),
        )

    def reason(self, path: str, agent: str | None) -> str | None:
        """Why this request is refused (`guard.path`, `guard.extension`, `guard.segment`, `guard.agent`,
        `guard.browser`), or None. `path` is as received, still escaped or not."""
        refused, is_api = self.of_path(path)
        return refused if refused is not None or is_api or not self.lists.enabled else self.of_agent(agent)

    def of_path(self, path: str) -> tuple[str | None, bool]:
        """Why the path alone is refused, and whether it is a route of programs; remembered for paths seen often."""
        found = self._paths.get(path)
        if found is None:
            plain = plain_path(path)
            refused = self._of_path(plain) if self.lists.enabled else None
            found = (refused, under(plain, API_PREFIXES) and ".." not in plain.split("/"))
            if len(self._paths) >= REMEMBERED:
                self._paths.clear()
            if len(path) <= LONGEST_REMEMBERED:
                self._paths[path] = found
        return found

    def _of_path(self, path: str) -> str | None:
        segments = path.split("/")
        # A traversal out of our own routes is not one of them.
        if under(path, OWN_PREFIXES) and ".." not in segments:
            return None
        lists = self.lists
        for segment in segments:
            if segment in lists.segments or segment.startswith(lists.name_starts):
                return "guard.segment"
            if "." in segment and segment.rpartition(".")[2] in lists.extensions:
                return "guard.extension"
        return "guard.path" if any(_probed(path, probe.lower()) for probe in lists.paths) else None

    def of_agent(self, agent: str | None) -> str | None:
        """Why the client's name is refused, or None; asked for routes of people only."""
        name = (agent or "").strip().lower()
        if len(name) < self.lists.shortest_agent:
            return "guard.agent"
        if self._agents is not None and self._agents.search(name):
            return "guard.agent"
        for pattern, major in self._browsers:
            found = pattern.search(name)
            if found is not None and int(found[1]) < major:
                return "guard.browser"
        return None


def plain_path(path: str) -> str:
    """A path in lower case, without escapes (looked through three times over), query and doubled slashes."""
    plain = path.partition("?")[0]
    for _ in range(_DECODINGS):
        decoded = unquote(plain)
        if decoded == plain:
            break
        plain = decoded
    return re.sub("/{2,}", "/", plain.replace("\\", "/").lower())


def under(path: str, prefixes: tuple[str, ...]) -> bool:
    """Whether a plain path is one of `prefixes` or lies below one."""
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in prefixes)


def _probed(path: str, probe: str) -> bool:
    if not probe.startswith("/"):
        return probe in path
    at = path.find(probe)
    while at >= 0:
        end = at + len(probe)
        # Whole segments only: `/identity` is probed for, `/identity-map` and `/uploads-2024` may be anybody's.
        if probe.endswith("/") or end == len(path) or path[end] in "/.":
            return True
        at = path.find(probe, end)
    return False


def _agent_pattern(agent: str) -> str:
    # A very short word counts only as a whole one, so that `zap` is a scanner and `zapier` is not; a longer one stands
    # in names of many forms (`CensysInspect`, `Apache-HttpClient`).
    escaped = re.escape(agent)
    return rf"(?<![a-z0-9]){escaped}(?![a-z0-9])" if len(agent) < SHORT else escaped

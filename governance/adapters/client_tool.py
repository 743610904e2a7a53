"""What agent clients call their tools, and which registered tool that is.

A client's built-in tool is `<client>/<Tool>`. `mcp__S__T` is `S/T` where exactly one registered server that is
managed on clients answers to S; `mcp__plugin_P_S__T` likewise for a server of plugin P. Anything else, and whatever
could be read in two ways, is no entity: the caller gets None and the door answers `entity.unknown`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Protocol

_FOLDED = re.compile(r"[^A-Za-z0-9_-]")


class ClientServers(Protocol):
    """What a release knows of the servers that clients run themselves."""

    def client_managed(self) -> Iterable[str]:
        """Slugs of servers registered as managed on clients."""

    def client_plugins(self) -> Iterable[tuple[str, str]]:
        """Pairs (plugin, server) of those servers that a plugin brings."""


def client_spelling(name: str) -> str:
    """How clients spell a server's name inside a tool name: anything but letters, digits, `_`, `-` becomes `_`."""
    return _FOLDED.sub("_", name)


def entity_of(client: str, raw_name: str, servers: ClientServers) -> str | None:
    """Return `server/tool` for a client's own tool name, or None where it is unknown or ambiguous."""
    if not raw_name.startswith("mcp__"):
        return f"{client}/{raw_name}" if "/" not in raw_name and raw_name else None
    found = {*_plain_readings(raw_name[5:], servers), *_plugin_readings(raw_name[5:], servers)}
    return found.pop() if len(found) == 1 else None


def _plain_readings(rest: str, servers: ClientServers) -> Iterator[str]:
    for server in servers.client_managed():
        tool = rest.removeprefix(client_spelling(server) + "__")
        if tool and tool != rest:
            yield f"{server}/{tool}"


def _plugin_readings(rest: str, servers: ClientServers) -> Iterator[str]:
    if not rest.startswith("plugin_"):
        return
    for plugin, server in servers.client_plugins():
        prefix = f"plugin_{client_spelling(plugin)}_{client_spelling(server)}__"
        tool = rest.removeprefix(prefix)
        if tool and tool != rest:
            yield f"{server}/{tool}"

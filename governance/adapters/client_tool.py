"""What agent clients call their tools, and which registered tool that is.

A client's built-in tool is `<client>/<Tool>`. `mcp__S__T` is `server/T` where exactly one registered server that is
managed on clients has S for its id or among its names there, in the clients' spelling and whatever the case of its
letters: clients allow capitals that ids do not. `mcp__plugin_P_S__T` likewise for a server of plugin P. The tool's own
name counts letter by letter. Anything else, and whatever could be read in two ways, is no entity: the caller gets None
and the door answers `entity.unknown`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Protocol

_FOLDED = re.compile(r"[^A-Za-z0-9_-]")


class ClientServers(Protocol):
    """What a release knows of the servers that clients run themselves."""

    def client_managed(self) -> Iterable[tuple[str, str]]:
        """Pairs (name on clients, server) of the servers registered as managed on clients; ids are names too."""

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
    for name, server in servers.client_managed():
        if tool := _behind(f"{client_spelling(name)}__", rest):
            yield f"{server}/{tool}"


def _plugin_readings(rest: str, servers: ClientServers) -> Iterator[str]:
    if not rest.startswith("plugin_"):
        return
    for plugin, server in servers.client_plugins():
        prefix = f"plugin_{client_spelling(plugin)}_{client_spelling(server)}__"
        if tool := _behind(prefix, rest):
            yield f"{server}/{tool}"


def _behind(prefix: str, text: str) -> str:
    """What stands behind the prefix, whatever the case of its letters; empty where the text begins otherwise."""
    head, tail = text[: len(prefix)], text[len(prefix) :]
    return tail if head.isascii() and head.lower() == prefix.lower() else ""

"""Whose request a trusted proxy passes on: the client's address out of `X-Forwarded-For`.

Each proxy appends the address that it was connected to from, so the list is read from its end: as far as the addresses
are those of trusted proxies the next one is believed, and the first other one is the client. What stands before that
was written by the client and says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.credentials.networks import Network, address_of, is_within
from accounts.credentials.presented import RawHeaders

HEADER = b"x-forwarded-for"
MOST_HOPS = 32
"""So many entries are looked at; nobody stands behind more proxies."""

HOP = "toolgate.hop"
"""Where the ASGI scope keeps the address that the connection came from, when `client` is another."""


def client_of(peer: str, headers: RawHeaders, trusted: Sequence[Network]) -> str:
    """The client's address: `peer` itself where it is no trusted proxy, or where the proxy names none."""
    if not is_within(peer, trusted):
        return peer
    told = b",".join(value for name, value in headers if name == HEADER).decode("latin-1")
    client = peer
    for entry in reversed(told.rsplit(",", MOST_HOPS)[-MOST_HOPS:]):
        address = address_of(_without_port(entry.strip()))
        if address is None:
            break  # what a proxy writes that is no address tells nothing: its own stands
        client = str(address)
        if not is_within(client, trusted):
            break
    return client


def peer_of(scope: Mapping[str, Any]) -> str:
    """The client's address, as far as it is known."""
    return str((scope.get("client") or ("", 0))[0])


def hop_of(scope: Mapping[str, Any]) -> str:
    """The address that the connection itself came from: a trusted proxy's where one passed the request on."""
    return str(scope.get(HOP) or peer_of(scope))


def _without_port(entry: str) -> str:
    """`192.0.2.7:4711` and `[2001:db8::7]:4711`, as some proxies write it, without the port."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry

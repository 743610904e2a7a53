from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from accounts.credentials.forwarded import hop_of, peer_of
from config.edge.forwarded import ForwardedClient
from config.edge.lane import Message, Receive, Scope, Send


async def nothing() -> Message:
    return {}


async def ignore(message: Message) -> None:
    return None


async def seen(peer: str, **more: Any) -> tuple[str, str]:
    """Client and hop as the application behind sees them."""
    scopes: list[Scope] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)

    headers = ((b"x-forwarded-for", b"203.0.113.9"),)
    scope = {"type": "http", "client": (peer, 4711), "headers": headers, **more}
    await ForwardedClient(application, [ip_network("10.0.0.0/8")])(scope, nothing, ignore)
    return peer_of(scopes[0]), hop_of(scopes[0])


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_a_client_behind_a_trusted_proxy_is_who_asks_and_the_proxy_is_its_hop(kind: str) -> None:
    assert await seen("10.1.2.3", type=kind) == ("203.0.113.9", "10.1.2.3")


async def test_the_header_of_a_stranger_changes_nothing() -> None:
    assert await seen("198.51.100.7") == ("198.51.100.7", "198.51.100.7")


async def test_what_is_no_request_passes() -> None:
    assert await seen("", type="lifespan", client=None) == ("", "")

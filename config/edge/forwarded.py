"""Around everything: the client behind a trusted proxy is who asks, for budgets, bans and records alike."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.credentials.forwarded import HOP, client_of, peer_of
from accounts.credentials.networks import Network
from config.edge.lane import Application, Receive, Scope, Send


class ForwardedClient:
    """Puts the address that `X-Forwarded-For` names into the scope, where a proxy in `trusted` passed the request on.

    From anybody else the header says nothing. The proxy's own address stays beside it, for the headers that only a
    proxy may send.
    """

    def __init__(self, application: Application, trusted: Sequence[Network]) -> None:
        self._application = application
        self._trusted = tuple(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._trusted and scope["type"] in ("http", "websocket"):
            peer = peer_of(scope)
            client = client_of(peer, scope["headers"], self._trusted)
            if client != peer:
                scope = {**scope, "client": (client, 0), HOP: peer}
        await self._application(scope, receive, send)

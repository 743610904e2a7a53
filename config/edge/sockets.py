"""A WebSocket that is asked for where there is none: the upgrade is refused, nothing is logged of what was asked."""

from __future__ import annotations

from config.edge.lane import Receive, Scope, Send


async def unknown_socket(_scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse the upgrade, which a client sees as a 403."""
    await receive()
    await send({"type": "websocket.close"})

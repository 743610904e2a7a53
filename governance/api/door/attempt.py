"""What a request costs at the edge: charged before anything of it is read or scanned."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from accounts.identity.verified import Identity
from governance.api.door.exchange import Exchange, ReplyHeaders
from governance.api.door.problems import too_many_requests
from governance.deciding.limits.limits import TooManyRequests
from governance.deciding.runtime import Runtime


async def charge_request(
    runtime: Runtime, identity: Identity | None, exchange: Exchange, *, rate_class: str
) -> ReplyHeaders:
    """Charge a request that decides nothing to the caller, or to its network where nobody was asked who they are.

    Returns the headers that tell what is left. Raises `Problem` 429.
    """
    try:
        return await runtime.limits.charge_request(
            identity, rate_class=rate_class, now=exchange.received_at, peer=exchange.peer
        )
    except TooManyRequests as refused:
        raise too_many_requests(refused) from None


class Attempt:
    """Charge an attempt before anything of it is scanned, and once more where it comes to nothing.

    Inside it `headers` tell what is left, and `refused` is set to how many of its calls were denied. Entering raises
    `Problem` 429.
    """

    __slots__ = ("_exchange", "_identity", "_items", "_rate_class", "_runtime", "headers", "refused")

    def __init__(
        self, runtime: Runtime, identity: Identity, exchange: Exchange, *, rate_class: str = "mcp", items: int = 1
    ) -> None:
        self._runtime, self._identity, self._exchange = runtime, identity, exchange
        self._rate_class, self._items = rate_class, items
        self.headers: ReplyHeaders = ()
        self.refused: int = 0

    async def __aenter__(self) -> Self:
        exchange = self._exchange
        try:
            self.headers = await self._runtime.limits.charge_attempt(
                self._identity,
                rate_class=self._rate_class,
                now=exchange.received_at,
                items=self._items,
                size=len(exchange.body),
                peer=exchange.peer,
            )
        except TooManyRequests as refused:
            raise too_many_requests(refused) from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        denied = self.refused if kind is None else self._items if issubclass(kind, Exception) else 0
        if denied:
            exchange = self._exchange
            await self._runtime.limits.charge_refusal(
                self._identity,
                rate_class=self._rate_class,
                now=exchange.received_at,
                items=denied,
                size=len(exchange.body),
                peer=exchange.peer,
            )

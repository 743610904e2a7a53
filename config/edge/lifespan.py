"""Start and stop of a web process: one exit stack that enters every resource in order and leaves them in reverse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import structlog

from config.edge.lane import Application, Receive, Scope, Send

Resource = Callable[[], AbstractAsyncContextManager[object]]
log = structlog.get_logger(__name__)


class Lifespan:
    """Answer the server's lifespan events around `application`; a resource that does not start stops the process."""

    def __init__(self, application: Application, resources: Sequence[Resource]) -> None:
        self._application = application
        self._resources = resources

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._application(scope, receive, send)
            return
        stage = "startup"
        await receive()
        try:
            async with AsyncExitStack() as stack:
                for resource in self._resources:
                    await stack.enter_async_context(resource())
                await send({"type": "lifespan.startup.complete"})
                await receive()
                stage = "shutdown"
        except Exception as error:
            log.exception("web.lifespan_failed", stage=stage)
            await send({"type": f"lifespan.{stage}.failed", "message": f"{type(error).__name__}: {error}"})
            return
        await send({"type": "lifespan.shutdown.complete"})

"""The ASGI application: lifespan, who asks behind a trusted proxy, the inline lane, then Channels and Django."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_asgi_application()  # first: it loads the applications, which all the rest needs

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import URLPattern, re_path  # noqa: E402

from config.edge.forwarded import ForwardedClient  # noqa: E402
from config.edge.guarding import guarding  # noqa: E402
from config.edge.inline import inline_routes  # noqa: E402
from config.edge.lane import Application, Lane  # noqa: E402
from config.edge.lifespan import Lifespan, Resource  # noqa: E402
from config.edge.sockets import unknown_socket  # noqa: E402
from config.edge.static import StaticFiles  # noqa: E402
from config.machine import embedded  # noqa: E402
from governance.deciding.startup import running_runtime  # noqa: E402


@asynccontextmanager
async def database() -> AsyncIterator[None]:
    """A share in the embedded database for the life of the process."""
    await asyncio.to_thread(embedded.hold)
    try:
        yield
    finally:
        await asyncio.to_thread(embedded.let_go)


# Path (exact, or a prefix that ends in `/`) -> application answered in the event loop.
INLINE: dict[str, Application] = {settings.STATIC_URL: StaticFiles(settings.STATIC_URL), **inline_routes()}
# Consumers of Channels; an upgrade that none of them takes is refused.
WEBSOCKET: list[URLPattern] = [re_path("", cast(Any, unknown_socket))]
# Entered in this order when the process starts, left in reverse when it stops.
RESOURCES: list[Resource] = [database, running_runtime, guarding]

application = Lifespan(
    ForwardedClient(
        Lane(INLINE, ProtocolTypeRouter({"http": django_application, "websocket": URLRouter(WEBSOCKET)})),
        settings.TOOLGATE_TRUSTED_PROXIES,
    ),
    RESOURCES,
)

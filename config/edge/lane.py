"""The inline lane: routes answered in the event loop, ahead of Django's handler, and what middleware means there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# One line for every entry of MIDDLEWARE; a test fails when one is missing. The text says what the lane does in its
# place, or why nothing is needed there.
CLASSIFIED: dict[str, str] = {
    "config.edge.request_id.RequestIdMiddleware": "in the lane: governance.api.door.request_id",
    "config.edge.csp.SecurityHeadersMiddleware": "in the lane: config.edge.csp.API_HEADERS",
    "accounts.guard.middleware.ScannerGuardMiddleware": "in the lane: the same guard, asked first; no session",
    "django.middleware.security.SecurityMiddleware": "in the lane: config.edge.csp.API_HEADERS; TLS ends before us",
    "django.contrib.sessions.middleware.SessionMiddleware": "not needed because the lane never takes cookies",
    "django.middleware.common.CommonMiddleware": "in the lane: host list; paths are exact, no slash is appended",
    "django.middleware.csrf.CsrfViewMiddleware": "not needed because the lane takes bearer tokens, never cookies",
    "django.contrib.auth.middleware.AuthenticationMiddleware": "not needed because the lane verifies the token itself",
    "django.contrib.messages.middleware.MessageMiddleware": "not needed because messages are for pages",
}


class Lane:
    """Send a request to the application of the longest matching route, what matches none to `otherwise`.

    A route that ends in `/` takes everything below it, any other only exactly its path. Only HTTP is looked at. The
    table may still be filled after the lane is built, at start-up.
    """

    def __init__(self, routes: Mapping[str, Application], otherwise: Application) -> None:
        self._routes = routes
        self._otherwise = otherwise

    def application_for(self, path: str) -> Application:
        found = self._routes.get(path)
        if found is not None:
            return found
        cut = len(path)
        while (cut := path.rfind("/", 0, cut)) > 0:
            found = self._routes.get(path[: cut + 1])
            if found is not None:
                return found
        return self._otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.application_for(scope["path"])(scope, receive, send)
        else:
            await self._otherwise(scope, receive, send)

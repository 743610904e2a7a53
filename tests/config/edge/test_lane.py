from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from config.edge.lane import Application, Lane, Message, Receive, Scope, Send
from config.edge.lifespan import Lifespan, Resource


def named(name: str, seen: list[str]) -> Application:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(name)

    return application


async def nothing() -> Message:
    return {}


async def ignore(message: Message) -> None:
    return None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/static/a/b.css", "static"),
        ("/static/", "static"),
        ("/static", "django"),
        ("/staticx/a", "django"),
        ("/api/v1/decisions", "decide"),
        ("/api/v1/decisions/", "django"),
        ("/api/v1/decisions/1/outcome", "django"),
        ("/a/b/c", "below a/b"),
        ("/a/c", "below a"),
        ("/", "django"),
        ("", "django"),
    ],
)
async def test_the_longest_route_answers_and_django_takes_the_rest(path: str, expected: str) -> None:
    seen: list[str] = []
    routes = {"/static/": "static", "/api/v1/decisions": "decide", "/a/": "below a", "/a/b/": "below a/b"}
    lane = Lane({route: named(name, seen) for route, name in routes.items()}, named("django", seen))
    await lane({"type": "http", "path": path}, nothing, ignore)
    assert seen == [expected]


async def test_a_websocket_never_enters_the_lane() -> None:
    seen: list[str] = []
    lane = Lane({"/a/": named("lane", seen)}, named("channels", seen))
    await lane({"type": "websocket", "path": "/a/b"}, nothing, ignore)
    assert seen == ["channels"]


def resource(name: str, events: list[str], *, fails: str = "") -> Resource:
    @asynccontextmanager
    async def held() -> AsyncIterator[None]:
        if fails == "startup":
            raise RuntimeError(f"{name} is not there")
        events.append(f"+{name}")
        try:
            yield
        finally:
            events.append(f"-{name}")
            if fails == "shutdown":
                raise RuntimeError(f"{name} does not let go")

    return held


async def live(resources: list[Resource]) -> list[dict[str, Any]]:
    """Run one lifespan from start to stop; the messages the server would see."""
    sent: list[dict[str, Any]] = []

    async def send(message: Message) -> None:
        sent.append(dict(message))

    await Lifespan(named("application", []), resources)({"type": "lifespan"}, nothing, send)
    return sent


async def test_resources_start_in_order_and_stop_in_reverse() -> None:
    events: list[str] = []
    sent = await live([resource("journal", events), resource("listener", events)])
    assert events == ["+journal", "+listener", "-listener", "-journal"]
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_a_resource_that_does_not_start_stops_the_process_and_lets_the_others_go() -> None:
    events: list[str] = []
    sent = await live([resource("journal", events), resource("listener", events, fails="startup")])
    assert events == ["+journal", "-journal"]
    assert sent == [{"type": "lifespan.startup.failed", "message": "RuntimeError: listener is not there"}]


async def test_a_resource_that_does_not_stop_is_reported_and_the_others_still_stop() -> None:
    events: list[str] = []
    sent = await live([resource("journal", events), resource("listener", events, fails="shutdown")])
    assert events == ["+journal", "+listener", "-listener", "-journal"]
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.failed"]

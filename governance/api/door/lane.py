"""The inline lane: deciding routes served in the event loop, with no Django request and no thread hop.

The lane applies at the edge, in this order, what Django's middleware applies elsewhere: request id, canonical path,
allowed host and origin, duplicate headers, scanner guard, method, size while reading; then it awaits the answer and
adds the security headers. `config/edge/lane.py` has the table of every middleware entry and where it stands here.
It takes bearer tokens only, never cookies.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import structlog

from accounts.credentials.forwarded import hop_of, peer_of
from governance.api.door.exchange import MAX_BODY, Answer, Exchange, Headers, Problem, Reply, by_name, problem_reply
from governance.api.door.problems import BodyTooLarge, unknown_path
from governance.api.door.request_id import answered, given, kept

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method and path; `pattern` has named groups for what varies, `name` labels metrics.

    `refusal` makes the reply of a request that never reached the answer, for clients that have a form of their own.
    """

    method: str
    pattern: str
    answer: Answer
    name: str
    refusal: Callable[[Problem, str], Reply] = problem_reply


class Guard(Protocol):
    """The scanner guard: whether this request is refused before anything looks at it."""

    def refuses(
        self, *, path: str, headers: Headers, peer: str | None, now: float, hop: str | None = None
    ) -> str | None:
        """Why this request is answered 403 without a body, or None."""

    def unknown_path(self, *, peer: str | None, now: float) -> None:
        """Somebody asked for a path that nobody serves."""


class Meter(Protocol):
    """Where the lane counts what it answered."""

    def answered(self, route: str, status: int, seconds: float) -> None:
        """One answer of a route with its status and wall time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What the edge needs to know: allowed hosts and origins in lower case (`*` allows every host).

    `guard` gives the guard that stands now: the lane is made before the process's own is.
    """

    hosts: frozenset[str]
    origins: frozenset[str]
    headers: tuple[tuple[bytes, bytes], ...]
    guard: Callable[[], Guard]
    meter: Meter


@dataclass(slots=True)
class DecidingLane:
    """An ASGI application for the deciding routes; `serves(path)` says whether a path is one of them."""

    routes: Sequence[Route]
    edge: Edge
    _exact: dict[str, dict[str, Route]] = field(init=False, default_factory=dict)
    _varying: list[tuple[re.Pattern[str], dict[str, Route]]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        varying: dict[str, dict[str, Route]] = {}
        for route in self.routes:
            table = varying if "(?P<" in route.pattern else self._exact
            table.setdefault(route.pattern, {})[route.method] = route
        self._varying = [(re.compile(pattern), methods) for pattern, methods in varying.items()]

    def serves(self, path: str) -> bool:
        """Whether the lane answers this path, whatever the method."""
        return path in self._exact or any(pattern.fullmatch(path) for pattern, _ in self._varying)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        headers: Headers = scope["headers"]
        sent = given(headers)
        request_id = kept(sent)
        path: str = scope["path"]
        methods, parameters = self._find(path)
        route = methods.get(scope["method"])
        peer, hop = peer_of(scope), hop_of(scope)
        received_at = time.time()
        guard = self.edge.guard()
        if guard.refuses(path=path, headers=headers, peer=peer, now=received_at, hop=hop):
            reply = _refused(route, request_id)
        else:
            try:
                named = self._check_edge(scope, methods, route)
                assert route is not None
                exchange = Exchange(
                    method=scope["method"],
                    path=path,
                    query=scope.get("query_string", b""),
                    headers=headers,
                    body=await _read(receive, named.get(b"content-length")),
                    peer=peer,
                    hop=hop,
                    request_id=request_id,
                    received_at=received_at,
                    parameters=parameters,
                    named=named,
                )
                reply = await route.answer(exchange)
            except Problem as problem:
                reply = (route.refusal if route is not None else problem_reply)(problem, request_id)
                if route is None and problem.status == 404:
                    guard.unknown_path(peer=peer, now=received_at)
            except Disconnected:
                return
            except Exception:
                log.exception("lane.failed", path=path, request_id=request_id)
                failed = Problem(500, "engine.error", "The request could not be answered.")
                reply = (route.refusal if route is not None else problem_reply)(failed, request_id)
        await _send(send, reply, answered(sent, request_id), self.edge.headers)
        self.edge.meter.answered(route.name if route else "none", reply.status, time.perf_counter() - started)

    def _find(self, path: str) -> tuple[Mapping[str, Route], Mapping[str, str]]:
        exact = self._exact.get(path)
        if exact is not None:
            return exact, {}
        for pattern, methods in self._varying:
            if found := pattern.fullmatch(path):
                return methods, found.groupdict()
        return {}, {}

    def _check_edge(self, scope: Scope, methods: Mapping[str, Route], route: Route | None) -> dict[bytes, bytes]:
        """The headers by name, of a request that may be answered."""
        raw = scope.get("raw_path")
        if raw is not None and raw != scope["path"].encode("latin-1", "replace"):
            raise unknown_path()
        named = check_headers(scope["headers"], self.edge)
        if not methods:
            raise unknown_path()
        if route is None:
            allowed = ", ".join(sorted(methods))
            raise Problem(405, "method.unknown", f"Use {allowed}.", headers=(("allow", allowed),))
        return named


class Disconnected(Exception):
    """The client left before its request was complete."""


def check_headers(headers: Headers, edge: Edge) -> dict[bytes, bytes]:
    """The headers by name; a duplicate of one that decides something, a foreign host and a foreign origin are refused.

    One pass over the headers: everything after it asks by name.
    """
    named = by_name(headers)
    if "*" not in edge.hosts and _without_port(named.get(b"host", b"").decode("latin-1").lower()) not in edge.hosts:
        raise Problem(400, "host.unknown", "This host is not served here.")
    origin = named.get(b"origin")
    if origin is not None and origin.decode("latin-1").lower() not in edge.origins:
        raise Problem(403, "origin.unknown", "This origin may not call this server.")
    return named


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _refused(route: Route | None, request_id: str) -> Reply:
    """The guard's 403 without a body; in the client's own form where that client takes a 403 for "go on"."""
    if route is None or route.refusal is problem_reply:
        return Reply(status=403, body=b"", content_type="")
    return route.refusal(Problem(403, "guard.refused", "This network is refused for a while."), request_id)


async def _read(receive: Receive, length: bytes | None) -> bytes:
    """Read the body, giving up as soon as it is larger than `MAX_BODY`. `length` is what the client announced."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Disconnected
    body: bytes = message.get("body", b"")
    if length is not None and (not length.isdigit() or int(length) > MAX_BODY):
        raise BodyTooLarge(body)
    if not message.get("more_body", False):
        if len(body) > MAX_BODY:
            raise BodyTooLarge(body)
        return body
    parts = [body]
    size = len(body)
    while message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY:
            raise BodyTooLarge(b"".join(parts))
    return b"".join(parts)


@lru_cache(maxsize=256)
def _field_name(key: str) -> bytes:
    return key.lower().encode("latin-1")


async def _send(send: Send, reply: Reply, request_id: str, common: tuple[tuple[bytes, bytes], ...]) -> None:
    headers = [
        (b"content-length", str(len(reply.body)).encode()),
        (b"x-request-id", request_id.encode("latin-1")),
        *common,
    ]
    if reply.content_type:
        headers.append((b"content-type", reply.content_type.encode()))
    for key, value in reply.headers:
        headers.append((_field_name(key), value.encode("latin-1")))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})

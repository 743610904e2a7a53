"""What one connection may cost a web process before a request is whole: bytes, headers, seconds, and places.

uvicorn has no bounds of its own here: a header that never ends grows until memory does, and a request that never
arrives is held for ever. Nobody has to be known for this, so it holds before anything else looks.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections import Counter
from enum import Enum
from functools import cache
from http import HTTPStatus
from typing import ClassVar

import structlog
from django.conf import settings
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from accounts.credentials.networks import is_within
from accounts.guard.network import network_of

HEAD_BYTES = 32 * 1024
"""Bytes of request line and headers together; a token is at most 4 KiB."""
BODY_BYTES = 4 * 1024 * 1024
"""Bytes on the wire after the headers, trailers included; no route takes more than half of it (`settings.py`)."""
HEADERS = 100
"""Header lines of a request, and of what may follow its body."""
WAITING = 16
"""Requests that one connection may send before the first of them is answered."""
HEAD_SECONDS = 10.0
"""From the connection, or from the first byte of a later request, until its headers are whole."""
BODY_SECONDS = 30.0
"""From whole headers until the body is whole."""
STALL_SECONDS = 30.0
"""For how long a client may not read while an answer waits for it."""
PLACES = 8192
"""Connections of a process, fewer where the system gives fewer descriptors."""
SPARE_DESCRIPTORS = 256
"""Of the process's descriptors, those kept for the journal, the database, Redis and files."""

log = structlog.get_logger(__name__)


class Phase(Enum):
    """What of a request a connection is waiting for."""

    HEAD = HEAD_SECONDS
    BODY = BODY_SECONDS
    NOTHING = 0.0


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's connection with bounds: 431 for too much of a head, 408 for too slow a request, and no place at all
    for a peer that has `TOOLGATE_CONNECTIONS_PER_PEER` of them. Trusted proxies stand for many and have no such cap.
    """

    peers: ClassVar[Counter[str]] = Counter()
    _told_at: ClassVar[float] = 0.0

    _peer: str | None = None
    _phase: Phase = Phase.HEAD
    _began: bool = False
    _head: int = 0
    _size: int = 0
    _body: int = 0
    _trailers: int = 0
    _running: RequestResponseCycle | None = None
    _refusal: HTTPStatus | None = None
    _deadline: asyncio.TimerHandle | None = None
    _waits_for: Phase = Phase.NOTHING
    _stall: asyncio.TimerHandle | None = None

    # --- A place

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if not is_within(address, settings.TOOLGATE_TRUSTED_PROXIES):
            self._peer = network_of(address) if ":" in address else address
            self.peers[self._peer] += 1
        full = self._peer is not None and self.peers[self._peer] > settings.TOOLGATE_CONNECTIONS_PER_PEER
        if full or len(self.connections) > places():
            self._tell_full(address)
            transport.abort()
            return
        self._wait_for(Phase.HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        self._end_running()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._leave()  # from here on the socket's own protocol has it
        super().handle_websocket_upgrade()

    def _leave(self) -> None:
        self._wait_for(Phase.NOTHING)
        self._unset_stall()
        if self._peer is not None:
            self.peers[self._peer] -= 1
            if self.peers[self._peer] <= 0:
                del self.peers[self._peer]
            self._peer = None

    def _tell_full(self, address: str) -> None:
        now = time.monotonic()
        if now - BoundedConnection._told_at > 60:
            BoundedConnection._told_at = now
            log.warning(
                "edge.full", peer=address, of_peer=self.peers.get(self._peer or "", 0), all=len(self.connections)
            )

    # --- A request, as it arrives

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            return
        self._began, waiting_for = False, self._phase
        super().data_received(data)
        if self._refusal is not None:
            return
        if not self._began:  # of a message that began in these bytes it is not known how many are its own
            self._head += len(data) if self._phase is not Phase.BODY else 0
            self._body += len(data) if waiting_for is Phase.BODY else 0
        if self._phase is Phase.HEAD and self._head > HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return
        if self._phase is Phase.BODY and self._body > BODY_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        answering = self.cycle is not None and not self.cycle.response_complete
        self._wait_for(Phase.HEAD if self._phase is Phase.NOTHING and not answering else self._phase)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._phase, self._began, self._head, self._size, self._trailers = Phase.HEAD, True, 0, 0, 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        if self._phase is Phase.BODY:  # behind a body: nothing of ours reads it, and it is no header of the request
            self._trailers += 1
        else:
            super().on_header(name, value)
        if len(self.headers) > HEADERS or self._trailers > HEADERS:
            self._give_up(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > HEAD_BYTES:
            self._give_up(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _give_up(self, status: HTTPStatus) -> None:
        """End the parser, which then asks for an answer below."""
        self._refusal = status
        raise ValueError(status.phrase)

    def on_headers_complete(self) -> None:
        self._phase, self._body = Phase.BODY, 0
        self._wait_for(Phase.NOTHING)  # a body has its own time, also where it follows another request's
        super().on_headers_complete()
        if len(self.pipeline) > WAITING:
            self._give_up(HTTPStatus.TOO_MANY_REQUESTS)

    def on_message_complete(self) -> None:
        self._phase = Phase.NOTHING
        super().on_message_complete()

    # --- Refusing

    def send_400_response(self, msg: str) -> None:
        """uvicorn's answer to what is no HTTP: ours says which bound was passed, where one was."""
        self._refuse(self._refusal or HTTPStatus.BAD_REQUEST)

    def _refuse(self, status: HTTPStatus) -> None:
        self._refusal = status
        self._wait_for(Phase.NOTHING)
        if self._running is None or self._running.response_complete or not self._running.response_started:
            self.transport.write(
                f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode()
            )
        self.transport.close()
        self._start_stall()

    # --- Time

    def _wait_for(self, phase: Phase) -> None:
        """Start the deadline of `phase`; one that runs for it already is not put off by further bytes."""
        if self._waits_for is phase:
            return
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._waits_for = phase
        if phase is not Phase.NOTHING:
            self._deadline = self.loop.call_later(phase.value, self._too_slow)

    def _too_slow(self) -> None:
        if not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._start_stall()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._start_stall()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._start_stall()

    def _start_stall(self) -> None:
        """Cut the connection in a while: a close waits for what the client has not taken, and some never take it."""
        if self._stall is None:
            self._stall = self.loop.call_later(STALL_SECONDS, self._cut)

    def _cut(self) -> None:
        self._end_running()
        self.transport.abort()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _end_running(self) -> None:
        """Tell the request that is being answered that nobody listens. uvicorn tells the last one that arrived only."""
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unset_stall()

    def _unset_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None


@cache
def places() -> int:
    """How many connections this process holds: `PLACES`, or what the system's limit on descriptors leaves of it.

    Asks the system for as many descriptors as that takes first.
    """
    soft, hard = (sys.maxsize if limit == resource.RLIM_INFINITY else limit for limit in _limits())
    wanted = PLACES + SPARE_DESCRIPTORS
    if soft < wanted:
        soft = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, _limits()[1]))
    return max(SPARE_DESCRIPTORS, min(soft, wanted) - SPARE_DESCRIPTORS)


def _limits() -> tuple[int, int]:
    return resource.getrlimit(resource.RLIMIT_NOFILE)

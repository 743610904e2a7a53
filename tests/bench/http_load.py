"""A bounded HTTP client for benches: keep-alive connections to 127.0.0.1, answers checked, latencies kept.

`closed` keeps every connection busy and says what the server can do; `paced` sends at fixed moments, as callers who do
not wait for each other do, and counts a latency from the moment at which a request was due.
"""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from dataclasses import dataclass

END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a run saw: answers, seconds, and each latency in seconds."""

    answers: int
    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    def quantile(self, share: float) -> float:
        """The latency that this share of the answers did not exceed, in seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Client:
    """Connections to one server. `requests` are whole requests as bytes, sent in turn; each answer must hold `expect`
    after the status 200.
    """

    def __init__(self, port: int, *, connections: int) -> None:
        self._sockets = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(connections)]
        for one in self._sockets:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Close every connection."""
        for one in self._sockets:
            one.close()

    def ask(self, request: bytes) -> bytes:
        """The body of one answer."""
        one = self._sockets[0]
        one.sendall(request)
        data = b""
        while (whole := _length(data)) is None or len(data) < whole:
            data += _received(one)
        return data[data.index(END) + 4 : whole]

    def closed(self, requests: list[bytes], *, expect: bytes, seconds: float) -> Load:
        """Every connection sends its next request as soon as it has its answer."""
        poll, by_number = self._polled()
        sent: dict[int, float] = {}
        buffers: dict[int, bytes] = dict.fromkeys(by_number, b"")
        latencies: list[float] = []
        began = now = time.perf_counter()
        turn = 0
        for number, one in by_number.items():
            one.sendall(requests[turn % len(requests)])
            sent[number], turn = now, turn + 1
        while now - began < seconds:
            for number, _ in poll.poll(1.0):
                one = by_number[number]
                data = buffers[number] + _received(one)
                whole = _length(data)
                if whole is None or len(data) < whole:
                    buffers[number] = data
                    continue
                _check(data, expect)
                buffers[number] = data[whole:]
                now = time.perf_counter()
                latencies.append(now - sent[number])
                one.sendall(requests[turn % len(requests)])
                sent[number], turn = now, turn + 1
            now = time.perf_counter()
        ended = now
        self._drain(poll, by_number, buffers, set(by_number))
        return Load(answers=len(latencies), seconds=ended - began, latencies=latencies)

    def paced(self, requests: list[bytes], *, expect: bytes, seconds: float, rate: float) -> Load:
        """One request every `1 / rate` seconds, on whatever connection is free."""
        poll, by_number = self._polled()
        free = deque(by_number)
        due: dict[int, float] = {}
        buffers: dict[int, bytes] = dict.fromkeys(by_number, b"")
        latencies: list[float] = []
        began = time.perf_counter()
        turn, most = 0, int(seconds * rate)
        while turn < most or due:
            now = time.perf_counter()
            while free and turn < most and began + turn / rate <= now:
                number = free.popleft()
                by_number[number].sendall(requests[turn % len(requests)])
                due[number], turn = began + turn / rate, turn + 1
            wait = 0.0 if free and turn < most else 0.01
            for number, _ in poll.poll(wait * 1000):
                data = buffers[number] + _received(by_number[number])
                whole = _length(data)
                if whole is None or len(data) < whole:
                    buffers[number] = data
                    continue
                _check(data, expect)
                buffers[number] = data[whole:]
                latencies.append(time.perf_counter() - due.pop(number))
                free.append(number)
        return Load(answers=len(latencies), seconds=time.perf_counter() - began, latencies=latencies)

    def _polled(self) -> tuple[select.poll, dict[int, socket.socket]]:
        poll = select.poll()
        for one in self._sockets:
            poll.register(one, select.POLLIN)
        return poll, {one.fileno(): one for one in self._sockets}

    @staticmethod
    def _drain(
        poll: select.poll, by_number: dict[int, socket.socket], buffers: dict[int, bytes], waiting: set[int]
    ) -> None:
        while waiting:
            for number, _ in poll.poll(1000):
                buffers[number] += _received(by_number[number])
                whole = _length(buffers[number])
                if whole is not None and len(buffers[number]) >= whole:
                    waiting.discard(number)


def _received(one: socket.socket) -> bytes:
    data = one.recv(65536)
    if not data:
        raise ConnectionError("the server closed a connection")
    return data


def _length(data: bytes) -> int | None:
    """How long the answer that `data` begins with is as a whole; None while its head is not complete."""
    head = data.find(END)
    if head < 0:
        return None
    at = data.find(b"content-length: ", 0, head)
    return head + 4 + int(data[at + 16 : data.index(b"\r", at)])


def _check(data: bytes, expect: bytes) -> None:
    if not data.startswith(b"HTTP/1.1 200 ") or expect not in data:
        raise RuntimeError(f"not the answer that the bench is about: {data[data.find(END) :][:600]!r}")

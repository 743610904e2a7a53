"""Slow, large and many, against a web process as it is served: it holds, says why, and answers others meanwhile."""

from __future__ import annotations

import contextlib
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.edge.connections import (
    BODY_BYTES,
    BODY_SECONDS,
    HEAD_BYTES,
    HEAD_SECONDS,
    HEADERS,
    STALL_SECONDS,
    WAITING,
    places,
)
from tests.config.machine.serving import free_port
from tests.faults.product import Product

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

PER_PEER = 64
LINE = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CHUNKED = b"POST /api/v1/decisions HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
TOO_LARGE, TOO_SLOW = b"HTTP/1.1 431 ", b"HTTP/1.1 408 "


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One web process of the product, a trusted proxy at 127.0.9.x."""
    settings = {"TOOLGATE_CONNECTIONS_PER_PEER": str(PER_PEER), "TOOLGATE_TRUSTED_PROXIES": "127.0.9.0/24"}
    made = Product(tmp_path_factory.mktemp("bounds"), (free_port(),), settings=settings)
    try:
        made.start()
        made.spawn("web0", "-m", "config.machine.start")
        made.wait_until_up()
        yield made
    finally:
        made.end()


def connect(product: Product, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", product.ports[0]), timeout=20, source_address=(source, 0))


def answer_to(product: Product, *parts: bytes, source: str = "127.0.0.1") -> bytes:
    """What came back for these bytes, to the end of the connection, cut short or not."""
    with connect(product, source) as client:
        try:
            for part in parts:
                client.sendall(part)
            return rest_of(client)
        except (ConnectionResetError, BrokenPipeError):
            return rest_of(client)


def rest_of(client: socket.socket) -> bytes:
    said = b""
    while True:
        try:
            got = client.recv(65536)
        except ConnectionResetError:
            return said
        if not got:
            return said
        said += got


def memory_of(product: Product) -> int:
    """Bytes of memory that the web process has."""
    process = product.parts[0].process
    assert process is not None
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


@pytest.mark.parametrize(
    "head",
    [
        pytest.param([LINE, b"X-A: ", *[b"a" * 65536] * 16], id="one-header-without-end"),
        pytest.param([b"GET /", *[b"a" * 65536] * 4], id="a-path-without-end"),
        pytest.param([LINE + b"X-A: " + b"a" * HEAD_BYTES + b"\r\n\r\n"], id="whole-and-too-large"),
        pytest.param([LINE + b"".join(b"X-%d: a\r\n" % number for number in range(HEADERS)) + b"\r\n"], id="too-many"),
        pytest.param([LINE + b"\r\n" + LINE + b"X-A: " + b"a" * HEAD_BYTES + b"\r\n\r\n"], id="behind-another-request"),
        pytest.param([CHUNKED + b"0\r\n" + b"a:\r\n" * (HEADERS + 1) + b"\r\n"], id="too-many-trailers"),
        pytest.param([CHUNKED + b"0\r\n", *[b"a:\r\n" * 1000] * 20], id="too-many-trailers-in-parts"),
        pytest.param([CHUNKED + b"0\r\nX-A: " + b"a" * HEAD_BYTES + b"\r\n\r\n"], id="a-trailer-too-large"),
    ],
)
def test_a_head_that_is_too_large_is_refused(product: Product, head: list[bytes]) -> None:
    assert TOO_LARGE in answer_to(product, *head)


def test_an_unfinished_header_does_not_grow_the_process(product: Product) -> None:
    assert product.answers(product.ports[0]) == 200
    before = memory_of(product)
    for _ in range(16):
        answer_to(product, LINE, b"X-A: ", *[b"a" * 65536] * 128)
    assert memory_of(product) - before < 16 * 1024 * 1024


@pytest.mark.parametrize(
    "body",
    [
        pytest.param([b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-A: "], id="a-trailer-without-end"),
        pytest.param([b"Transfer-Encoding: chunked\r\n\r\n1;a="], id="an-extension-without-end"),
        pytest.param([b"Content-Length: 1000000000\r\n\r\n"], id="a-body-that-nobody-reads"),
    ],
)
def test_a_body_ends_where_the_largest_that_any_route_takes_ends(product: Product, body: list[bytes]) -> None:
    before = memory_of(product)
    began = time.monotonic()
    said = answer_to(product, LINE + body[0], *[b"a" * 65536] * (16 * BODY_BYTES // 65536))
    assert said.count(b"HTTP/1.1 ") <= 1
    assert time.monotonic() - began < BODY_SECONDS / 2
    assert memory_of(product) - before < 8 * BODY_BYTES


def test_what_stands_behind_a_body_is_no_header_of_the_request(product: Product) -> None:
    token = product.tokens["alice"].encode()
    question = b'{"server":"files","tool":"read","arguments":{"path":"/srv/ledger/q3.csv"}}'
    head = CHUNKED[:-2] + b"Content-Type: application/json\r\nConnection: close\r\n"
    body = b"%x\r\n%b\r\n0\r\n" % (len(question), question)
    said = answer_to(product, head + b"\r\n" + body + b"Authorization: Bearer " + token + b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 401 ")
    said = answer_to(product, head + b"Authorization: Bearer " + token + b"\r\n\r\n" + body + b"X-A: b\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 200 ")


def test_a_body_and_the_next_head_may_come_together(product: Product) -> None:
    body = b'{"server":"files","tool":"read","arguments":{"path":"/srv/ledger/q3.csv","x":"' + b" " * 50_000 + b'"}}'
    first = CHUNKED.replace(b"Transfer-Encoding: chunked\r\n\r\n", b"Content-Type: application/json\r\n")
    first += b"Authorization: Bearer %b\r\nContent-Length: %d\r\n\r\n" % (product.tokens["alice"].encode(), len(body))
    said = answer_to(product, first + body[:100], body[100:] + LINE[:20], LINE[20:] + b"Connection: close\r\n\r\n")
    assert said.count(b"HTTP/1.1 200 OK") == 2


def test_requests_that_wait_for_an_answer_are_few(product: Product) -> None:
    before = memory_of(product)
    with connect(product) as client:
        client.setblocking(False)
        sent, ended, began = 0, False, time.monotonic()
        while not ended and time.monotonic() - began < 10:
            try:
                sent += client.send((LINE + b"\r\n") * 500)
                ended = client.recv(1) == b""
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:
                ended = True
    assert ended
    assert memory_of(product) - before < 16 * 1024 * 1024
    few = answer_to(product, (LINE + b"\r\n") * WAITING + LINE + b"Connection: close\r\n\r\n")
    assert few.count(b"HTTP/1.1 200 OK") == WAITING + 1


def test_what_a_head_may_be_is_answered(product: Product) -> None:
    headers = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 200) for number in range(HEADERS - 2))
    said = answer_to(product, LINE + headers + b"Connection: close\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 200 ")


def test_one_address_holds_only_so_many_and_others_are_answered(product: Product) -> None:
    held = [connect(product, "127.0.5.5") for _ in range(PER_PEER)]
    try:
        time.sleep(0.3)
        assert answer_to(product, LINE + b"Connection: close\r\n\r\n", source="127.0.5.5") == b""
        assert answer_to(product, LINE + b"Connection: close\r\n\r\n", source="127.0.5.6").startswith(b"HTTP/1.1 200")
        assert product.decide()[1]["decision"] == "allow"
        assert "edge.full" in product.log_of("web0")
    finally:
        for client in held:
            client.close()
    time.sleep(0.3)
    assert answer_to(product, LINE + b"Connection: close\r\n\r\n", source="127.0.5.5").startswith(b"HTTP/1.1 200")


def test_a_proxy_that_is_trusted_stands_for_many(product: Product) -> None:
    held = [connect(product, "127.0.9.5") for _ in range(PER_PEER + 8)]
    try:
        time.sleep(0.3)
        assert answer_to(product, LINE + b"Connection: close\r\n\r\n", source="127.0.9.5").startswith(b"HTTP/1.1 200")
    finally:
        for client in held:
            client.close()


def test_what_comes_too_slowly_ends_and_others_are_answered_meanwhile(product: Product) -> None:
    """All at once: nothing sent, half a head, a head by drips, empty lines by drips, half a body, an unread answer."""
    began = time.monotonic()
    silent, half, drips, empty, body, deaf = (connect(product, f"127.0.6.{number}") for number in range(1, 7))
    half.sendall(LINE)
    drips.sendall(LINE + b"X-A: ")
    body.sendall(b"POST /api/v1/decisions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.setblocking(False)
    wanted = b"GET /api/schema/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: a-client-of-tests\r\n\r\n"
    ended: dict[str, tuple[float, bytes]] = {}
    watched = {"silent": silent, "half": half, "drips": drips, "empty": empty, "body": body}
    for client in watched.values():
        client.setblocking(False)
    deaf_cut = 0.0
    while (time.monotonic() - began) < BODY_SECONDS + STALL_SECONDS + 10 and not (len(ended) == 5 and deaf_cut):
        for client, drip in ((drips, b"a"), (empty, b"\r\n")):
            with contextlib.suppress(OSError):
                client.send(drip)
        if not deaf_cut:
            try:
                deaf.send(wanted)
            except BlockingIOError:
                pass
            except OSError:
                deaf_cut = time.monotonic() - began
        for name, client in watched.items():
            if name not in ended:
                try:
                    said = client.recv(65536)
                except BlockingIOError:
                    continue
                except ConnectionResetError:
                    said = b""
                ended[name] = (time.monotonic() - began, said)
        assert product.decide("bob" if deaf_cut else "alice")[0] in (200, 429)
        time.sleep(0.25)
    for client in (*watched.values(), deaf):
        client.close()
    assert {name: round(seconds / 5) * 5 for name, (seconds, _) in ended.items()} == {
        "silent": HEAD_SECONDS,
        "half": HEAD_SECONDS,
        "drips": HEAD_SECONDS,
        "empty": HEAD_SECONDS,
        "body": BODY_SECONDS,
    }
    assert all(said.startswith(TOO_SLOW) for _, said in ended.values()), ended
    assert STALL_SECONDS <= deaf_cut < STALL_SECONDS + 15


def test_a_client_that_leaves_a_little_unread_loses_its_place_too(product: Product) -> None:
    """Less than the server's own buffer holds back: nothing is paused, and a close would wait for it for ever."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    client.bind(("127.0.7.1", 0))
    client.connect(("127.0.0.1", product.ports[0]))
    wanted = b"GET /static/admin/css/base.css HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: a-client-of-tests\r\n\r\n"
    local = client.getsockname()[1]
    with client:
        began = time.monotonic()
        for _ in range(400):
            client.sendall(wanted)
            time.sleep(0.02)
            if unsent(product.ports[0], local):
                break
        assert unsent(product.ports[0], local)
        while unsent(product.ports[0], local) and time.monotonic() - began < STALL_SECONDS + 30:
            time.sleep(0.5)
        assert time.monotonic() - began < STALL_SECONDS + 25


def unsent(port: int, peer: int) -> int:
    """Bytes that the server's side of a connection still holds; 0 where there is no such connection any more."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state, queues, *_ = line.split()
        if (int(local.partition(":")[2], 16), int(remote.partition(":")[2], 16), state) == (port, peer, "01"):
            return int(queues.partition(":")[0], 16)
    return 0


def test_a_socket_where_there_is_none_is_refused_and_leaves_no_credential_in_the_log(product: Product) -> None:
    secret = "tg_" + "A1b2C3d4" * 5
    upgrade = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    for path in (f"/ws/{secret}?token={secret}", "/api/v1/decisions", "/admin/", "/"):
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode()
        assert answer_to(product, head + upgrade + key).startswith(b"HTTP/1.1 403 ")
    said = product.log_of("web0")
    assert secret not in said
    assert "Traceback" not in said, said
    assert "[error" not in said, said


def test_a_process_takes_the_descriptors_it_may_have() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    places.cache_clear()
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
        assert places() > 1024 or hard <= 1280
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > places()
    finally:
        places.cache_clear()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

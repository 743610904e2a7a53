"""What a decision over HTTP costs beside an empty ASGI route: `python -m tests.bench.http_bench [--seconds N]`.

One server process, one client process, alternated rounds in the same run: the empty route, the deciding lane
(authenticated, scanned, journalled, 500 principals with a session and a trace id each, all allowed), and the same view
behind Django's handler. Then the lane at 70 % of what it can do, for its tail. Processor time is the server's own.
"""

from __future__ import annotations

import argparse
import json
import pickle
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.bench.http_load import Client, Load

CONNECTIONS = 16
ALLOWED = b'"decision":"allow"'
ROUTES = {
    "empty": ("/empty", b"{}"),
    "lane": ("/api/v1/decisions", ALLOWED),
    "django": ("/django/api/v1/decisions", ALLOWED),
}


@contextmanager
def serving() -> Iterator[tuple[int, Path]]:
    """A server on a free port, and its folder; ended when left."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = subprocess.Popen([sys.executable, "-m", "tests.bench.http_server", str(port), name])
        try:
            until = time.monotonic() + 60
            while not _answers(port):
                if server.poll() is not None or time.monotonic() > until:
                    raise RuntimeError("the bench's server did not start")
                time.sleep(0.1)
            yield port, folder
        finally:
            server.terminate()
            server.wait(timeout=20)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def requests_for(path: str, folder: Path) -> list[bytes]:
    """The requests of a route, whole; the same for each, so that what differs is the answering."""
    made: list[tuple[str, bytes]] = pickle.loads((folder / "requests").read_bytes())
    return [
        (
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: bench\r\naccept: application/json\r\n"
            f"authorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        ).encode()
        + body
        for token, body in made
    ]


def figures(seconds: float) -> dict[str, float]:
    """Every figure by name: rates in answers a second, processor time in µs a request, latencies in ms.

    `seconds` are spent on the lane in all, in rounds of three seconds.
    """
    rounds = max(3, round(seconds / 3))
    rates: dict[str, list[float]] = {name: [] for name in ROUTES}
    costs: dict[str, list[float]] = {name: [] for name in ROUTES}
    ratios: list[float] = []
    added: list[float] = []
    with serving() as (port, folder):
        prepared = {name: (requests_for(path, folder), expect) for name, (path, expect) in ROUTES.items()}
        client = Client(port, connections=CONNECTIONS)
        for requests, expect in prepared.values():
            client.closed(requests, expect=expect, seconds=1.0)
        for turn in range(rounds):
            for name in ROUTES:
                if name == "django" and turn >= 2:
                    continue
                load, micros = _measured(client, *prepared[name], seconds=3.0 if name == "lane" else 1.5)
                rates[name].append(load.rate)
                costs[name].append(micros)
            ratios.append(rates["lane"][-1] / rates["empty"][-1])
            added.append(costs["lane"][-1] - costs["empty"][-1])
        client.close()
        calm = Client(port, connections=64)
        paced = calm.paced(prepared["lane"][0], expect=ALLOWED, seconds=10.0, rate=0.7 * median(rates["lane"]))
        calm.close()
    found = {f"{name} rate": median(found) for name, found in rates.items()}
    found |= {f"{name} cpu": median(found) for name, found in costs.items()}
    return found | {
        "ratio": median(ratios),
        "added cpu": median(added),
        "p50 at 70 %": paced.quantile(0.5) * 1000,
        "p99 at 70 %": paced.quantile(0.99) * 1000,
    }


def _measured(client: Client, requests: list[bytes], expect: bytes, *, seconds: float) -> tuple[Load, float]:
    """A closed run, and the server's processor time for each of its requests in µs."""
    before = _cpu(client)
    load = client.closed(requests, expect=expect, seconds=seconds)
    return load, (_cpu(client) - before) / load.answers / 1000


def _cpu(client: Client) -> int:
    return int(client.ask(b"GET /cpu HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"))


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(prog="http_bench")
    parser.add_argument("--seconds", type=float, default=21.0)
    print(json.dumps(figures(parser.parse_args().seconds)))


if __name__ == "__main__":
    main()

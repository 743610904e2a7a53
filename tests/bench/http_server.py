"""The server of the HTTP bench: the deciding lane, the same view behind Django's handler, and an empty route beside.

    python -m tests.bench.http_server PORT FOLDER

One process of uvicorn as `config.machine.start` runs it. It writes the requests of the bench (distinct principals,
sessions and trace ids) into FOLDER and then serves; `/cpu` answers with the processor time that the process has used.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

import orjson  # noqa: E402
import uvicorn  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402

from accounts.guard.guard import ScannerGuard  # noqa: E402
from config.edge.connections import BoundedConnection  # noqa: E402
from config.edge.csp import API_HEADERS  # noqa: E402
from config.edge.metrics import LaneMeter  # noqa: E402
from governance.api.door.lane import DecidingLane, Edge  # noqa: E402
from governance.api.routes import lane_routes  # noqa: E402
from governance.deciding import startup  # noqa: E402
from tests.bench.engine_bench import ARGUMENTS, document  # noqa: E402
from tests.governance.api.deciding import Process, started  # noqa: E402

PRINCIPALS = 500
PATH = "/api/v1/decisions"
PERSON = {"tier": "user", "roles": ["role-1"], "departments": ["finance"], "groups": ["group-1", "group-2"]}


def process(folder: Path) -> Process:
    """A deciding process with 500 rules, whose rates never refuse: every request is decided, scanned and journalled."""
    people: dict[str, Any] = {f"person-{number}": PERSON for number in range(1, PRINCIPALS + 1)}
    policy = {**document(rules=500, tools=100), "principals": {**people, "owner": {"departments": ["finance"]}}}
    made = started(folder, document=policy)
    snapshot = made.runtime.snapshot
    free = replace(snapshot.limits, rates=dict.fromkeys(snapshot.limits.rates, 1e6), session_calls=10**7)
    made.runtime.snapshot = replace(snapshot, limits=free)
    guard = ScannerGuard(tell=lambda refusals: None)
    edge = Edge(
        hosts=frozenset({"127.0.0.1"}),
        origins=frozenset(),
        headers=API_HEADERS,
        guard=lambda: guard,
        meter=LaneMeter(),
    )
    made.lane = DecidingLane(routes=lane_routes(lambda: made.runtime), edge=edge)
    return made


def bodies(made: Process) -> list[tuple[str, bytes]]:
    """Token and body of each principal's request: arguments of about 300 bytes and a trace id."""
    return [
        (
            made.token(f"person-{number}", agent="helper", session=f"s-{number}"),
            orjson.dumps(
                {
                    "server": "s0",
                    "tool": "tool_0",
                    "arguments": ARGUMENTS,
                    "context": {"trace_id": os.urandom(16).hex()},
                }
            ),
        )
        for number in range(1, PRINCIPALS + 1)
    ]


async def _answer(send: Any, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def application(made: Process) -> Any:
    """`/empty` reads the body and answers `{}`, `/django…` is the view outside the lane, the rest is the lane."""
    behind_django = get_asgi_application()

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        path: str = scope["path"]
        if path == "/empty":
            await receive()
            await _answer(send, b"{}")
        elif path == "/cpu":
            await _answer(send, str(time.process_time_ns()).encode())
        elif path.startswith("/django"):
            await behind_django({**scope, "path": path[7:], "raw_path": path[7:].encode()}, receive, send)
        else:
            await made.lane(scope, receive, send)

    return serve


def main() -> None:
    """Write the requests, then serve until the process is ended."""
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    made = process(folder)
    (folder / "requests.aside").write_bytes(pickle.dumps(bodies(made)))
    os.rename(folder / "requests.aside", folder / "requests")
    gc.freeze()
    with startup.deciding_by(made.runtime):
        uvicorn.run(
            application(made),
            http=BoundedConnection,
            host="127.0.0.1",
            port=port,
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
        )


if __name__ == "__main__":
    main()

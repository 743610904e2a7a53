"""The inline lane and Django's handler give the same answer, byte for byte, to the same request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.conf import settings
from django.test import Client, override_settings

from governance.deciding import startup
from tests.governance.api.deciding import HOST, Process, started

READ = {"server": "files", "tool": "read", "arguments": {"path": "/srv/ledger/q3.csv"}}
ID = "x-request-id"
CORPUS: list[tuple[str, str, str, bytes, dict[str, str]]] = [
    ("allow", "POST", "/api/v1/decisions", orjson.dumps(READ), {}),
    ("deny", "POST", "/api/v1/decisions", orjson.dumps({"server": "x", "tool": "y"}), {}),
    ("ask", "POST", "/api/v1/decisions", b'{"server":"pay","tool":"send","arguments":{"amount":5000,"to":"a"}}', {}),
    ("blank", "POST", "/api/v1/decisions", b" ", {}),
    ("duplicate-key", "POST", "/api/v1/decisions", b'{"a":1,"a":2}', {}),
    ("nan", "POST", "/api/v1/decisions", b'{"server":"a","tool":"b","arguments":{"x":NaN}}', {}),
    ("unknown-field", "POST", "/api/v1/decisions", b'{"server":"a","tool":"b","c":1}', {}),
    ("too-large", "POST", "/api/v1/decisions", b'{"a":"' + b"x" * 270_000 + b'"}', {}),
    ("wrong-type", "POST", "/api/v1/decisions", b"{}", {"content-type": "text/plain"}),
    ("no-token", "POST", "/api/v1/decisions", b"{}", {"authorization": ""}),
    ("bad-token", "POST", "/api/v1/decisions", b"{}", {"authorization": "Bearer a.b.c"}),
    ("batch", "POST", "/api/v1/decisions/batch", orjson.dumps({"calls": [READ, READ]}), {}),
    ("bad-batch", "POST", "/api/v1/decisions/batch", b'{"calls":[]}', {}),
    ("evaluation", "POST", "/access/v1/evaluation", b'{"subject":{"type":"user","id":"alice"}}', {}),
    ("evaluations", "POST", "/access/v1/evaluations", b'{"evaluations":[{}]}', {}),
    ("hook", "POST", "/hooks/claude-code", b'{"hook_event_name":"PreToolUse"}', {}),
    ("me", "GET", "/api/v1/me", b"", {}),
    ("surface", "GET", "/api/v1/surface", b"", {}),
    ("front-door", "GET", "/api/v1/", b"", {}),
]
_VARIES = re.compile(
    rb'"id":"[0-9a-f-]{36}"|"n":\d+|"digest":"[0-9a-f]{64}"|"valid_until":"[^"]+"|"micros":\d+|decision [0-9a-f-]{36}'
)


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Process]:
    process = started(tmp_path)
    with startup.deciding_by(process.runtime):
        yield process
    process.runtime.journal.close()


def stripped(body: bytes) -> bytes:
    return _VARIES.sub(b"-", body)


@override_settings(ALLOWED_HOSTS=["127.0.0.1"])
@pytest.mark.parametrize(("name", "method", "path", "body", "more"), CORPUS, ids=[item[0] for item in CORPUS])
def test_both_ways_answer_the_same_bytes(
    twin: Process, name: str, method: str, path: str, body: bytes, more: dict[str, str]
) -> None:
    audience = "hook" if path.startswith("/hooks") else "api"
    headers = {
        "content-type": "application/json",
        "authorization": f"Bearer {twin.token('alice', agent='reporter', audience=audience)}",
        ID: "same-answer",
        "user-agent": "toolgate-tests/1",
        **more,
    }
    headers = {
        key: value for key, value in headers.items() if value and not (method == "GET" and key == "content-type")
    }
    inline = twin.post(path, raw=body, headers=headers) if method == "POST" else twin.get(path, headers=headers)
    content_type = headers.get("content-type", "application/json")
    extra: dict[str, Any] = {key: value for key, value in headers.items() if key != "content-type"}
    client = Client(headers=extra, SERVER_NAME="127.0.0.1", SERVER_PORT="8000")
    handled = client.generic(method, path, data=body, content_type=content_type if method == "POST" else "")
    assert handled.status_code == inline.status
    assert stripped(handled.content) == stripped(inline.body)
    assert handled.headers.get("content-type") == inline.headers.get("content-type")
    assert handled.headers[ID] == inline.headers[ID] == "same-answer"
    assert handled.headers.get("www-authenticate") == inline.headers.get("www-authenticate")
    limits = {key.lower() for key in handled.headers if key.lower().startswith("ratelimit")}
    assert limits == {key for key in inline.headers if key.startswith("ratelimit")}


def test_every_middleware_is_in_the_lane_or_said_not_to_be_needed() -> None:
    from config.edge.lane import CLASSIFIED

    assert set(settings.MIDDLEWARE) == set(CLASSIFIED)
    assert HOST.startswith("127.0.0.1")

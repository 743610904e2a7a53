"""What every door refuses, it refuses in the same words: one table of doors, each by the lane and behind Django."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from django.test import Client

from audit.writing.journal import AuditUnavailable, Journal
from governance.api.routes import DECIDING
from governance.api.views import OPEN_TO_ALL
from tests.governance.api.deciding import ISSUER, Answered, Process, compiled, demo_document
from tests.governance.api.management.clients import Office

HOOK = "hooks-claude-code"
EXAMPLE = "01a2006c-ab8e-71ca-bb62-2b4f0c0f5624"
METADATA = f'Bearer resource_metadata="{ISSUER}/.well-known/oauth-protected-resource"'
READ = {"server": "files", "tool": "read", "arguments": {}}
ASK = {
    "subject": {"type": "user", "id": "alice"},
    "action": {"name": "tools/call"},
    "resource": {"type": "tool", "id": "files/read"},
}
BODIES: dict[str, Any] = {
    "decisions": READ,
    "decisions-batch": {"calls": [READ]},
    "evaluation": ASK,
    "evaluations": {**ASK, "evaluations": [{}]},
    HOOK: {"hook_event_name": "PreToolUse", "session_id": "s", "tool_name": "Bash", "tool_input": {"command": "ls"}},
}
Refusal = tuple[int, str, str, str]
"""Status, title, code and detail."""

LIMITS = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One way to one route."""

    name: str
    method: str
    path: str
    inline: bool

    @property
    def audience(self) -> str:
        return "hook" if self.name == HOOK else "api"

    @property
    def body(self) -> bytes:
        return orjson.dumps(BODIES.get(self.name, {})) if self.method == "POST" else b""

    def __str__(self) -> str:
        return f"{self.name}{'' if self.inline else ' behind Django'}"


DECIDED = [
    Door(name=name, method=method, path=path.replace("(?P<id>[0-9a-f-]{36})", EXAMPLE), inline=inline)
    for name, method, path, _ in DECIDING
    for inline in (True, False)
]
MANAGED = [
    Door(name=name, method=method, path=f"/api/v1/{name}", inline=False)
    for name, method in (("rules", "GET"), ("rules", "POST"), ("draft", "GET"), ("what-can", "POST"))
]
DOORS = DECIDED + MANAGED
AUTHZEN = re.compile("evaluations?|search-.*")
CREDENTIALS = [
    ("", "credential.missing", "A bearer token is needed."),
    ("Basic YTpi", "credential.scheme", "Only the scheme Bearer is understood."),
    ("Bearer x", "token.malformed", "This is not a token of three base64url parts."),
    ("Bearer tg_nosuchkey", "key.invalid", "The agent key is not in force."),
]
UNREADABLE: list[tuple[bytes, dict[str, str], Refusal]] = [
    (b" ", {}, (400, "Bad request", "json.invalid", "Malformed JSON at line 1, column 2: Expecting value.")),
    (b"[]", {}, (400, "Bad request", "field.type", "The body must be a JSON object.")),
    (b"{}", {"content-type": "text/plain"},
     (415, "Unsupported media type", "type.unsupported", "The content type must be application/json.")),
    (b"{}", {"content-encoding": "gzip"},
     (415, "Unsupported media type", "encoding.unsupported", "Content-Encoding is not accepted on this route.")),
    (b'{"a":"' + b"x" * 270_000 + b'"}', {},
     (413, "Body too large", "body.too_large", "The body must be at most 262144 bytes.")),
]  # fmt: skip

each_door = pytest.mark.parametrize("door", DOORS, ids=str)


def ask(process: Process, door: Door, headers: Mapping[str, str], *, raw: bytes | None = None) -> Answered:
    """One request at a door, under the request id `r-1`."""
    raw = door.body if raw is None else raw
    headers = {"x-request-id": "r-1", "user-agent": "toolgate-tests/1", **headers}
    if door.method == "POST":
        headers = {"content-type": "application/json", **headers}
    if door.inline:
        send: Callable[..., Answered] = process.post if door.method == "POST" else process.get
        return send(door.path, raw=raw, headers=headers)
    client = Client(SERVER_NAME="127.0.0.1", SERVER_PORT="8000", headers=headers)
    response = client.generic(door.method, door.path, data=raw, content_type=headers.get("content-type", ""))
    said = {name.lower(): value for name, value in response.headers.items()}
    return Answered(response.status_code, said, response.content)


def bearer(office: Office, door: Door) -> str:
    """Somebody who may come in at this door."""
    if door in MANAGED:
        return f"Bearer {office.person('owner').token}"
    return f"Bearer {office.process.token('alice', agent='reporter', audience=door.audience)}"


def limit_all(process: Process) -> None:
    """Two requests a second for every class, and no more at once; half of it for who is anonymous."""
    document = demo_document()
    document.pop("principals")
    limits = {"base_per_second": dict.fromkeys(("mcp", "agents", "content", "tasks"), 2), "burst_multiplier": 1}
    process.runtime.snapshot = compiled({**document, "rate_limits": limits})


def assert_refused(door: Door, answered: Answered, refusal: Refusal, **more: Any) -> None:
    """These problem details, byte for byte; at the hook the same said in the client's form."""
    status, title, code, detail = refusal
    if door.name == HOOK:
        assert (answered.status, answered.headers["content-type"]) == (200, "application/json")
        said = str(answered.json)
        assert detail in said
        assert code in said
        assert "deny" in said or answered.json["continue"] is False
        return
    if status == 415 and AUTHZEN.fullmatch(door.name):
        status, title = 400, "Bad request"  # the standard knows no other for a bad body
    problem = {
        "type": f"urn:toolgate:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": "r-1",
        **more,
    }
    assert (answered.status, answered.body) == (status, orjson.dumps(problem))
    assert answered.headers["content-type"] == "application/problem+json"


@each_door
def test_a_spent_budget_is_a_429_that_says_when_to_come_back(office: Office, door: Door) -> None:
    limit_all(office.process)
    authorization = bearer(office, door)
    answers = [ask(office.process, door, {"authorization": authorization})]
    assert b"rate.edge" not in answers[0].body
    while len(answers) < 40 and b"rate.edge" not in answers[-1].body:
        answers.append(ask(office.process, door, {"authorization": authorization}))
    assert_refused(door, answers[-1], (429, "Too many requests", "rate.edge", "Too many requests."))
    if door.name != HOOK:
        limit, remaining, reset, after = (int(answers[-1].headers[name]) for name in LIMITS)
        assert 1 <= limit <= 4
        assert (remaining, reset >= 1, after >= 1) == (0, True, True)


@each_door
def test_a_bad_credential_is_a_401_with_the_challenge(office: Office, door: Door) -> None:
    for authorization, code, detail in CREDENTIALS:
        answered = ask(office.process, door, {"authorization": authorization} if authorization else {})
        if door.name in OPEN_TO_ALL:
            assert answered.status == 200
            continue
        assert_refused(door, answered, (401, "Not authenticated", code, detail))
        if door.name != HOOK:
            told = f', error="invalid_token", error_description="{code}"' if authorization else ""
            assert answered.headers["www-authenticate"] == METADATA + told


@pytest.mark.parametrize("door", [door for door in DOORS if door.method == "POST"], ids=str)
def test_a_body_that_cannot_be_read_is_refused(office: Office, door: Door) -> None:
    authorization = bearer(office, door)
    for raw, headers, refusal in UNREADABLE:
        answered = ask(office.process, door, {"authorization": authorization, **headers}, raw=raw)
        assert_refused(door, answered, refusal, **({"path": ""} if refusal[0] == 400 else {}))


@pytest.mark.parametrize("door", [door for door in DECIDED if door.name in BODIES], ids=str)
def test_a_decision_that_cannot_be_recorded_is_a_503(
    office: Office, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def append(*args: Any, **more: Any) -> None:
        raise AuditUnavailable("disk", "No space left on device")

    monkeypatch.setattr(Journal, "append", append)
    answered = ask(office.process, door, {"authorization": bearer(office, door)})
    said = "The decision could not be recorded, so it is a deny."
    assert_refused(door, answered, (503, "Not available", "audit.unavailable", said))
    assert door.name == HOOK or answered.headers["retry-after"] == "1"


def test_every_deciding_route_stands_in_the_table() -> None:
    assert {door.name for door in DECIDED} == {name for name, *_ in DECIDING}

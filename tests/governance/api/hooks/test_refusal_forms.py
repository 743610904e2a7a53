"""Every event × every reason for a refusal: the answer is in the form of the event that was sent, or ends the turn.

The client drops an answer that is stamped with another event, and goes on with what was to be refused.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from audit.writing.journal import AuditUnavailable
from governance.api.hooks import claude_code
from tests.governance.api.deciding import Process, compiled

PATH = "/hooks/claude-code"
KEY = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fG3iL6"
RESULT = {"stdout": KEY, "stderr": "", "interrupted": False}
TOOL = {"tool_name": "Bash", "tool_input": {"command": "x"}, "tool_use_id": "toolu_1"}
COMMON = {"session_id": "3f1b0c0e-9a2d-4c61-8f5a-1f0c8f0f2b12", "transcript_path": "/h/t.jsonl", "cwd": "/srv/app"}
FIELDS: dict[str, dict[str, Any]] = {
    "PreToolUse": TOOL,
    "PostToolUse": {**TOOL, "tool_response": RESULT},
    "PostToolUseFailure": {**TOOL, "error": "exit 1", "tool_response": RESULT},
    "UserPromptSubmit": {"prompt": f"use {KEY}"},
    "SessionStart": {"source": "startup"},
    "SessionEnd": {"reason": "exit"},
    "Notification": {"message": "waiting"},
    "Stop": {"stop_hook_active": False},
    "SubagentStart": {"agent_id": "a1"},
    "SubagentStop": {"agent_id": "a1"},
    "PreCompact": {"trigger": "auto"},
    "PermissionRequest": TOOL,
}
OWN = {
    "PreToolUse": "deny PreToolUse",
    "PostToolUse": "replace PostToolUse",
    "PostToolUseFailure": "stop",
    "UserPromptSubmit": "block",
}
"""The form of each event that can be refused; every other one is only told."""


@dataclass(frozen=True)
class Sent:
    """What goes over the wire."""

    raw: bytes
    token: str | None
    headers: list[tuple[str, str]]


def form(answer: dict[str, Any]) -> str:
    """Which of the client's forms an answer has."""
    own = answer.get("hookSpecificOutput")
    if answer.get("continue") is False:
        assert own is None
        return "stop"
    if own is not None and "permissionDecision" in own:
        return f"{own['permissionDecision']} {own['hookEventName']}"
    if own is not None:
        assert "updatedToolOutput" in own
        return f"replace {own['hookEventName']}"
    return "block" if answer.get("decision") == "block" else "message" if "systemMessage" in answer else "no opinion"


def changed(**more: Any) -> Callable[[bytes], bytes]:
    """The body with further members, or other values of those it has."""
    return lambda raw: orjson.dumps({**orjson.loads(raw), **more})


def ending(text: str) -> Callable[[bytes], bytes]:
    """The body with one more member, as it stands."""
    return lambda raw: raw[:-1] + b"," + text.encode() + b"}"


BODIES: dict[str, Callable[[bytes], bytes]] = {
    "half a surrogate pair": ending('"more": "\\ud83d"'),
    "an integer beyond 64 bits": ending('"more": 100000000000000000000'),
    "an integer of 5,000 digits behind the event": ending('"more": ' + "9" * 5000),
    "33 levels": ending('"more": ' + "[" * 33 + "]" * 33),
    "NaN": ending('"more": NaN'),
    "a key twice": ending('"cwd": "/elsewhere"'),
    "no UTF-8": lambda raw: raw[:-1] + b',"more": "\xff"}',
    "cut off": lambda raw: raw[:-1],
    "text behind it": lambda raw: raw + b" x",
    "no session": changed(session_id=7),
    "no tool name": changed(tool_name=[]),
    "no tool input": changed(tool_input="x"),
    "a prompt that is no text": changed(prompt=7),
    "too large": lambda raw: raw[:-1] + b',"more": "' + b"x" * 300_000 + b'"}',
    "the event twice": ending('"hook_event_name": "Notification"'),
    "the event of another type": changed(hook_event_name=["PreToolUse"]),
    "no JSON": lambda raw: b"x" * 40,
    "no object": lambda raw: b"[" + raw + b"]",
    "nothing": lambda raw: b"",
}
UNTOLD = frozenset(
    {"the event twice", "the event of another type", "no JSON", "no object", "nothing", "an encoded body"}
)
UNREAD = frozenset({"a foreign host", "a foreign origin", "two request ids", "an encoded body"})
NEEDS = {
    "no tool name": {"PreToolUse", "PostToolUse", "PostToolUseFailure"},
    "no tool input": {"PreToolUse", "PostToolUse", "PostToolUseFailure"},
    "a prompt that is no text": {"UserPromptSubmit"},
    "no session": FIELDS.keys() - {"PreCompact", "PermissionRequest"},
    "the journal away": OWN.keys(),
}
"""The events that a reason concerns, where it is not all."""
TOKENS = {"no token": None, "a bad token": "a.b.c", "no such key": "tg_nosuchkey"}
HEADERS = {
    "another content type": ("content-type", "text/plain"),
    "an encoded body": ("content-encoding", "gzip"),
    "a foreign host": ("host", "elsewhere.example"),
    "a foreign origin": ("origin", "https://elsewhere.example"),
    "two request ids": ("x-request-id", "a"),
}
INSIDE = ("the journal away", "a spent budget", "a fault of ours")
REASONS = (*BODIES, *TOKENS, *HEADERS, *INSIDE)


def sent(process: Process, event: str, reason: str) -> Sent:
    raw = orjson.dumps({**COMMON, "hook_event_name": event, **FIELDS[event]})
    token: str | None = process.token("bob", agent="coder", audience="hook")
    headers: list[tuple[str, str]] = []
    if reason in BODIES:
        raw = BODIES[reason](raw)
    elif reason in TOKENS:
        token = TOKENS[reason]
    elif reason in HEADERS:
        headers = [HEADERS[reason]]
        if reason == "two request ids":
            headers *= 2
        if reason == "an encoded body":
            raw = gzip.compress(raw)
    return Sent(raw, token, headers)


def broken(process: Process, monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    """What is wrong inside the process."""
    if reason == "a spent budget":
        limits = {"base_per_second": {"mcp": 1}, "burst_multiplier": 1}
        process.runtime.snapshot = compiled({**process.runtime.snapshot.document, "rate_limits": limits})
        token = process.token("bob", agent="coder", audience="hook")
        for _ in range(12):
            process.post(PATH, token=token, body={"hook_event_name": "Teleport"})
    elif reason == "a fault of ours":

        def fails(*_: Any) -> Any:
            raise RuntimeError

        monkeypatch.setattr(claude_code, "read_payload", fails)
    elif reason == "the journal away":

        def away(*_: Any, **__: Any) -> Any:
            raise AuditUnavailable("disk", "the disk is full")

        monkeypatch.setattr(type(process.runtime.journal), "append_async", away)
        monkeypatch.setattr(type(process.runtime.journal), "append", away)


@pytest.mark.parametrize(
    ("event", "reason"),
    [(event, reason) for event in FIELDS for reason in REASONS if event in NEEDS.get(reason, FIELDS)],
)
def test_a_refusal_is_in_the_form_of_the_event_that_was_sent(
    process: Process, monkeypatch: pytest.MonkeyPatch, event: str, reason: str
) -> None:
    broken(process, monkeypatch, reason)
    message = sent(process, event, reason)
    answered = process.post(PATH, raw=message.raw, token=message.token, headers=message.headers)
    assert answered.status == 200
    assert KEY not in answered.body.decode()
    assert form(answered.json) == ("stop" if reason in UNTOLD | UNREAD else OWN.get(event, "message"))


@pytest.mark.django_db(transaction=True)
def test_a_failure_that_holds_a_credential_ends_the_turn_since_the_client_takes_no_other_result(
    process: Process,
) -> None:
    token = process.token("bob", agent="coder", audience="hook")
    failed = {**COMMON, "hook_event_name": "PostToolUseFailure", **TOOL}
    clean = process.post(PATH, token=token, body={**failed, "error": "exit 1"})
    told = process.post(PATH, token=token, body={**failed, "error": f"exit 1: {KEY}"})
    assert clean.json == {}
    assert form(told.json) == "stop"
    assert KEY not in told.body.decode()

"""A result that is withheld, or of which something is taken out, comes back in the shape that the client checks."""

from __future__ import annotations

import base64
import random
from typing import Any

import pytest

from tests.governance.adapters.test_withheld_result import same_shape
from tests.governance.api.deciding import Process

PATH = "/hooks/claude-code"
KEY = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fG3iL6"
DONE = {
    "session_id": "3f1b0c0e-9a2d-4c61-8f5a-1f0c8f0f2b12",
    "transcript_path": "/h/t.jsonl",
    "cwd": "/srv/app",
    "permission_mode": "default",
    "hook_event_name": "PostToolUse",
    "tool_name": "Bash",
    "tool_input": {"command": "cat x"},
}
LONG = base64.encodebytes(random.Random(8).randbytes(133_000)).decode()  # 180,000 characters
BASH = {"stdout": KEY, "stderr": "", "interrupted": False}
READ = {"type": "text", "file": {"filePath": "/x", "content": KEY, "numLines": 1}}


def output(process: Process, payload: dict[str, Any], *, token: str | None = None) -> Any:
    token = token or process.token("bob", agent="coder", audience="hook")
    answered = process.post(PATH, token=token, body=payload)
    assert answered.status == 200
    own = answered.json["hookSpecificOutput"]
    assert own["hookEventName"] == "PostToolUse"
    return own["updatedToolOutput"]


def test_a_result_that_was_not_looked_through_to_its_end_keeps_its_shape(process: Process) -> None:
    result = {**BASH, "stdout": LONG}
    assert output(process, {**DONE, "tool_response": result}) == {**BASH, "stdout": "[withheld]"}


def test_a_result_without_its_tools_input_keeps_its_shape(process: Process) -> None:
    payload = {key: value for key, value in DONE.items() if key != "tool_input"}
    assert output(process, {**payload, "tool_response": BASH}) == {**BASH, "stdout": "[withheld]"}


@pytest.mark.parametrize("tool", ["Bash", "Read", "mcp__files__read"])
def test_a_result_with_a_bad_token_keeps_its_shape(process: Process, tool: str) -> None:
    result: Any = {"Bash": BASH, "Read": READ, "mcp__files__read": [{"type": "text", "text": KEY}]}[tool]
    withheld = output(process, {**DONE, "tool_name": tool, "tool_response": result}, token="a.b.c")
    assert same_shape(result, withheld)
    assert KEY not in str(withheld)


def test_a_number_under_a_telling_name_stays_a_number(process: Process) -> None:
    result = {"stdout": "ok", "password": 8372947261, "stderr": ""}
    assert output(process, {**DONE, "tool_response": result}) == {**result, "password": 0}


def test_a_picture_that_cannot_be_withheld_ends_the_turn(process: Process) -> None:
    picture = {"type": "image", "file": {"base64": "iVBORw0KGgo=", "type": "image/png", "originalSize": 70}}
    answered = process.post(PATH, token="a.b.c", body={**DONE, "tool_name": "Read", "tool_response": picture})
    assert answered.json["continue"] is False

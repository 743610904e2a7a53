"""`POST /hooks/claude-code` with the client's real payloads: always a 200, and never leave to go on by mistake."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.governance.api.deciding import Process, compiled

PRE_TOOL_USE: dict[str, Any] = {
    "session_id": "3f1b0c0e-9a2d-4c61-8f5a-1f0c8f0f2b11",
    "prompt_id": "9e2c3d0a-5a4e-4f9d-9a94-6b1d2f4c7e01",
    "transcript_path": "/home/bob/.claude/projects/-srv-app/3f1b0c0e-9a2d-4c61-8f5a-1f0c8f0f2b11.jsonl",
    "cwd": "/srv/app",
    "permission_mode": "default",
    "effort": {"level": "medium"},
    "hook_event_name": "PreToolUse",
    "tool_name": "Bash",
    "tool_input": {"command": "npm test", "description": "Run the tests", "timeout": 120000},
    "tool_use_id": "toolu_01Hx2kQb7mV9",
}
AWS = "AKIA" + "2E0A8F3B244C9986"


def with_clients(process: Process, **rule: Any) -> None:
    """The demo with Claude Code's Bash registered and allowed to engineers, and `files` managed on clients."""
    document = {key: value for key, value in process.document.items() if key != "principals"}
    servers = {
        **document["servers"],
        "claude-code": {"tools": {"Bash": {}, "Read": {}}},
        "files": {**document["servers"]["files"], "managed_on_clients": True},
    }
    rules = [
        *document["rules"],
        {
            "id": "engineers-code",
            "effect": "allow",
            "subjects": {"roles": ["engineer"]},
            "entities": ["server:claude-code", "server:files"],
            **rule,
        },
    ]
    agents = {**document["agents"], "coder": {"owner": "bob"}}
    process.runtime.snapshot = compiled({**document, "servers": servers, "rules": rules, "agents": agents})


def hook(process: Process, payload: Any, *, principal: str = "bob", agent: str | None = "coder", **options: Any) -> Any:
    token = process.token(principal, agent=agent, audience="hook")
    answered = process.post("/hooks/claude-code", token=token, body=payload, **options)
    assert answered.status == 200
    return answered.json


def permission(answer: Any) -> str:
    said: str = answer["hookSpecificOutput"]["permissionDecision"]
    return said


def test_an_allowed_tool_is_no_opinion_so_that_the_person_is_still_asked(process: Process) -> None:
    with_clients(process)
    assert hook(process, PRE_TOOL_USE) == {}


def test_an_allow_skips_the_clients_prompt_where_the_rule_says_so(process: Process) -> None:
    with_clients(process, skip_client_prompt=True)
    assert permission(hook(process, PRE_TOOL_USE)) == "allow"


def test_an_unregistered_tool_is_denied_with_a_reason_and_the_decisions_id(process: Process) -> None:
    answer = hook(process, {**PRE_TOOL_USE, "tool_name": "Teleport"})
    assert permission(answer) == "deny"
    reason = answer["hookSpecificOutput"]["permissionDecisionReason"]
    assert "entity.unknown" in reason
    assert process.records()[-1]["id"] in reason


def test_a_dangerous_command_is_denied(process: Process) -> None:
    with_clients(process)
    answer = hook(process, {**PRE_TOOL_USE, "tool_input": {"command": "rm -rf / --no-preserve-root"}})
    assert permission(answer) == "deny"
    assert "block.action" in answer["hookSpecificOutput"]["permissionDecisionReason"]


def test_an_mcp_tool_is_the_registered_servers(process: Process) -> None:
    with_clients(process)
    payload = {**PRE_TOOL_USE, "tool_name": "mcp__files__read", "tool_input": {"path": "/srv/reports/a.txt"}}
    hook(process, payload)
    assert process.records()[-1]["data"]["entity"] == "files/read"


@pytest.mark.parametrize("name", ["Files", "claude_ai_Files", "files"])
def test_an_mcp_tool_is_the_servers_under_its_names_on_clients(process: Process, name: str) -> None:
    with_clients(process)
    document = process.runtime.snapshot.document
    files = {**document["servers"]["files"], "names_on_clients": ["claude.ai Files"]}
    process.runtime.snapshot = compiled({**document, "servers": {**document["servers"], "files": files}})
    payload = {**PRE_TOOL_USE, "tool_name": f"mcp__{name}__read", "tool_input": {"path": "/srv/reports/a.txt"}}
    assert hook(process, payload) == {}
    assert process.records()[-1]["data"]["entity"] == "files/read"


def test_the_record_carries_the_clients_ids(process: Process) -> None:
    with_clients(process)
    hook(process, PRE_TOOL_USE)
    record = process.records()[-1]
    assert record["data"]["door"] == "hook"
    assert record["data"]["tool_use"] == PRE_TOOL_USE["tool_use_id"]
    assert record["client_session"] == PRE_TOOL_USE["session_id"]


def test_a_token_without_an_agent_is_denied(process: Process) -> None:
    with_clients(process)
    answer = hook(process, PRE_TOOL_USE, agent=None)
    assert permission(answer) == "deny"


@pytest.mark.parametrize("token", [None, "x.y.z", "tg_nosuchkey"])
def test_a_bad_token_is_a_200_with_deny(process: Process, token: str | None) -> None:
    answered = process.post("/hooks/claude-code", token=token, body=PRE_TOOL_USE)
    assert answered.status == 200
    assert permission(answered.json) == "deny"


def test_a_token_for_another_door_is_a_200_with_deny(process: Process) -> None:
    answered = process.post("/hooks/claude-code", token=process.token("bob", agent="coder"), body=PRE_TOOL_USE)
    assert (answered.status, permission(answered.json)) == (200, "deny")


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b'{"a": NaN}', b'{"hook_event_name": ""}'],
    ids=lambda raw: repr(raw[:30]),
)
def test_a_body_of_which_the_event_cannot_be_told_is_a_200_that_ends_the_turn(process: Process, raw: bytes) -> None:
    token = process.token("bob", agent="coder", audience="hook")
    answered = process.post("/hooks/claude-code", token=token, raw=raw)
    assert (answered.status, answered.json["continue"]) == (200, False)


def test_a_tool_call_without_its_fields_is_a_200_with_deny(process: Process) -> None:
    assert permission(hook(process, {"hook_event_name": "PreToolUse"})) == "deny"


def test_a_prompt_with_a_bad_token_is_blocked_in_the_prompts_own_form(process: Process) -> None:
    prompt = {**PRE_TOOL_USE, "hook_event_name": "UserPromptSubmit", "prompt": "Fix the build"}
    assert process.post("/hooks/claude-code", token="x.y.z", body=prompt).json["decision"] == "block"
    assert hook(process, {**prompt, "session_id": 7})["decision"] == "block"


def test_a_result_with_a_bad_token_is_withheld(process: Process) -> None:
    done = {**PRE_TOOL_USE, "hook_event_name": "PostToolUse", "tool_response": {"stdout": f"id = {AWS}"}}
    answer = process.post("/hooks/claude-code", token="x.y.z", body=done).json
    assert answer["hookSpecificOutput"]["hookEventName"] == "PostToolUse"
    assert AWS not in str(answer)


def test_an_event_named_inside_the_input_changes_no_answer(process: Process) -> None:
    payload = {"tool_input": {"hook_event_name": "Notification"}, **PRE_TOOL_USE}
    payload["tool_input"] = {"hook_event_name": "UserPromptSubmit"}
    assert permission(process.post("/hooks/claude-code", token="x.y.z", body=payload).json) == "deny"


def test_an_allow_that_owes_what_the_client_cannot_do_is_a_deny(process: Process) -> None:
    with_clients(process)
    document = process.runtime.snapshot.document
    process.runtime.snapshot = compiled({**document, "detectors": {**document["detectors"], "action": "redact"}})
    answer = hook(process, {**PRE_TOOL_USE, "tool_input": {"command": f"echo {AWS}"}})
    assert permission(answer) == "deny"
    prompt = {**PRE_TOOL_USE, "hook_event_name": "UserPromptSubmit", "prompt": f"use {AWS}"}
    assert hook(process, prompt)["decision"] == "block"


def test_a_banned_network_is_a_200_that_ends_the_turn(process: Process) -> None:
    for _ in range(40):
        process.get("/wp-admin/x.php")
    answered = process.post("/hooks/claude-code", token="x.y.z", body=PRE_TOOL_USE)
    assert (answered.status, answered.json["continue"]) == (200, False)


def test_an_event_that_is_not_governed_is_no_opinion(process: Process) -> None:
    assert hook(process, {"hook_event_name": "PreCompact", "session_id": "s"}) == {}


NEAR = [
    *"pretooluse pre_tool_use PreToolUs PreToolUze Pr\u0435ToolUse XPreToolUseX UserPromptSumbit sessionstart".split(),
    *("PreToolUse ", "PreToolUse" + " " * 80, "x" * 65),
]
OTHERS = """
    PreCompact PostCompact PermissionRequest PermissionDenied StopFailure PostToolBatch Setup UserPromptExpansion
    TaskCreated TaskCompleted TeammateIdle InstructionsLoaded ConfigChange CwdChanged FileChanged WorktreeCreate
    WorktreeRemove Elicitation ElicitationResult
""".split()


@pytest.mark.parametrize("name", NEAR)
def test_an_event_that_resembles_a_governed_one_ends_the_turn_and_is_recorded(process: Process, name: str) -> None:
    answer = hook(process, {**PRE_TOOL_USE, "hook_event_name": name})
    assert answer["continue"] is False
    assert "hook.event_unknown" in answer["reason"]
    recorded = process.records()[-1]
    assert (recorded["kind"], recorded["data"]["code"]) == ("security_event", "hook.event_unknown")
    assert recorded["who"]["principal"] == "bob"
    assert orjson.loads(recorded["data"]["detail"])["event"] == (name if len(name) <= 64 else None)
    refused = process.post("/hooks/claude-code", token="x.y.z", body={**PRE_TOOL_USE, "hook_event_name": name}).json
    assert refused["continue"] is False


@pytest.mark.parametrize("name", OTHERS)
def test_the_clients_other_events_resemble_none(process: Process, name: str) -> None:
    assert hook(process, {**PRE_TOOL_USE, "hook_event_name": name}) == {}


def test_a_credential_as_an_events_name_is_not_kept(process: Process) -> None:
    for name in (f"PreToolUse {AWS}", "PreToolUse" + "." * 38 + " " + AWS, "x" * 48 + AWS):
        assert hook(process, {**PRE_TOOL_USE, "hook_event_name": name})["continue"] is False
        assert AWS[:8] not in str(process.records())


def test_a_clean_prompt_goes_on_and_one_with_a_credential_is_blocked(process: Process) -> None:
    prompt = {**PRE_TOOL_USE, "hook_event_name": "UserPromptSubmit", "prompt": "Fix the build"}
    assert hook(process, prompt) == {}
    blocked = hook(process, {**prompt, "prompt": f"use {AWS} for the bucket"})
    assert blocked["decision"] == "block"
    assert AWS not in blocked["reason"]


@pytest.mark.django_db(transaction=True)
def test_a_credential_in_a_result_is_taken_out_of_it(process: Process) -> None:
    with_clients(process)
    hook(process, PRE_TOOL_USE)
    done = {
        **PRE_TOOL_USE,
        "hook_event_name": "PostToolUse",
        "tool_response": {"stdout": f"id = {AWS}", "stderr": "", "interrupted": False},
        "duration_ms": 12,
    }
    answer = hook(process, done)
    output = answer["hookSpecificOutput"]["updatedToolOutput"]
    assert AWS not in str(output)
    assert output["stderr"] == ""


def test_a_clean_result_is_left_as_it_is(process: Process) -> None:
    done = {**PRE_TOOL_USE, "hook_event_name": "PostToolUse", "tool_response": {"stdout": "ok"}}
    assert hook(process, done) == {}


def test_a_spent_budget_is_a_200_with_deny(process: Process) -> None:
    with_clients(process)
    document = process.runtime.snapshot.document
    limits = {"base_per_second": {"mcp": 1}, "burst_multiplier": 1}
    process.runtime.snapshot = compiled({**document, "rate_limits": limits})
    answers = [hook(process, PRE_TOOL_USE) for _ in range(6)]
    assert permission(answers[-1]) == "deny"
    assert "rate.edge" in answers[-1]["hookSpecificOutput"]["permissionDecisionReason"]


@pytest.mark.parametrize("chunks", [1, 7])
@pytest.mark.parametrize("event", ["PreToolUse", "UserPromptSubmit", "PostToolUse"])
def test_a_payload_that_is_too_large_is_refused_in_its_own_events_form(
    process: Process, event: str, chunks: int
) -> None:
    large = "x" * 300_000
    payload = {"session_id": "s", "cwd": "/", "hook_event_name": event, "tool_name": "Write", "prompt": large}
    answer = hook(process, {**payload, "tool_input": {"content": large}, "tool_response": large}, chunks=chunks)
    if event == "PreToolUse":
        assert permission(answer) == "deny"
    elif event == "UserPromptSubmit":
        assert answer["decision"] == "block"
    elif chunks == 1:
        assert "withheld" in answer["hookSpecificOutput"]["updatedToolOutput"]
    else:  # the shape of the result lies behind the cut
        assert answer["continue"] is False


@pytest.mark.parametrize(
    "raw",
    [
        b"x" * 300_000,
        b'{"prompt": "' + b"x" * 600_000 + b'", "hook_event_name": "UserPromptSubmit"}',
        b'{"tool_input": {"hook_event_name": "PreToolUse"}, "prompt": "' + b"x" * 300_000 + b'"}',
    ],
    ids=["no JSON", "named behind the cut", "named inside the input"],
)
def test_a_large_payload_whose_event_is_not_known_ends_the_clients_turn(process: Process, raw: bytes) -> None:
    token = process.token("bob", agent="coder", audience="hook")
    answered = process.post("/hooks/claude-code", token=token, raw=raw, chunks=6)
    assert (answered.status, answered.json["continue"]) == (200, False)
    assert answered.json["decision"] == "block"
    assert "hookSpecificOutput" not in answered.json

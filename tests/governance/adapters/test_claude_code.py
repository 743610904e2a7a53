from __future__ import annotations

from typing import Any

import pytest

from governance.adapters.claude_code import (
    BadPayload,
    ClaudeEvent,
    read_payload,
    refusal,
    result_answer,
    tool_answer,
)
from governance.adapters.claude_envelope import SentEvent
from governance.engine.decision import Effect

PRE_TOOL_USE: dict[str, Any] = {
    "session_id": "3f1b0c0e-9a2d-4c61-8f5a-1f0c8f0f2b11",
    "transcript_path": "/home/alice/.claude/projects/-srv-app/3f1b0c0e.jsonl",
    "cwd": "/srv/app",
    "permission_mode": "default",
    "hook_event_name": "PreToolUse",
    "tool_name": "Bash",
    "tool_input": {"command": "npm test", "description": "Run the tests"},
    "tool_use_id": "toolu_01ABC123",
}


def test_a_documented_payload_is_read_and_its_unknown_fields_are_ignored() -> None:
    payload = read_payload({**PRE_TOOL_USE, "field_of_a_later_version": [1]})
    assert payload.event is ClaudeEvent.PRE_TOOL_USE
    assert payload.tool_name == "Bash"
    assert payload.tool_input == {"command": "npm test", "description": "Run the tests"}
    assert payload.tool_use_id == "toolu_01ABC123"
    assert payload.session_id == PRE_TOOL_USE["session_id"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"hook_event_name": None}, "/hook_event_name"),
        ({"hook_event_name": 7}, "/hook_event_name"),
        ({"tool_name": ""}, "/tool_name"),
        ({"tool_name": ["Bash"]}, "/tool_name"),
        ({"tool_input": "npm test"}, "/tool_input"),
        ({"session_id": None}, "/session_id"),
        ({"tool_use_id": 3}, "/tool_use_id"),
    ],
)
def test_a_field_of_another_type_is_refused_by_its_path(change: dict[str, Any], path: str) -> None:
    with pytest.raises(BadPayload) as refused:
        read_payload({**PRE_TOOL_USE, **change})
    assert refused.value.path == path


def test_a_payload_that_is_no_object_is_refused() -> None:
    with pytest.raises(BadPayload):
        read_payload(["PreToolUse"])


def test_an_event_that_is_not_governed_is_read_without_its_fields() -> None:
    payload = read_payload({"hook_event_name": "PreCompact", "session_id": "s"})
    assert payload.event is None
    assert payload.name == "PreCompact"


def test_an_allow_is_no_opinion_so_that_the_persons_own_prompt_still_appears() -> None:
    assert tool_answer(Effect.ALLOW, "") == {}


def test_an_allow_skips_the_prompt_only_where_the_rule_says_so() -> None:
    answer = tool_answer(Effect.ALLOW, "ok", skip_client_prompt=True)
    assert answer["hookSpecificOutput"]["permissionDecision"] == "allow"  # type: ignore[index,call-overload]


@pytest.mark.parametrize("effect", [Effect.DENY, Effect.ASK])
def test_deny_and_ask_take_the_clients_current_schema(effect: Effect) -> None:
    assert tool_answer(effect, "because") == {
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": effect.value,
            "permissionDecisionReason": "because",
        }
    }


def test_a_reason_is_cut_at_the_clients_limit() -> None:
    answer: Any = tool_answer(Effect.DENY, "x" * 20_000)
    assert len(answer["hookSpecificOutput"]["permissionDecisionReason"]) == 10_000


def test_what_cannot_be_told_from_another_event_ends_the_turn() -> None:
    answer = refusal(SentEvent(), "unreadable")
    assert (answer["continue"], answer["stopReason"]) == (False, "unreadable")
    assert "hookSpecificOutput" not in answer


def test_a_prompt_that_cannot_be_decided_is_blocked() -> None:
    assert refusal(SentEvent(event="UserPromptSubmit"), "no token") == {"decision": "block", "reason": "no token"}


def test_a_result_that_cannot_be_looked_through_is_withheld() -> None:
    answer: Any = refusal(SentEvent(event="PostToolUse", result="a line"), "no token")
    assert answer["hookSpecificOutput"]["updatedToolOutput"] == "[withheld] no token"
    assert answer["systemMessage"] == "no token"


def test_a_result_of_which_the_shape_is_not_known_ends_the_turn() -> None:
    assert refusal(SentEvent(event="PostToolUse"), "no token")["continue"] is False


def test_a_clean_result_is_left_alone() -> None:
    assert result_answer({"stdout": "ok"}, found=False) == {}


def test_a_result_with_a_finding_is_replaced_by_the_redacted_one() -> None:
    answer: Any = result_answer({"stdout": "[redacted]"}, found=True)
    assert answer["hookSpecificOutput"]["updatedToolOutput"] == {"stdout": "[redacted]"}

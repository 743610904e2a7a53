"""Claude Code's hook payload to what Toolgate decides, and a decision to Claude Code's answer.

Shapes: code.claude.com/docs/en/hooks, read August to October 2026. Claude Code takes any non-2xx answer, bad JSON or
time-out of an HTTP hook for "go on", so every answer of this module is meant for a 200.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from governance.adapters.claude_envelope import SentEvent
from governance.adapters.withheld_result import NoShape, withheld_result
from governance.engine.call import Json
from governance.engine.decision import Effect
from governance.engine.normalise.names import name_key

CLIENT = "claude-code"
MAX_REASON = 10_000  # characters; the client cuts longer strings


class ClaudeEvent(StrEnum):
    """The ten events that are governed; every other one is accepted and answered with no opinion."""

    PRE_TOOL_USE = "PreToolUse"
    POST_TOOL_USE = "PostToolUse"
    POST_TOOL_USE_FAILURE = "PostToolUseFailure"
    SESSION_START = "SessionStart"
    SESSION_END = "SessionEnd"
    USER_PROMPT_SUBMIT = "UserPromptSubmit"
    NOTIFICATION = "Notification"
    STOP = "Stop"
    SUBAGENT_START = "SubagentStart"
    SUBAGENT_STOP = "SubagentStop"


class BadPayload(Exception):
    """A payload that is not what the client documents; `path` is the JSON pointer of the field."""

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One hook event. `event` is None for an event that is not governed; `name` is its name as sent."""

    event: ClaudeEvent | None
    name: str
    session_id: str
    tool_name: str | None = None
    tool_input: Mapping[str, Json] = field(default_factory=dict)
    tool_use_id: str | None = None
    tool_response: Json = None
    prompt: str | None = None
    error: str | None = None
    duration_ms: int | None = None
    subagent: str | None = None


_ALIKE = 0.86  # of difflib's ratio: a letter more, less or another; two governed names are at most 0.80 alike
LONGEST_EVENT = 64
"""Characters of an event's name."""
_TOOL_EVENTS = frozenset({ClaudeEvent.PRE_TOOL_USE, ClaudeEvent.POST_TOOL_USE, ClaudeEvent.POST_TOOL_USE_FAILURE})


def read_payload(document: Json) -> Payload:
    """Return the event that the client sent; raise `BadPayload` for a missing or wrongly typed field.

    Unknown fields are ignored: the client adds some with each version.
    """
    if not isinstance(document, dict):
        raise BadPayload("The payload must be a JSON object.", "")
    name = _text(document, "hook_event_name")
    event = ClaudeEvent(name) if name in ClaudeEvent.__members__.values() else None
    if event is None:
        return Payload(event=None, name=name, session_id=_optional_text(document, "session_id") or "")
    tool_input: Mapping[str, Json] = {}
    if event in _TOOL_EVENTS:
        tool_input = _mapping(document, "tool_input")
    return Payload(
        event=event,
        name=name,
        session_id=_text(document, "session_id"),
        tool_name=_text(document, "tool_name") if event in _TOOL_EVENTS else None,
        tool_input=tool_input,
        tool_use_id=_optional_text(document, "tool_use_id"),
        tool_response=document.get("tool_response"),
        prompt=_text(document, "prompt", empty=True) if event is ClaudeEvent.USER_PROMPT_SUBMIT else None,
        error=_optional_text(document, "error"),
        duration_ms=_optional_count(document, "duration_ms"),
        subagent=_optional_text(document, "agent_id"),
    )


def resembles_governed(name: str) -> bool:
    """Whether a name that is no governed event's could be meant, or be taken, for one.

    Told by its letters alone, whatever their case and their look-alikes: one of them amiss, or a governed name within.
    A name that is longer than any event's is looked at no further: it is none of the client's.
    """
    if name in ClaudeEvent.__members__.values():
        return False
    return len(name) > LONGEST_EVENT or _resembles(name)


@lru_cache(maxsize=256)
def _resembles(name: str) -> bool:
    letters = _letters(name)
    if any(blocking in letters for blocking in _BLOCKING):
        return True
    return bool(difflib.get_close_matches(letters, _GOVERNED, n=1, cutoff=_ALIKE))


def _letters(name: str) -> str:
    return "".join(char for char in name_key(name) if char.isalnum())


_GOVERNED = [_letters(event.value) for event in ClaudeEvent]
_BLOCKING = [
    _letters(event.value)
    for event in (ClaudeEvent.PRE_TOOL_USE, ClaudeEvent.POST_TOOL_USE, ClaudeEvent.USER_PROMPT_SUBMIT)
]


def tool_answer(effect: Effect, reason: str, *, skip_client_prompt: bool = False) -> dict[str, Json]:
    """The PreToolUse answer. An allow is no opinion (`{}`), so that the person's own prompt still appears."""
    if effect is Effect.ALLOW and not skip_client_prompt:
        return {}
    return {
        "hookSpecificOutput": {
            "hookEventName": ClaudeEvent.PRE_TOOL_USE.value,
            "permissionDecision": effect.value,
            "permissionDecisionReason": reason[:MAX_REASON],
        }
    }


def prompt_answer(blocked: str | None) -> dict[str, Json]:
    """The UserPromptSubmit answer: a block with its reason, or no opinion."""
    return {} if blocked is None else {"decision": "block", "reason": blocked[:MAX_REASON]}


def result_answer(redacted: Json, *, found: bool) -> dict[str, Json]:
    """The PostToolUse answer: the redacted result in place of the real one where something was found."""
    if not found:
        return {}
    return {
        "hookSpecificOutput": {"hookEventName": ClaudeEvent.POST_TOOL_USE.value, "updatedToolOutput": redacted},
        "systemMessage": "Toolgate removed a credential from this tool's result.",
    }


def withheld_answer(result: Json, reason: str) -> dict[str, Json]:
    """The PostToolUse answer that keeps a whole result from the model: one of its shape, else the end of the turn."""
    said = reason[:MAX_REASON]
    try:
        return {**result_answer(withheld_result(result, said), found=True), "systemMessage": said}
    except NoShape:
        return stop(reason)


def refusal(sent: SentEvent, reason: str) -> dict[str, Json]:
    """The answer to an event that cannot be decided (bad token, bad payload), in the form of the event that was sent.

    A deny where the event can block; a result that could not be looked through is withheld. The turn ends where the
    event is not known, resembles a governed one, or its result's shape is not known, and where the event has no form
    that keeps the result from the model. An
    event that is not governed, or can block nothing, gets a message alone.
    """
    match sent.event:
        case None | ClaudeEvent.POST_TOOL_USE_FAILURE:
            return stop(reason)
        case ClaudeEvent.PRE_TOOL_USE:
            return tool_answer(Effect.DENY, reason)
        case ClaudeEvent.USER_PROMPT_SUBMIT:
            return prompt_answer(reason)
        case ClaudeEvent.POST_TOOL_USE:
            return withheld_answer(sent.result, reason)
        case name if resembles_governed(name):
            return stop(reason)
        case _:
            return {"systemMessage": reason[:MAX_REASON]}


def stop(reason: str) -> dict[str, Json]:
    """The answer that ends the client's turn whatever the event is: no event's own form, so that none is dropped."""
    said = reason[:MAX_REASON]
    return {"continue": False, "stopReason": said, "decision": "block", "reason": said}


def _text(document: Mapping[str, Json], key: str, *, empty: bool = False) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not (value or empty):
        raise BadPayload(f"{key} must be a string.", f"/{key}")
    return value


def _optional_text(document: Mapping[str, Json], key: str) -> str | None:
    value = document.get(key)
    if value is not None and not isinstance(value, str):
        raise BadPayload(f"{key} must be a string.", f"/{key}")
    return value


def _optional_count(document: Mapping[str, Json], key: str) -> int | None:
    value = document.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise BadPayload(f"{key} must be a number of milliseconds.", f"/{key}")
    return round(value)


def _mapping(document: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    value = document.get(key)
    if not isinstance(value, dict):
        raise BadPayload(f"{key} must be an object.", f"/{key}")
    return value

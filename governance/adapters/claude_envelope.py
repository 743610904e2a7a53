"""What can be told of a Claude Code payload that is not read exactly: which event it is of, and what it holds.

A payload may be refused before it is read (a bad token, a spent budget), or because it cannot be (half a pair of
surrogates, a number beyond 64 bits, a body that is cut off). The client drops an answer in another event's form and
goes on, so the event must be known even then. Nothing that is decided comes from here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from governance.engine.call import Json

_WANTED = frozenset({"hook_event_name", "tool_response"})
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class SentEvent:
    """`event` is the event's name as sent, None where it is not told; `result` is the tool's result, None likewise."""

    event: str | None = None
    result: Json = None


def envelope(body: bytes) -> SentEvent:
    """The envelope of a body, or of its beginning.

    Only members of the payload itself are read, up to the first that is not whole, so that nothing inside them can
    pass for the event. What stands there twice is not told: readers differ in which of the two they take.
    """
    text = body.decode("utf-8", "replace").lstrip()
    found: dict[str, Json] = {}
    twice: set[str] = set()
    at = 1 if text.startswith("{") else len(text)
    while at < len(text):
        try:
            key, at = _DECODER.raw_decode(text, _blank(text, at))
            at = _blank(text, at)
            if not isinstance(key, str) or text[at : at + 1] != ":":
                break
            value, at = _DECODER.raw_decode(text, _blank(text, at + 1))
        except (ValueError, RecursionError):
            break
        if key in _WANTED:
            if key in found:
                twice.add(key)
            found[key] = value
        at = _blank(text, at)
        if text[at : at + 1] != ",":
            break
        at += 1
    told = {key: value for key, value in found.items() if key not in twice}
    event = told.get("hook_event_name")
    return SentEvent(event=event if isinstance(event, str) and event else None, result=told.get("tool_response"))


def _blank(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t", "\n", "\r") and at < len(text):
        at += 1
    return at

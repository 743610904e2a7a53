"""`POST /hooks/claude-code`: the client's payload in, the client's answer out.

The client takes anything but a readable 200 for "go on", so whatever cannot be decided is a 200 that denies: a bad
token, a bad body, a spent budget, an unavailable journal. The record says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from accounts.identity.verified import Identity
from audit.records.decision_record import Question
from audit.records.kinds import Kind, Level
from audit.records.record import prepare
from audit.writing.journal import AuditUnavailable
from governance.adapters.claude_code import (
    CLIENT,
    LONGEST_EVENT,
    BadPayload,
    ClaudeEvent,
    Payload,
    prompt_answer,
    read_payload,
    refusal,
    resembles_governed,
    result_answer,
    stop,
    tool_answer,
)
from governance.adapters.claude_envelope import SentEvent, envelope
from governance.adapters.client_tool import entity_of
from governance.api.door.answers import decide
from governance.api.door.attempt import Attempt
from governance.api.door.body import CALLER_ID, read_body
from governance.api.door.exchange import Exchange, Problem, Reply, json_reply
from governance.api.door.identify import identify
from governance.api.door.problems import BodyTooLarge, unavailable
from governance.api.door.requests import refuse_secret_labels
from governance.deciding.decide import Decided
from governance.deciding.runtime import Runtime
from governance.engine.call import Call, Door, Labels
from governance.engine.deciding.answer import public
from governance.engine.decision import Decision, Effect
from governance.engine.detection.redaction import redact
from governance.services.outcomes import Report, report_tool_result

UNKNOWN_TOOL = "unknown/unknown"
log = structlog.get_logger(__name__)


async def answer_claude_code(runtime: Runtime, exchange: Exchange) -> Reply:
    """Answer one hook event of Claude Code."""
    try:
        identity = identify(runtime, exchange, audience="hook")
        async with Attempt(runtime, identity, exchange) as attempted:
            answer = await _answer(runtime, identity, read_payload(read_body(exchange)), exchange)
            attempted.refused = bool(answer)
        return json_reply(answer)
    except BadPayload as bad:
        said = f"Toolgate could not read this event: {bad.message} ({bad.path})"
        return json_reply(refusal(envelope(exchange.body), said))
    except Problem as problem:
        return json_reply(refusal(envelope(exchange.body), _said(problem)))
    except Exception:
        log.exception("hook.failed", client=CLIENT, request_id=exchange.request_id)
        return json_reply(refusal(envelope(exchange.body), "Toolgate could not decide this. [engine.error]"))


def refused(problem: Problem, request_id: str) -> Reply:
    """The client's own form of a problem with a request that was not read: a deny, whatever went wrong."""
    beginning = problem.beginning if isinstance(problem, BodyTooLarge) else b""
    return json_reply(refusal(envelope(beginning), _said(problem)))


def _said(problem: Problem) -> str:
    where = f" ({problem.path})" if problem.path else ""
    return f"Toolgate denied this: {problem.detail}{where} [{problem.code}]"


async def _answer(runtime: Runtime, identity: Identity, payload: Payload, exchange: Exchange) -> Mapping[str, Any]:
    if payload.event is ClaudeEvent.PRE_TOOL_USE:
        decided = await _decided(runtime, identity, payload, exchange)
        decision = decided.decision
        if decision.effect is Effect.ALLOW and decision.obligations:
            return tool_answer(Effect.DENY, _owed(decided))
        return tool_answer(decision.effect, told(decided), skip_client_prompt=decision.skip_client_prompt)
    if payload.event is ClaudeEvent.USER_PROMPT_SUBMIT:
        call = Call(
            entity=f"{CLIENT}/UserPromptSubmit",
            arguments={"prompt": payload.prompt or ""},
            size=len(exchange.body),
            labels=_labels(payload),
            door=Door.HOOK,
        )
        decided = await decide(runtime, identity, call, exchange, Question(route=exchange.path), prompt=True)
        if decided.decision.effect is Effect.ALLOW:
            return prompt_answer(_owed(decided) if decided.decision.obligations else None)
        return prompt_answer(told(decided))
    if payload.event in (ClaudeEvent.POST_TOOL_USE, ClaudeEvent.POST_TOOL_USE_FAILURE):
        report = Report(
            status="failed" if payload.event is ClaudeEvent.POST_TOOL_USE_FAILURE else "success",
            micros=payload.duration_ms * 1000 if payload.duration_ms is not None else None,
            error=payload.error,
            result=payload.tool_response,
        )
        scan = await report_tool_result(
            runtime,
            identity,
            entity=_entity(runtime, payload),
            labels=_labels(payload),
            report=report,
            now=exchange.received_at,
        )
        if not scan.complete:
            return _withheld(payload, "this result is too large to be looked through")
        if payload.event is ClaudeEvent.POST_TOOL_USE_FAILURE:
            return _withheld(payload, "this result holds a credential") if scan.enforced else {}
        findings = [item for item in scan.enforced if item.path.startswith("/result")]
        clean = redact({"result": payload.tool_response}, findings, same_shape=True)
        return result_answer(clean["result"] if isinstance(clean, dict) else None, found=bool(findings))
    if payload.event is None and resembles_governed(payload.name):
        return await _near_miss(runtime, identity, payload)
    return {}


async def _near_miss(runtime: Runtime, identity: Identity, payload: Payload) -> Mapping[str, Any]:
    """End the turn over an event that would pass as none of ours for a letter of its name, and record it."""
    name = payload.name if len(payload.name) <= LONGEST_EVENT else None  # a part of it could be part of a credential
    if name is not None and runtime.labels.secret_at({"event": name}, runtime.snapshot.scanner) is not None:
        name = None
    event = prepare(
        Kind.SECURITY_EVENT,
        who=runtime.who(identity),
        level=Level.WARNING,
        code="hook.event_unknown",
        reason="resembles a governed event",
        detail={"client": CLIENT, "event": name},
    )
    try:
        await runtime.journal.append_async(event)
    except AuditUnavailable:
        raise unavailable("audit.unavailable", "The event could not be recorded, so it is a deny.") from None
    return stop("Toolgate: this event is none that the client documents, and resembles one. [hook.event_unknown]")


def _withheld(payload: Payload, why: str) -> Mapping[str, Any]:
    sent = SentEvent(event=payload.name, result=payload.tool_response)
    return refusal(sent, f"Toolgate: {why}. [secret.found]")


async def _decided(runtime: Runtime, identity: Identity, payload: Payload, exchange: Exchange) -> Decided:
    call = Call(
        entity=_entity(runtime, payload),
        arguments=payload.tool_input,
        size=len(exchange.body),
        labels=_labels(payload),
        door=Door.HOOK,
    )
    refuse_secret_labels(runtime, call, None)
    return await decide(runtime, identity, call, exchange, Question(route=exchange.path))


def _entity(runtime: Runtime, payload: Payload) -> str:
    """The registered entity behind the client's tool name; one that cannot exist where it is unknown or ambiguous."""
    entity = entity_of(CLIENT, payload.tool_name or "", runtime.client_servers)
    return entity if entity is not None else UNKNOWN_TOOL


def _labels(payload: Payload) -> Labels:
    """The client's own ids as labels; one that is no plain id is left out."""

    def plain(text: str | None) -> str | None:
        return text if text is not None and CALLER_ID.fullmatch(text) else None

    return Labels(
        session_id=plain(payload.session_id),
        tool_use_id=plain(payload.tool_use_id),
        client_id=CLIENT,
        task_id=plain(payload.subagent),
    )


def _owed(decided: Decided) -> str:
    """Why an allow comes to nothing here: the client cannot do what is owed with it, and so must not run the call."""
    owed = ", ".join(sorted({item.type for item in decided.decision.obligations}))
    return f"Toolgate: Allowed only with {owed}, which this client cannot do. [obligation; decision {decided.id}]"


def told(decided: Decided) -> str:
    """One line for the client: the safe reason, the code and the decision's id."""
    shown: Decision = public(decided.decision)
    return f"Toolgate: {shown.reason} [{shown.code or shown.effect}; decision {decided.id}]"

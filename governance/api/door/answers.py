"""A call decided at a door, and what its decision looks like when it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from accounts.identity.verified import Identity
from audit.records.decision_record import Question
from audit.writing.journal import AuditUnavailable
from governance.api.door.exchange import Exchange
from governance.api.door.problems import unavailable
from governance.deciding.decide import Decided, decide_call
from governance.deciding.runtime import Runtime
from governance.engine.call import Call
from governance.engine.deciding.answer import public
from governance.engine.decision import Decision, Outcome
from governance.engine.moment import moment


async def decide(
    runtime: Runtime, identity: Identity, call: Call, exchange: Exchange, question: Question, *, prompt: bool = False
) -> Decided:
    """Decide and record one call; a `Problem` 503 where its record cannot be made durable."""
    try:
        return await decide_call(runtime, identity, call, now=exchange.received_at, question=question, prompt=prompt)
    except AuditUnavailable:
        raise unavailable("audit.unavailable", "The decision could not be recorded, so it is a deny.") from None


def decision_answer(decided: Decided, *, trace_id: str | None, staff: bool) -> dict[str, Any]:
    """The answer of `POST /api/v1/decisions`, for allow, deny and ask alike; `staff` adds what decided and how fast."""
    true = decided.decision
    shown = true if staff else public(true)
    answer: dict[str, Any] = {
        "id": decided.id,
        "decision": shown.effect,
        "layer": shown.layer,
        "code": shown.code,
        "reason": shown.reason,
        "detail": detail_of(shown),
        "layers": _layers(tuple([result[:2] for result in shown.layers])),
        "obligations": [{"type": item.type, "paths": list(item.paths)} for item in shown.obligations],
        "valid_until": moment(decided.valid_until),
        "retry_after_ms": shown.retry_after_ms,
        "approval": None,
        "trace_id": trace_id,
        "receipt": receipt_of(decided),
    }
    if staff:
        answer["rule"] = true.rule
        answer["policy"] = {"release": true.release, "digest": true.digest}
        answer["micros"] = decided.micros
    return answer


@lru_cache(maxsize=4_096)
def _layers(outcomes: tuple[tuple[str, Outcome], ...]) -> orjson.Fragment:
    """Name and outcome of every layer as JSON; few combinations ever occur."""
    return orjson.Fragment(orjson.dumps([{"layer": layer, "outcome": outcome} for layer, outcome in outcomes]))


def detail_of(decision: Decision) -> dict[str, Any] | None:
    """The path that decided and what would make it pass, where the caller may know."""
    detail = decision.detail
    if detail is None:
        return None
    return {"path": detail.path, "required": detail.required, "actual": detail.actual, "fix": detail.fix}


def receipt_of(decided: Decided) -> Mapping[str, Any]:
    """Where the record stands: `manage.py audit receipt NODE BOOT N` says whether it is in the trail."""
    receipt = decided.receipt
    return {"node": receipt.node, "boot": receipt.boot, "n": receipt.n, "digest": receipt.digest}

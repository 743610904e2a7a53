"""`POST /api/v1/decisions` and `/batch`: one call, or up to a hundred, decided and recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from accounts.identity.verified import Identity
from audit.records.decision_record import Question
from audit.records.who import links_of
from governance.api.door.answers import decide, decision_answer
from governance.api.door.attempt import Attempt
from governance.api.door.body import field, only_known, read_body
from governance.api.door.exchange import Exchange, Problem, Reply
from governance.api.door.identify import identify
from governance.api.door.problems import SOON, unavailable
from governance.api.door.requests import CONTEXT_FIELDS, read_call, refuse_secret_labels, traced
from governance.deciding.decide import Decided
from governance.deciding.remembered.call_ids import CallIdConflict, InFlight, RememberedAnswer, Unavailable
from governance.deciding.runtime import Runtime
from governance.engine.call import Call
from governance.engine.decision import Effect

MOST_CALLS = 100
BATCH_FIELDS = frozenset({"calls", "semantic"})
BATCH_PATH = "/api/v1/decisions/batch"
SEMANTICS = frozenset({"execute_all", "deny_on_first_deny", "permit_on_first_permit"})


async def answer_decision(runtime: Runtime, exchange: Exchange) -> Reply:
    """Decide one call."""
    identity = identify(runtime, exchange)
    async with Attempt(runtime, identity, exchange) as attempted:
        call, call_id = read_call(read_body(exchange), size=len(exchange.body))
        call = traced(call, exchange)
        refuse_secret_labels(runtime, call, call_id)
        effect, body = await _answered(runtime, identity, call, call_id, exchange)
        attempted.refused = effect == Effect.DENY
    return Reply(status=200, body=body, headers=attempted.headers)


async def answer_batch(runtime: Runtime, exchange: Exchange) -> Reply:
    """Decide up to a hundred calls in order; each is charged and recorded by itself."""
    identity = identify(runtime, exchange)
    async with Attempt(runtime, identity, exchange):
        calls, semantic = _read_batch(runtime, exchange)
        if semantic == "permit_on_first_permit" and identity.caller.agent is not None:
            raise Problem(400, "field.value", "An agent may not stop at the first permit.", path="/semantic")
    async with Attempt(runtime, identity, exchange, items=max(1, len(calls) - 1)) as attempted:
        answers = await _answer_calls(runtime, identity, calls, semantic, exchange, attempted)
    return Reply(status=200, body=orjson.dumps({"decisions": answers}), headers=attempted.headers)


def _read_batch(runtime: Runtime, exchange: Exchange) -> tuple[list[tuple[Call, str | None]], str]:
    document = read_body(exchange)
    only_known(document, BATCH_FIELDS)
    items = field(document, "calls", list)
    if not 1 <= len(items) <= MOST_CALLS:
        raise Problem(400, "field.size", f"Between 1 and {MOST_CALLS} calls.", path="/calls")
    semantic = field(document, "semantic", str, default="execute_all")
    if semantic not in SEMANTICS:
        raise Problem(400, "field.value", f"One of {', '.join(sorted(SEMANTICS))}.", path="/semantic")
    read = [_item(item, index) for index, item in enumerate(items)]
    calls = [(traced(call, exchange), call_id) for call, call_id in read]
    for index, (call, call_id) in enumerate(calls):
        refuse_secret_labels(runtime, call, call_id, path=f"/calls/{index}")
    return calls, semantic


async def _answer_calls(
    runtime: Runtime,
    identity: Identity,
    calls: list[tuple[Call, str | None]],
    semantic: str,
    exchange: Exchange,
    attempted: Attempt,
) -> list[Any]:
    answers: list[Any] = []
    for call, call_id in calls:
        effect, body = await _answered(runtime, identity, call, call_id, exchange)
        attempted.refused += effect == Effect.DENY
        answers.append(orjson.Fragment(body))
        if (semantic == "deny_on_first_deny" and effect == Effect.DENY) or (
            semantic == "permit_on_first_permit" and effect == Effect.ALLOW
        ):
            break
    return answers + [SKIPPED] * (len(calls) - len(answers))


SKIPPED: Mapping[str, bool] = {"skipped": True}


async def _answered(
    runtime: Runtime, identity: Identity, call: Call, call_id: str | None, exchange: Exchange
) -> tuple[str, bytes]:
    """The effect and the answer's bytes: the stored ones for a repeat, otherwise those of a new decision."""
    if call_id is not None:
        return await _answer_once(runtime, identity, call, call_id, exchange)
    decided = await decide(runtime, identity, call, exchange, Question(route=exchange.path))
    return decided.decision.effect, _body(runtime, identity, decided, call, now=exchange.received_at)


async def _answer_once(
    runtime: Runtime, identity: Identity, call: Call, call_id: str, exchange: Exchange
) -> tuple[str, bytes]:
    caller = identity.caller
    owner = (caller.principal.id, caller.agent or "", caller.session_id or "")
    digest = runtime.requests.make(_identified(exchange, call)).hex()
    now, basis = exchange.received_at, f"{runtime.basis()}/{_rights(runtime, identity)}"
    try:
        known = await runtime.call_ids.claim(owner, call_id, digest, now=now)
    except CallIdConflict:
        raise Problem(409, "call_id.conflict", "This call_id was used for another request.", path="/call_id") from None
    except InFlight:
        raise Problem(
            409, "call_id.in_flight", "The same request is being decided.", path="/call_id", headers=SOON
        ) from None
    except Unavailable:
        raise _idempotency_unavailable() from None
    kept = False
    try:
        if known is not None and known.holds(basis=basis, now=now):
            return known.effect, known.body.encode()
        question = Question(
            call_id=call_id,
            request=digest,
            repeats=known.decision_id if known is not None else None,
            route=exchange.path,
        )
        decided = await decide(runtime, identity, call, exchange, question)
        body = _body(runtime, identity, decided, call, now=exchange.received_at)
        effect = decided.decision.effect
        if effect is not Effect.ASK:
            remembered = RememberedAnswer(
                digest=digest,
                basis=basis,
                decision_id=decided.id,
                effect=effect.value,
                stored_at=now,
                valid_until=decided.valid_until,
                body=body.decode(),
            )
            await runtime.call_ids.keep(owner, call_id, remembered)
            kept = True
        return effect, body
    except Unavailable:
        raise _idempotency_unavailable() from None
    finally:
        if not kept:
            await runtime.call_ids.release(owner, call_id)


def _idempotency_unavailable() -> Problem:
    return unavailable("idempotency.unavailable", "Repeats cannot be told apart now.")


def _identified(exchange: Exchange, call: Call) -> bytes:
    """The bytes that make a request the same: a single one's body, or a batch item's own canonical form."""
    if exchange.path != BATCH_PATH:  # never by size: an item can be made as long as the batch it stands in
        return exchange.path.encode() + b"\n" + exchange.body
    item = {
        "entity": call.entity,
        "arguments": call.arguments,
        "data_sources": call.data_sources,
        "labels": {name: getattr(call.labels, name) for name in CONTEXT_FIELDS},
    }
    return exchange.path.encode() + b"\n" + orjson.dumps(item, option=orjson.OPT_SORT_KEYS)


def _rights(runtime: Runtime, identity: Identity) -> str:
    """What the credential gives, so that a narrower one of the same session is not told what a wider one was."""
    return runtime.requests.make(orjson.dumps(links_of(identity.caller))).hex()


def _item(item: Any, index: int) -> tuple[Call, str | None]:
    path = f"/calls/{index}"
    if not isinstance(item, dict):
        raise Problem(400, "field.type", "This field must be an object.", path=path)
    return read_call(item, size=len(orjson.dumps(item)), path=path)


def _body(runtime: Runtime, identity: Identity, decided: Decided, call: Call, *, now: float) -> bytes:
    staff = runtime.is_staff(identity, now=now)
    return orjson.dumps(decision_answer(decided, trace_id=call.labels.trace_id, staff=staff))

"""AuthZEN 1.0: `POST /access/v1/evaluation` and `/evaluations`. Evaluations are full decisions; a denial is a 200."""

from __future__ import annotations

from typing import Any

from accounts.identity.verified import Identity
from audit.records.decision_record import Question
from governance.adapters.authzen import (
    SUBJECT_TYPES,
    BadEvaluation,
    Evaluation,
    TypedId,
    error_item,
    read_batch,
    read_evaluation,
)
from governance.api.authzen.body import read_question
from governance.api.door.answers import decide, detail_of
from governance.api.door.attempt import Attempt
from governance.api.door.body import CALLER_ID
from governance.api.door.exchange import Exchange, Problem, Reply, json_reply
from governance.api.door.identify import identify
from governance.api.door.requests import name_fault, refuse_secret_labels, traced
from governance.deciding.decide import Decided
from governance.deciding.runtime import Runtime
from governance.engine.call import Call, Door, EntityKind, Labels
from governance.engine.deciding.answer import public
from governance.engine.decision import Effect
from governance.engine.moment import moment

UNKNOWN = "unknown"


async def answer_evaluation(runtime: Runtime, exchange: Exchange) -> Reply:
    """Answer one evaluation."""
    identity = identify(runtime, exchange)
    async with Attempt(runtime, identity, exchange) as attempted:
        document = read_question(exchange)
        question = _or_400(lambda: read_evaluation(document))
        answer = await _evaluated(runtime, identity, question, exchange)
        attempted.refused = not answer["decision"]
    return json_reply(answer, headers=attempted.headers)


async def answer_evaluations(runtime: Runtime, exchange: Exchange) -> Reply:
    """Answer a batch in order, or a single evaluation where `evaluations` is missing or empty."""
    identity = identify(runtime, exchange)
    async with Attempt(runtime, identity, exchange) as attempted:
        document = read_question(exchange)
        batch = _or_400(lambda: read_batch(document))
        if batch is None:
            question = _or_400(lambda: read_evaluation(document))
            answer = await _evaluated(runtime, identity, question, exchange)
            attempted.refused = not answer["decision"]
            return json_reply(answer, headers=attempted.headers)
        questions, semantic = batch
    async with Attempt(runtime, identity, exchange, items=max(1, len(questions) - 1)) as attempted:
        answers: list[dict[str, Any]] = []
        for question in questions:
            answers.append(await _item(runtime, identity, question, exchange))
            attempted.refused += not answers[-1]["decision"]
            if semantic.stops_after(answers[-1]["decision"]):
                break
    return json_reply({"evaluations": answers}, headers=attempted.headers)


def _or_400(read: Any) -> Any:
    try:
        return read()
    except BadEvaluation as bad:
        raise Problem(400, "evaluation.invalid", bad.message) from None


async def _item(
    runtime: Runtime, identity: Identity, question: Evaluation | BadEvaluation, exchange: Exchange
) -> dict[str, Any]:
    if isinstance(question, BadEvaluation):
        return error_item(400, question.message)
    try:
        return await _evaluated(runtime, identity, question, exchange)
    except Problem as problem:
        if problem.status == 503:
            raise
        return error_item(problem.status, problem.detail)


async def _evaluated(runtime: Runtime, identity: Identity, question: Evaluation, exchange: Exchange) -> dict[str, Any]:
    call = traced(_call(question, exchange), exchange)
    asked = _asked_about(runtime, identity, question.subject, call)
    refuse_secret_labels(runtime, call, None)
    decided = await decide(runtime, asked, call, exchange, Question(route=exchange.path))
    return evaluation_answer(decided)


def evaluation_answer(decided: Decided) -> dict[str, Any]:
    """AuthZEN's answer: `decision`, and in `context` why, what is owed, and where the record stands."""
    shown = public(decided.decision)
    context: dict[str, Any] = {"id": decided.id}
    if shown.code is not None:
        context |= {"code": shown.code, "layer": shown.layer, "reason": shown.reason}
    if (detail := detail_of(shown)) is not None:
        context["detail"] = detail
    if shown.obligations:
        context["obligations"] = [
            {
                "id": f"{item.type}-{number}",
                "type": "custom",
                "properties": {"do": item.type, "paths": list(item.paths)},
            }
            for number, item in enumerate(shown.obligations, 1)
        ]
    if decided.valid_until is not None:
        context["valid_until"] = moment(decided.valid_until)
    # Who reads `decision` alone would pass on what must be redacted: an allow that owes something is no plain permit.
    return {"decision": shown.effect is Effect.ALLOW and not shown.obligations, "context": context}


def _asked_about(runtime: Runtime, identity: Identity, subject: TypedId, call: Call) -> Identity:
    """Whom the question is about: the token's principal (or, as type `agent`, its agent), never whom the body names.

    An enforcement point whose token has the scope `pep` may ask about the subjects and servers that it lists: the
    record then names both, and the asker pays.
    """
    caller = identity.caller
    if subject.type not in SUBJECT_TYPES:
        return identity  # nobody is of that type: what is asked is unknown, whoever asks
    if subject.type == "agent":
        if subject.id == caller.agent:
            return identity
    else:
        kind = subject.type if subject.type in {"user", "service"} else None
        if subject.id == caller.principal.id:
            if kind in (None, caller.principal.kind):
                return identity
        elif (asked := runtime.authenticator.about(identity, subject.id, server=call.server)) is not None:
            if kind in (None, asked.caller.principal.kind):
                return asked
    raise Problem(403, "subject.other", "The subject must be the token's own principal.")


def _call(question: Evaluation, exchange: Exchange) -> Call:
    """The call behind a question; what is asked of an unknown kind is asked of an entity that cannot exist."""
    for path, text in (("resource.id", question.resource.id), ("resource.type", question.resource.type)):
        for part in text.split("/", 1):
            if (fault := name_fault(part)) is not None:
                raise Problem(400, "evaluation.invalid", f"{path}: {fault}")
    kind = question.kind
    return Call(
        kind=kind or EntityKind.TOOL,
        entity=question.resource.id if kind is not None else f"{UNKNOWN}/{UNKNOWN}",
        arguments=question.arguments,
        size=len(exchange.body),
        labels=Labels(agent_id=_plain(question.agent_id), session_id=_plain(question.session_id)),
        door=Door.AUTHZEN,
    )


def _plain(text: str | None) -> str | None:
    if text is not None and not CALLER_ID.fullmatch(text):
        raise Problem(400, "evaluation.invalid", "context: ids are 1 to 128 characters of A-Z a-z 0-9 . _ : -")
    return text

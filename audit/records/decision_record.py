"""The record of a decision: its answer and every input, so that it can be decided again from the record alone.

`prepare_decision` writes it and `read_decision` reads it back: what the one takes, the other gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from audit.records.canonical import RecordInvalid, clean, map_text
from audit.records.capture import Capture, RecordedCapture
from audit.records.kinds import Kind, Level
from audit.records.record import Head, Ids, Prepared, ids
from audit.records.who import Who
from governance.engine.call import Call, Labels
from governance.engine.decision import Decision, Effect


class Inputs(NamedTuple):
    """What decided beside caller, call and release.

    `now` is the engine's clock in seconds since the epoch, kept exactly. `buckets`, `hooks` and `approval` are the
    answers to what the engine asked for. `claims` are effective claims that differ from those in `Who` (a bound that
    a label added). `micros` is the whole time of the decision.
    """

    now: float
    switch_epoch: int = 0
    directory_epoch: int = 0
    buckets: Mapping[str, Any] | Sequence[Any] | None = None
    hooks: Mapping[str, Any] | Sequence[Any] | None = None
    approval: Mapping[str, Any] | None = None
    claims: Mapping[str, Any] | None = None
    fingerprint: str | None = None
    engine: str = ""
    detectors: str = ""
    micros: int = 0


class Question(NamedTuple):
    """How the call came in: the caller's `call_id`, the keyed digest of the whole request, what it repeats."""

    call_id: str | None = None
    request: str | None = None
    repeats: str | None = None
    route: str | None = None
    names: Mapping[str, str] = MappingProxyType({})


NO_QUESTION = Question()
NOT_CAPTURED = Capture(part={"level": "none"})


def ids_of(labels: Labels) -> Ids:
    """The ids of a call's labels."""
    return ids(
        trace=labels.trace_id,
        context=labels.context_id,
        task=labels.task_id,
        client=labels.client_id,
        client_session=labels.session_id,
    )


def prepare_decision(
    *,
    who: Who,
    call: Call,
    decision: Decision,
    inputs: Inputs,
    question: Question = NO_QUESTION,
    arguments: Capture = NOT_CAPTURED,
) -> Prepared:
    """The draft of one decision. `who` carries the links (`links_of`); the record's id is the decision's id."""
    labels = call.labels
    for name, number in (("micros", inputs.micros), ("release", decision.release), ("size", call.size)):
        if type(number) is not int:
            raise RecordInvalid(f"/data/{name}", f"must be an integer, not {type(number).__name__}")
    data: dict[str, Any] = {
        "arguments": arguments.part,
        "detectors": clean(inputs.detectors),
        "door": call.door._value_,
        "effect": decision.effect._value_,
        "engine": clean(inputs.engine),
        "entity": clean(call.entity),
        "entity_kind": call.kind._value_,
        # One string a layer, `name outcome nanoseconds`: half the bytes and a third of the time of objects.
        "layers": [f"{layer} {outcome._value_} {nanos}" for layer, outcome, nanos, _ in decision.layers],
        "micros": inputs.micros,
        "now": repr(float(inputs.now)),
        "policy": clean(decision.digest),
        "release": decision.release,
        "size": call.size,
        "switch_epoch": int(inputs.switch_epoch),
    }
    if (server := call.server) is not None:
        data["server"] = clean(server)
    if (tool := call.tool) is not None:
        data["tool"] = clean(tool)
    if decision.code is not None:
        data["code"] = clean(decision.code)
        data["reason"] = clean(decision.reason, limit=2048)
    if decision.layer is not None:
        data["layer"] = clean(decision.layer)
    if decision.rule is not None:
        data["rule"] = clean(decision.rule)
    if question is not NO_QUESTION:
        _add_question(data, question)
    _add_rare(data, call, decision, inputs)
    if labels.tool_use_id is not None:
        data["tool_use"] = clean(labels.tool_use_id)
    if labels.agent_id is not None:
        data["agent_label"] = clean(labels.agent_id)
    return Prepared(
        kind=Kind.DECISION,
        who=who,
        data=data,
        level=Level.INFO if decision.effect is not Effect.DENY else Level.WARNING,
        ids=ids_of(labels),
        attachments=arguments.attachments,
        typed=True,
    )


def _add_question(data: dict[str, Any], question: Question) -> None:
    if question.call_id is not None:
        data["call_id"] = clean(question.call_id)
    if question.request is not None:
        data["request"] = clean(question.request)
    if question.repeats is not None:
        data["repeats"] = clean(question.repeats)
    if question.route is not None:
        data["route"] = clean(question.route)
    if question.names:
        data["names"] = {key: clean(value) for key, value in question.names.items()}


def _add_rare(data: dict[str, Any], call: Call, decision: Decision, inputs: Inputs) -> None:
    """What most decisions do not have."""
    evidence = {layer: map_text(said) for layer, _, _, said in decision.layers if said}
    if evidence:
        data["evidence"] = evidence
    if decision.masked:
        data["masked"] = True
    if decision.skip_client_prompt:
        data["skip_client_prompt"] = True
    if decision.retry_after_ms is not None:
        data["retry_after_ms"] = int(decision.retry_after_ms)
    if inputs.directory_epoch:
        data["directory_epoch"] = int(inputs.directory_epoch)
    if inputs.fingerprint is not None:
        data["fingerprint"] = clean(inputs.fingerprint)
    if call.data_sources:
        data["data_sources"] = [clean(item) for item in call.data_sources]
    if decision.matched:
        data["matched"] = [clean(item) for item in decision.matched]
    if decision.shadowed:
        data["shadowed"] = [clean(item) for item in decision.shadowed]
    if decision.asks:
        data["asks"] = [clean(item) for item in decision.asks]
    if decision.exemptions:
        data["exemptions"] = [clean(item) for item in decision.exemptions]
    if decision.obligations:
        data["obligations"] = map_text([{"type": item.type, "paths": item.paths} for item in decision.obligations])
    if (detail := decision.detail) is not None:
        data["detail"] = map_text(
            {"path": detail.path, "required": detail.required, "actual": detail.actual, "fix": detail.fix}
        )
    if inputs.buckets:
        data["buckets"] = map_text(inputs.buckets)
    if inputs.hooks:
        data["hooks"] = map_text(inputs.hooks)
    if inputs.approval:
        data["approval"] = map_text(inputs.approval)
    if inputs.claims:
        data["claims"] = map_text(inputs.claims)
    if decision.entity:
        data["entity_facts"] = map_text(decision.entity)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """A decision read back from its record, as far as the record holds what went in.

    The call has no arguments (`arguments` says what was kept of them) and no `raw_name`, the decision no `scan`. What
    was cut or too long for a record stays so; `omitted` names a detail or obligations that were left out for that.
    """

    head: Head
    call: Call
    decision: Decision
    inputs: Inputs
    question: Question
    arguments: RecordedCapture
    omitted: frozenset[str] = frozenset()

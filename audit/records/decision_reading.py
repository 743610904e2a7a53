"""A decision read back from its record: the other half of `prepare_decision`."""

from __future__ import annotations

from typing import Any

from audit.records.canonical import CUT, is_omitted, read_map
from audit.records.capture import read_capture
from audit.records.decision_record import DecisionRecord, Inputs, Question
from audit.records.fields import Fields
from audit.records.kinds import Kind
from audit.records.record import Head, open_record, read_head
from governance.engine.call import Call, Door, EntityKind, Labels
from governance.engine.decision import NOTHING, Decision, Detail, Effect, LayerResult, Obligation, Outcome

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}


def read_decision(body: bytes) -> DecisionRecord:
    """A decision's exact bytes, read. Raises RecordInvalid for any others."""
    head, data = read_head(body, Kind.DECISION)
    detail, obligations = data.map("detail"), data.map("obligations")
    found = DecisionRecord(
        head=head,
        call=_read_call(head, data),
        decision=_read_decision(data, detail, obligations),
        inputs=_read_inputs(data),
        question=_read_question(data),
        arguments=read_capture(data.fields("arguments")),
        omitted=frozenset(
            name for name, value in (("detail", detail), ("obligations", obligations)) if is_omitted(value)
        ),
    )
    data.end()
    return found


def read_question(body: bytes) -> Question:
    """How a decision was asked for, and no more: for a start-up that looks at thousands. Raises RecordInvalid."""
    return _read_question(Fields(open_record(body)["data"], "/data"))


def _read_question(data: Fields) -> Question:
    return Question(
        call_id=data.perhaps_text("call_id"),
        request=data.perhaps_text("request"),
        repeats=data.perhaps_text("repeats"),
        route=data.perhaps_text("route"),
        names=data.names("names"),
    )


def _read_call(head: Head, data: Fields) -> Call:
    ids = head.ids.get
    call = Call(
        kind=data.choice("entity_kind", EntityKind),
        entity=data.text("entity"),
        size=data.whole("size"),
        data_sources=data.texts("data_sources"),
        labels=Labels(
            session_id=ids("client_session"),
            trace_id=ids("trace"),
            context_id=ids("context"),
            task_id=ids("task"),
            client_id=ids("client"),
            tool_use_id=data.perhaps_text("tool_use"),
            agent_id=data.perhaps_text("agent_label"),
        ),
        door=data.choice("door", Door),
    )
    whole = len(call.entity) < CUT  # of one that was cut, the parts hold more
    for name, part in (("server", call.server), ("tool", call.tool)):
        if data.perhaps_text(name) != part and whole:
            raise data.invalid(name, "is not the entity's")
    return call


def _read_decision(data: Fields, detail: Any, obligations: Any) -> Decision:
    return Decision(
        effect=data.choice("effect", Effect),
        layer=data.perhaps_text("layer"),
        code=data.perhaps_text("code"),
        reason=data.perhaps_text("reason") or "",
        detail=_read_detail(data, detail),
        layers=_read_layers(data),
        obligations=_read_obligations(data, obligations),
        rule=data.perhaps_text("rule"),
        masked=data.mark("masked"),
        matched=data.texts("matched"),
        shadowed=data.texts("shadowed"),
        asks=data.texts("asks"),
        exemptions=data.texts("exemptions"),
        retry_after_ms=data.perhaps_whole("retry_after_ms"),
        release=data.whole("release"),
        digest=data.text("policy"),
        entity=data.map("entity_facts") or NOTHING,
        skip_client_prompt=data.mark("skip_client_prompt"),
    )


def _read_layers(data: Fields) -> tuple[LayerResult, ...]:
    evidence = dict(data.names("evidence"))
    results = []
    try:
        for line in data.texts("layers"):
            name, outcome, nanos = line.split(" ")
            said = read_map(evidence.pop(name)) if name in evidence else NOTHING
            results.append(LayerResult(name, _OUTCOMES[outcome], int(nanos), said))
    except (KeyError, ValueError) as error:
        raise data.invalid("layers", f"cannot be read: {error}") from None
    if evidence:
        raise data.invalid("evidence", f"is of {min(evidence)}, which did not run")
    return tuple(results)


def _read_detail(data: Fields, told: Any) -> Detail | None:
    if told is None or is_omitted(told):
        return None
    try:
        return Detail(**told)
    except TypeError as error:
        raise data.invalid("detail", f"cannot be read: {error}") from None


def _read_obligations(data: Fields, told: Any) -> tuple[Obligation, ...]:
    if told is None or is_omitted(told):
        return ()
    try:
        return tuple(Obligation(type=item["type"], paths=tuple(item["paths"])) for item in told)
    except (TypeError, KeyError) as error:
        raise data.invalid("obligations", f"cannot be read: {error}") from None


def _read_inputs(data: Fields) -> Inputs:
    now = data.text("now")
    try:
        seconds = float(now)
    except ValueError:
        raise data.invalid("now", "is no number") from None
    return Inputs(
        now=seconds,
        switch_epoch=data.whole("switch_epoch"),
        directory_epoch=data.perhaps_whole("directory_epoch") or 0,
        buckets=data.map("buckets"),
        hooks=data.map("hooks"),
        approval=data.map("approval"),
        claims=data.map("claims"),
        fingerprint=data.perhaps_text("fingerprint"),
        engine=data.text("engine"),
        detectors=data.text("detectors"),
        micros=data.whole("micros"),
    )

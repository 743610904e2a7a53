"""What a record's writer takes, its reader gives back, and writing that again makes the same bytes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.records.canonical import RecordInvalid, canonical
from audit.records.capture import Capture, CaptureLevel, RecordedCapture
from audit.records.change_record import read_change
from audit.records.decision_reading import read_decision, read_question
from audit.records.decision_record import DecisionRecord, Inputs, Question, prepare_decision
from audit.records.execution_record import (
    ExecutionRecord,
    ExecutionStatus,
    execution_ended,
    execution_started,
    read_execution,
)
from audit.records.kinds import FIELDS, Kind, Level, Source
from audit.records.record import Head, Ids, Prepared, ids, prepare, read_prepared, stamp
from audit.records.who import RecordedWho, TokenRef, Who, links_of
from governance.engine.call import Call, Door, EntityKind, Labels
from governance.engine.decision import LAYERS, Decision, Detail, Effect, LayerResult, Obligation, Outcome
from governance.engine.principal import Caller, Link, Principal, PrincipalKind, Tier
from tests.audit.records.examples import AT, CALLER, EXAMPLES, FULL_DECISION, placed

ANY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

# --- Writing again what was read


def who_again(who: RecordedWho) -> Who:
    if who.component is not None:
        return Who.component(who.component, staff=who.staff)
    assert who.principal is not None
    return Who.principal(
        who.principal, kind=who.kind, owner=who.owner, agent=who.agent, session=who.session,
        departments=who.departments, links=None if who.caller is None else links_of(who.caller, who.link_names),
        names=who.names, token=who.token, asked_by=who.asked_by, staff=who.staff,
    )  # fmt: skip


def capture_again(kept: RecordedCapture | None) -> Capture | None:
    if kept is None:
        return None
    part = {name: value for name, value in kept._asdict().items() if value is not None and value is not False}
    return Capture(part=part | {"level": kept.level.value})


def decision_again(read: DecisionRecord) -> Prepared:
    arguments = capture_again(read.arguments)
    assert arguments is not None
    return prepare_decision(
        who=who_again(read.head.who), call=read.call, decision=read.decision, inputs=read.inputs,
        question=read.question, arguments=arguments,
    )  # fmt: skip


def execution_again(read: ExecutionRecord) -> Prepared:
    common: dict[str, Any] = {name: getattr(read, name) for name in ("execution", "decision", "server", "tool")}
    common |= {"who": who_again(read.head.who), "source": read.head.source, "ids": read.head.ids}
    common["call_id"] = read.call_id
    if read.started_at is not None:
        return execution_started(
            **common, started_at=read.started_at, request_method=read.request_method,
            request_source=read.request_source, input=capture_again(read.input), output_schema=read.output_schema,
        )  # fmt: skip
    assert read.completed_at is not None
    return execution_ended(
        **common, status=read.status, completed_at=read.completed_at, micros=read.micros, error=read.error,
        output=capture_again(read.output),
    )  # fmt: skip


def fields_again(head: Head, fields: Mapping[str, Any]) -> Prepared:
    return prepare(head.kind, who=who_again(head.who), level=head.level, source=head.source, ids=head.ids, **fields)


def stamp_again(made: Prepared, head: Head) -> bytes:
    random = UUID(head.id).bytes[8:] + bytes.fromhex(head.salt)
    return stamp(made, at=head.at, node=head.node, boot=head.boot, n=head.n, random=random)[1]


def written_again(body: bytes, kind: Kind) -> bytes:
    if kind is Kind.DECISION:
        decision = read_decision(body)
        return stamp_again(decision_again(decision), decision.head)
    if kind is Kind.EXECUTION:
        execution = read_execution(body)
        return stamp_again(execution_again(execution), execution.head)
    head, fields = read_prepared(body, kind)
    return stamp_again(fields_again(head, fields), head)


# --- Anything that can be recorded


def texts(alphabet: st.SearchStrategy[str], *, longest: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=1, max_size=longest)


HELD = texts(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), longest=40
)  # what a record holds as it is
HOSTILE = texts(st.characters() | st.sampled_from(["\x00", "\ud800", "\udfff", "\u2028"]), longest=700)
KEY = st.text("abcxyz_", min_size=1, max_size=8)
WHOLE = st.integers(0, 2**53 - 1)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBER | HELD | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HELD, inner, max_size=3),
    max_leaves=6,
)
MAP = st.dictionaries(HELD, JSON, min_size=1, max_size=3)
MAPS = st.none() | MAP


def principals(text: st.SearchStrategy[str]) -> st.SearchStrategy[Principal]:
    names = st.frozensets(HELD, max_size=3)
    return st.builds(
        Principal, id=text, kind=st.sampled_from(PrincipalKind), tier=st.sampled_from(Tier), roles=names,
        groups=names, departments=names, known=st.booleans(), active=st.booleans(), owner=st.none() | text,
        rate_tier=st.sampled_from(["user", "anon"]), rate_ceiling=st.sampled_from([None, "admin"]),
    )  # fmt: skip


@st.composite
def whos(draw: st.DrawFn, text: st.SearchStrategy[str]) -> RecordedWho:
    if draw(st.booleans()):
        return RecordedWho(kind="component", component=draw(text), staff=draw(st.none() | text))
    session = draw(st.none() | text)
    links = st.builds(Link, principal=st.none() | principals(text), agent=st.none() | text)
    chains = st.lists(links, max_size=2).map(tuple)
    callers = st.builds(
        Caller, principal=principals(text), agent=st.none() | text, chain=chains, session_id=st.just(session)
    )
    perhaps = st.none() | text
    names = st.dictionaries(KEY, text, max_size=2)
    caller = draw(st.none() | callers)
    link_names = tuple(draw(names) for _ in caller.chain) if caller is not None else ()
    return RecordedWho(
        kind=draw(st.sampled_from(PrincipalKind)).value, principal=draw(text), owner=draw(perhaps),
        agent=draw(perhaps), session=session, departments=draw(st.frozensets(HELD, max_size=3)),
        caller=caller, names=draw(names), link_names=link_names if any(link_names) else (),
        token=draw(st.none() | st.builds(TokenRef, iss=perhaps, jti=perhaps, kid=perhaps, sha256=perhaps)),
        asked_by=draw(perhaps), staff=draw(perhaps),
    )  # fmt: skip


@st.composite
def kepts(draw: st.DrawFn) -> RecordedCapture:
    level = draw(st.sampled_from(CaptureLevel))
    if level is CaptureLevel.NONE:
        return RecordedCapture(level)
    sealed = draw(st.booleans())
    return RecordedCapture(
        level, draw(WHOLE), draw(HELD), draw(HELD) if sealed else None, draw(HELD) if sealed else None,
        not sealed and draw(st.booleans()),
    )  # fmt: skip


def calls(text: st.SearchStrategy[str]) -> st.SearchStrategy[Call]:
    perhaps = st.none() | text
    return st.builds(
        Call, kind=st.sampled_from(EntityKind),
        entity=st.builds("{}/{}".format, text, text) | text, arguments=st.just({}), size=WHOLE,
        data_sources=st.lists(text, max_size=2).map(tuple), door=st.sampled_from(Door), raw_name=st.none(),
        labels=st.builds(
            Labels, session_id=perhaps, trace_id=perhaps, context_id=perhaps, task_id=perhaps, client_id=perhaps,
            tool_use_id=perhaps, agent_id=perhaps,
        ),
    )  # fmt: skip


@st.composite
def decisions(draw: st.DrawFn, text: st.SearchStrategy[str]) -> Decision:
    code = draw(st.none() | text)
    named = st.lists(text, max_size=2).map(tuple)
    return Decision(
        effect=draw(st.sampled_from(Effect)), layer=draw(st.none() | text), code=code,
        reason="" if code is None else draw(text),
        detail=draw(st.none() | st.builds(Detail, path=HELD, required=JSON, actual=JSON, fix=HELD)),
        layers=tuple(
            LayerResult(layer, draw(st.sampled_from(Outcome)), draw(st.integers(0, 2**60)), draw(MAP | st.just({})))
            for layer in LAYERS[: draw(st.integers(0, 7))]
        ),
        obligations=tuple(
            draw(st.lists(st.builds(Obligation, type=HELD, paths=st.lists(HELD, max_size=2).map(tuple)), max_size=2))
        ),
        rule=draw(st.none() | text), masked=draw(st.booleans()), matched=draw(named), shadowed=draw(named),
        asks=draw(named), exemptions=draw(named), retry_after_ms=draw(st.none() | WHOLE), release=draw(WHOLE),
        digest=draw(text), entity=draw(MAP | st.just({})), skip_client_prompt=draw(st.booleans()),
    )  # fmt: skip


def inputs(text: st.SearchStrategy[str]) -> st.SearchStrategy[Inputs]:
    listed = st.lists(JSON, min_size=1, max_size=2)
    return st.builds(
        Inputs, now=st.floats(allow_nan=False), switch_epoch=WHOLE, directory_epoch=WHOLE, buckets=MAPS,
        hooks=MAPS | listed, approval=MAPS, claims=MAPS, fingerprint=st.none() | text, engine=text, detectors=text,
        micros=WHOLE,
    )  # fmt: skip


def questions(text: st.SearchStrategy[str]) -> st.SearchStrategy[Question]:
    perhaps = st.none() | text
    return st.builds(
        Question, call_id=perhaps, request=perhaps, repeats=perhaps, route=perhaps,
        names=st.dictionaries(KEY, text, max_size=2),
    )  # fmt: skip


ALL_IDS: st.SearchStrategy[Ids] = st.builds(
    ids, trace=st.none() | HELD, context=st.none() | HELD, task=st.none() | HELD, client=st.none() | HELD,
    client_session=st.none() | HELD,
)  # fmt: skip


# --- Decisions


@ANY
@given(whos(HELD), calls(HELD), decisions(HELD), inputs(HELD), questions(HELD), kepts(), st.booleans())
def test_a_decision_is_read_as_it_was_made_and_written_again_the_same(
    who: RecordedWho,
    call: Call,
    decision: Decision,
    told: Inputs,
    question: Question,
    kept: RecordedCapture,
    in_journal: bool,
) -> None:
    capture = capture_again(kept)
    assert capture is not None
    made = prepare_decision(
        who=who_again(who), call=call, decision=decision, inputs=told, question=question, arguments=capture
    )
    body = placed(made, in_journal=in_journal)
    read = read_decision(body)
    assert (read.call, read.decision, read.inputs) == (call, decision, told)
    assert (read.question, read.arguments, read.head.who, read.omitted) == (question, kept, who, frozenset())
    assert (read.head.kind, read.head.level, read.head.at) == (Kind.DECISION, made.level, AT)
    assert (read.head.ids, read.head.source) == (made.ids, Source.OBSERVED)
    assert (read.head.boot is not None) == in_journal
    assert stamp_again(decision_again(read), read.head) == body
    assert read_question(body) == question


@ANY
@given(
    whos(HOSTILE), calls(HOSTILE.map(lambda text: text[:200])), decisions(HOSTILE), inputs(HOSTILE), questions(HOSTILE)
)
def test_a_decision_of_hostile_texts_is_written_again_the_same(
    who: RecordedWho, call: Call, decision: Decision, told: Inputs, question: Question
) -> None:
    made = prepare_decision(who=who_again(who), call=call, decision=decision, inputs=told, question=question)
    body = placed(made)
    assert written_again(body, Kind.DECISION) == body


@ANY
@given(HOSTILE)
def test_an_entity_that_was_cut_is_read(text: str) -> None:
    long = f"{text * 600}/{text}"
    made = prepare_decision(
        who=Who.component("t"), call=Call(entity=long), decision=Decision(effect=Effect.ALLOW), inputs=Inputs(now=1.0)
    )
    assert len(read_decision(placed(made)).call.entity) == 512


def test_what_was_too_long_for_the_record_is_named_as_omitted() -> None:
    decision = Decision(
        effect=Effect.ALLOW, detail=Detail(path="/args/a", actual="x" * 20_000),
        obligations=(Obligation(type="redact", paths=("/" + "y" * 20_000,)),), entity={"z": "z" * 20_000},
    )  # fmt: skip
    made = prepare_decision(who=Who.component("t"), call=Call(entity="a/b"), decision=decision, inputs=Inputs(now=1.0))
    read = read_decision(placed(made))
    assert read.omitted == {"detail", "obligations"}
    assert (read.decision.detail, read.decision.obligations) == (None, ())
    assert read.decision.entity == {"omitted_bytes": 20_008}


def test_a_caller_is_read_once_for_all_of_its_records() -> None:
    first, second = (read_decision(placed(FULL_DECISION, in_journal=here)) for here in (True, False))
    assert first.head.who is second.head.who
    assert first.head.who.caller == CALLER


# --- Executions, changes and the other kinds


@ANY
@given(
    whos(HELD), ALL_IDS, st.sampled_from(Source), st.sampled_from(ExecutionStatus),
    st.lists(st.none() | HELD, min_size=6), st.none() | kepts(), st.none() | WHOLE,
)  # fmt: skip
def test_an_execution_is_read_as_it_was_made_and_written_again_the_same(
    who: RecordedWho, known: Ids, source: Source, status: ExecutionStatus, said: list[str | None],
    kept: RecordedCapture | None, micros: int | None,
) -> None:  # fmt: skip
    common: dict[str, Any] = {"execution": "e", "decision": "d", "server": said[0], "tool": said[1], "call_id": said[2]}
    if status is ExecutionStatus.PENDING:
        own = {"started_at": AT, "request_method": said[3], "request_source": said[4], "output_schema": said[5]}
        payload = "input"
    else:
        own = {"completed_at": AT, "micros": micros, "error": said[3]}
        payload = "output"
    written = {"who": who_again(who), "source": source, "ids": known, payload: capture_again(kept)}
    if status is ExecutionStatus.PENDING:
        made = execution_started(**common, **own, **written)  # type: ignore[arg-type]
    else:
        made = execution_ended(**common, **own, **written, status=status)  # type: ignore[arg-type]
    body = placed(made)
    read = read_execution(body)
    assert {name: getattr(read, name) for name in (*common, *own)} == common | own
    assert (read.status, getattr(read, payload)) == (status, kept)
    assert (read.head.who, read.head.ids, read.head.source) == (who, known, source)
    assert written_again(body, Kind.EXECUTION) == body


@st.composite
def fields_of(draw: st.DrawFn, kind: Kind) -> dict[str, Any]:
    values = {"str": HELD, "int": st.integers(-(2**53) + 1, 2**53 - 1), "map": MAP | st.just({})}
    found = {}
    for name, type_ in FIELDS[kind].items():
        if type_.endswith("!") or draw(st.booleans()):
            found[name] = draw(values[type_.rstrip("!")])
    return found


@ANY
@given(st.data(), st.sampled_from(sorted(FIELDS)), whos(HELD), ALL_IDS, st.sampled_from(Level), st.sampled_from(Source))
def test_every_other_kind_is_read_as_it_was_made_and_written_again_the_same(
    data: st.DataObject, kind: Kind, who: RecordedWho, known: Ids, level: Level, source: Source
) -> None:
    fields = data.draw(fields_of(kind))
    body = placed(prepare(kind, who=who_again(who), level=level, source=source, ids=known, **fields))
    head, read = read_prepared(body, kind)
    assert read == fields
    assert (head.kind, head.who, head.ids, head.level, head.source) == (kind, who, known, level, source)
    assert written_again(body, kind) == body
    if kind in (Kind.ADMIN_CHANGE, Kind.DIRECTORY_CHANGE):
        change = read_change(body)
        assert {name: getattr(change, name) for name in fields} == fields
        assert change.head == head


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_record_with_all_its_fields_is_written_again_the_same(name: str) -> None:
    made = EXAMPLES[name]
    for in_journal in (True, False):
        body = placed(made, in_journal=in_journal)
        assert written_again(body, made.kind) == body


# --- What is no such record

READERS: Mapping[str, Callable[[bytes], object]] = {
    "decision": read_decision,
    "execution": read_execution,
    "change": read_change,
    **{kind.value: lambda body, kind=kind: read_prepared(body, kind) for kind in FIELDS},  # type: ignore[misc]
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_record_of_another_kind_is_refused(name: str) -> None:
    made = EXAMPLES[name]
    changes = (Kind.ADMIN_CHANGE, Kind.DIRECTORY_CHANGE)
    for reader, read in READERS.items():
        if reader != made.kind and not (reader == "change" and made.kind in changes):
            with pytest.raises(RecordInvalid) as caught:
                read(placed(made))
            assert caught.value.path == "/kind"


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in a record."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner for found in places(item, (*path, key)))]


WRONG: tuple[Any, ...] = (
    None, 0, -1, True, "", "x", "-", [], ["x"], [None], {}, {"x": 1}, '{"x":1}', "[1]", "x y z", "scope pass x",
)  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_whatever_is_changed_in_a_record_is_read_or_refused_with_its_path_and_nothing_else(name: str) -> None:
    made = EXAMPLES[name]
    content = orjson.loads(placed(made))
    refused = 0
    for *path, last in places(content)[1:]:
        for value in (*WRONG, places):
            changed = copy.deepcopy(content)
            inside = changed
            for step in path:
                inside = inside[step]
            if value is places:
                del inside[last]
            else:
                inside[last] = value
            body = canonical(changed, typed=True)
            try:
                again = written_again(body, made.kind)
            except RecordInvalid:
                refused += 1
            else:
                assert type(again) is bytes
    assert refused > 100


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda body: b"{", ""),
        (lambda body: b"[]", ""),
        (lambda body: b"\xff", ""),
        (lambda body: body + b" ", ""),
        (lambda body: body.replace(b'"v":1', b'"v":2'), "/v"),
        (lambda body: body.replace(b'"v":1', b'"v":1,"w":2'), "/w"),
        (lambda body: body.replace(b'"class":"evidence"', b'"class":"info"'), "/class"),
        (lambda body: body.replace(b'"effect":"deny"', b'"effect":"maybe"'), "/data/effect"),
        (lambda body: body.replace(b'"effect":"deny"', b'"effect":"deny","effort":1'), "/data/effort"),
        (lambda body: body.replace(b'"micros":61', b'"micros":"61"'), "/data/micros"),
        (lambda body: body.replace(b'"micros":61,', b""), "/data/micros"),
        (lambda body: body.replace(b'"server":"github"', b'"server":"gitlab"'), "/data/server"),
        (lambda body: body.replace(b'"layers":["kill_switch pass', b'"layers":["kill_switch passed'), "/data/layers"),
        (lambda body: body.replace(b'"known":false', b'"known":0', 1), "/who/links/0/known"),
        (lambda body: body.replace(b'"tier":40', b'"tier":41'), "/who/links/0/tier"),
        (lambda body: body.replace(b'"level":"redacted"', b'"level":"most"'), "/data/arguments/level"),
    ],
)
def test_a_body_of_another_form_is_refused_with_what_is_wrong(change: Callable[[bytes], bytes], path: str) -> None:
    body = placed(FULL_DECISION)
    assert change(body) != body
    with pytest.raises(RecordInvalid) as caught:
        read_decision(change(body))
    assert caught.value.path == path


@ANY
@given(st.binary(max_size=60) | JSON.map(lambda value: orjson.dumps(str(value).encode("utf-8", "replace").decode())))
def test_any_bytes_are_refused(body: bytes) -> None:
    for read in READERS.values():
        with pytest.raises(RecordInvalid):
            read(body)

from __future__ import annotations

import json
import math
import os
import time
from typing import Any
from uuid import UUID

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.records.canonical import MAXIMUM_BYTES, RecordInvalid, canonical, clean, map_text
from audit.records.capture import CaptureLevel, Capturer
from audit.records.decision_record import Inputs, prepare_decision
from audit.records.execution_record import ExecutionStatus, execution_ended, execution_started
from audit.records.kinds import EVIDENCE_KINDS, FIELDS, Kind, Level, Retention, Source, retention_of
from audit.records.record import Prepared, ids, prepare, stamp
from audit.records.uuid7 import floor_of, make_id, milliseconds_of
from audit.records.who import Who
from governance.engine.call import Call
from governance.engine.decision import Decision, Detail, Effect, LayerResult, Obligation, Outcome
from tests.audit.builders import caller, decision, who

NODE, BOOT = str(UUID(int=1)), str(UUID(int=2))
AT = 1_763_764_984_123_456
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
ASCII = st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=20)
WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
DOMAIN = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(ASCII, inner, max_size=5),
    max_leaves=20,
)


def body_of(record: Prepared, *, at: int = AT) -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads(stamp(record, at=at, node=NODE, boot=BOOT, n=5, random=os.urandom(24))[1])
    return loaded


@given(st.dictionaries(ASCII, DOMAIN, max_size=8))
def test_canonical_bytes_are_jcs(value: dict[str, Any]) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": 1.0}, "/a"),
        ({"a": {"b": [1, {"c": math.inf}]}}, "/a/b/1/c"),
        ({"a": [b"x"]}, "/a/0"),
        ({"é": 1}, ""),
        ({"a": {"ü": 1}}, "/a"),
        ({1: "a"}, ""),
        ({"a": 2**53}, ""),
        ({"a": "\ud800"}, ""),
        ({"a": "x\x00y"}, ""),
        ({"a": {"x\x00y": 1}}, ""),
        ({"a": Kind.DECISION}, "/a"),
        ({"a": "x" * MAXIMUM_BYTES}, ""),
    ],
)
def test_what_is_outside_the_domain_is_refused_with_its_path(value: dict[str, Any], path: str) -> None:
    with pytest.raises(RecordInvalid) as caught:
        canonical(value)
    assert caught.value.path == path


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert orjson.loads(canonical({"a": "\\u0000"}))["a"] == "\\u0000"


@given(st.integers(0, 2**48 * 1000 - 1), st.binary(min_size=24, max_size=24))
def test_an_id_is_a_version_7_uuid_of_its_time(at: int, random: bytes) -> None:
    made = UUID(make_id(at, random))
    assert (made.version, made.variant, milliseconds_of(made)) == (7, "specified in RFC 4122", at // 1000)
    assert floor_of(at) <= made < floor_of(at + 1000) or at // 1000 == 2**48 - 1


def test_ids_of_later_microseconds_sort_later() -> None:
    made = [make_id(AT + step, os.urandom(8)) for step in range(0, 3000, 1)]
    assert made == sorted(made)


def test_a_record_says_where_and_by_whom() -> None:
    body = body_of(decision())
    assert (body["v"], body["kind"], body["class"], body["level"]) == (1, "decision", "evidence", "info")
    assert (body["node"], body["boot"], body["n"], body["at"]) == (NODE, BOOT, 5, AT)
    assert len(bytes.fromhex(body["salt"])) == 16
    assert UUID(body["id"]).int >> 80 == AT // 1000
    assert body["who"]["principal"] == "alice"
    assert body["who"]["token"] == {"iss": "http://localhost", "jti": "j-1", "kid": "t1", "sha256": "ab" * 32}
    assert body["who"]["links"][0]["roles"] == ["analyst", "developer"]
    assert (body["trace"], body["client_session"], body["source"]) == ("t-1", "c-1", "observed")


def test_no_two_records_share_salt_or_id() -> None:
    made = [body_of(decision()) for _ in range(100)]
    assert len({body["salt"] for body in made}) == len({body["id"] for body in made}) == 100


def test_a_decision_holds_every_input() -> None:
    layers = (
        LayerResult(layer="kill_switch", outcome=Outcome.PASS, nanos=10),
        LayerResult(layer="scope", outcome=Outcome.FAIL, nanos=20, evidence={"größe": 1.5}),
        LayerResult(layer="secrets", outcome=Outcome.SKIPPED),
    )
    answer = Decision(
        effect=Effect.DENY, layer="scope", code="scope.insufficient", reason="tier too low", layers=layers, rule="r9",
        detail=Detail(path="/principal/tier", required=50, actual=20, fix="ask"), masked=True, matched=("r1",),
        shadowed=("r2",), asks=("r3",), exemptions=("x1",), obligations=(Obligation(type="redact", paths=("/a",)),),
        retry_after_ms=700, release=12, digest="ab", entity={"sensitivity": "internal"},
    )  # fmt: skip
    inputs = Inputs(
        now=1.0000000000000002, switch_epoch=4, directory_epoch=9, buckets={"principal": {"left": 1.5}},
        hooks=[{"id": "h"}], approval={"id": "a"}, claims={"tier": 20}, fingerprint="fp",
        engine="1.2", detectors="d7", micros=61,
    )  # fmt: skip
    call = Call(entity="github/create", arguments={}, size=2, data_sources=("crm",))
    data = body_of(prepare_decision(who=who(), call=call, decision=answer, inputs=inputs))["data"]
    assert data["layers"] == ["kill_switch pass 10", "scope fail 20", "secrets skipped 0"]
    assert orjson.loads(data["evidence"]["scope"]) == {"größe": 1.5}
    assert float(data["now"]) == inputs.now
    assert (data["server"], data["tool"], data["entity"], data["entity_kind"]) == (
        "github",
        "create",
        "github/create",
        "tool",
    )
    assert orjson.loads(data["buckets"]) == {"principal": {"left": 1.5}}
    assert orjson.loads(data["hooks"]) == [{"id": "h"}]
    assert orjson.loads(data["detail"])["path"] == "/principal/tier"
    assert orjson.loads(data["obligations"]) == [{"type": "redact", "paths": ["/a"]}]
    for name in ("approval", "claims", "entity_facts"):
        assert isinstance(data[name], str)
    assert (data["fingerprint"], data["engine"], data["detectors"], data["micros"]) == ("fp", "1.2", "d7", 61)
    assert (data["switch_epoch"], data["directory_epoch"], data["release"], data["policy"]) == (4, 9, 12, "ab")
    assert (data["masked"], data["matched"], data["shadowed"], data["asks"]) == (True, ["r1"], ["r2"], ["r3"])
    assert (data["exemptions"], data["retry_after_ms"], data["data_sources"]) == (["x1"], 700, ["crm"])


HOSTILE = st.text(max_size=600)


@given(HOSTILE, HOSTILE, st.dictionaries(HOSTILE, st.floats() | st.integers() | HOSTILE, max_size=4))
def test_hostile_names_and_values_always_make_a_record_in_the_domain(
    name: str, code: str, facts: dict[str, Any]
) -> None:
    answer = Decision(
        effect=Effect.DENY, code=code, reason=name, layer=name, rule=name, matched=(name,), entity=facts,
        layers=(LayerResult(layer="scope", outcome=Outcome.FAIL, evidence=facts),),
    )  # fmt: skip
    call = Call(entity=f"{name}/{code}", data_sources=(name,))
    made = prepare_decision(who=who(), call=call, decision=answer, inputs=Inputs(now=1.0, hooks=[facts]))
    body = stamp(made, at=AT, node=NODE, boot=BOOT, n=1, random=bytes(24))[1]
    assert canonical(orjson.loads(body)) == body, (
        "built values were outside the domain that is not walked on the hot path"
    )


def test_a_decision_with_a_number_of_the_wrong_type_is_refused() -> None:
    answer = Decision(effect=Effect.ALLOW)
    with pytest.raises(RecordInvalid) as caught:
        prepare_decision(who=who(), call=Call(entity="a/b"), decision=answer, inputs=Inputs(now=1.0, micros=1.5))  # type: ignore[arg-type]
    assert caught.value.path == "/data/micros"


def test_every_kind_has_a_builder_and_a_class() -> None:
    assert len(Kind) == 13
    assert set(FIELDS) == set(Kind) - {Kind.DECISION, Kind.EXECUTION}
    for kind in Kind:
        expected = Retention.EVIDENCE if kind in EVIDENCE_KINDS else Retention.ERROR
        assert retention_of(kind, Level.ERROR) is expected
    assert retention_of(Kind.LOG, Level.DEBUG) is Retention.DEBUG


@pytest.mark.parametrize("kind", list(FIELDS))
def test_each_kind_takes_all_its_fields_and_misses_what_is_required(kind: Kind) -> None:
    examples: dict[str, Any] = {"str": "x", "int": 3, "map": {"a": [1.5]}}
    fields = {name: examples[type_.rstrip("!")] for name, type_ in FIELDS[kind].items()}
    made = prepare(kind, who=who(), level=Level.WARNING, source=Source.REPORTED, ids=ids(trace="t"), **fields)
    body = body_of(made)
    assert set(body["data"]) == set(FIELDS[kind])
    assert (body["source"], body["trace"]) == ("reported", "t")
    for name, type_ in FIELDS[kind].items():
        if type_.endswith("!"):
            with pytest.raises(RecordInvalid, match="required"):
                prepare(kind, who=who(), **{other: value for other, value in fields.items() if other != name})


def test_unknown_fields_and_wrong_types_are_refused_with_their_path() -> None:
    for fields, path in (
        ({"code": "x", "cod": "x"}, "/data/cod"),
        ({"code": 5}, "/data/code"),
        ({"code": "x", "count": "3"}, "/data/count"),
        ({"code": "x", "count": True}, "/data/count"),
    ):
        with pytest.raises(RecordInvalid) as caught:
            prepare(Kind.SECURITY_EVENT, who=who(), **fields)
        assert caught.value.path == path
    with pytest.raises(RecordInvalid):
        prepare(Kind.DECISION, who=who())


def test_no_act_is_anonymous() -> None:
    assert orjson.loads(orjson.dumps(Who.component("beat").part)) == {"component": "beat", "kind": "component"}
    with pytest.raises(RecordInvalid):
        Who.component("")
    with pytest.raises(RecordInvalid):
        Who.principal("", kind="user")


def test_an_execution_is_two_records() -> None:
    common: dict[str, Any] = {"who": who(), "execution": "e1", "decision": "d1", "server": "github", "tool": "create"}
    started = body_of(execution_started(**common, started_at=AT, call_id="c", request_method="tools/call"))["data"]
    ended = body_of(execution_ended(**common, status=ExecutionStatus.FAILED, completed_at=AT + 9, micros=9, error="no"))
    assert (started["phase"], started["status"], started["started_at"]) == ("started", "pending", AT)
    assert (ended["data"]["status"], ended["data"]["micros"], ended["level"]) == ("failed", 9, "warning")
    with pytest.raises(RecordInvalid):
        execution_ended(**common, status=ExecutionStatus.PENDING, completed_at=AT)


@given(
    st.dictionaries(
        st.text(),
        st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text() | st.lists(st.integers()),
        max_size=5,
    )
)
def test_an_untrusted_map_is_kept_exactly_as_one_string(value: dict[str, Any]) -> None:
    text = map_text(value)
    if not value:
        assert text is None
        return
    assert text is not None
    text.encode("utf-8")
    assert json.loads(text) == value


def test_a_map_that_is_too_long_says_how_long() -> None:
    assert map_text({"a": "x" * 20_000}) == '{"omitted_bytes":20008}'


@given(st.text(max_size=2000))
def test_a_cleaned_string_has_no_nul_no_surrogate_and_an_end(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) <= 512
    assert "\x00" not in cleaned
    cleaned.encode("utf-8")


class _Sealer:
    """Seals by reversing: shows that what is captured went through it."""

    class _Key:
        id, kid, principal, day, sealed = "k-id", "ck", "alice", 20_000, "s"

    def __init__(self, *, fresh: bool) -> None:
        self.new_key = self._Key() if fresh else None

    def seal(self, payload: bytes, *, principal: str, at: int, place: str) -> Any:
        sealed = type("Captured", (), {"key_id": "k-id", "payload": payload[::-1].decode(), "new_key": self.new_key})
        return sealed()


def test_capture_keeps_what_the_level_says_and_never_plain_text() -> None:
    value, redacted = {"token": "hunter2"}, {"token": "[github_token]"}
    capturer = Capturer(sealer=_Sealer(fresh=True), digest_key=b"d" * 32, kid="k1")
    taken = {
        level: capturer.take(value, level=level, redacted=redacted, principal="alice", at=AT) for level in CaptureLevel
    }
    assert taken[CaptureLevel.NONE].part == {"level": "none"}
    assert set(taken[CaptureLevel.DIGEST].part) == {"level", "bytes", "digest"}
    assert taken[CaptureLevel.REDACTED].part["sealed"][::-1] == '{"token":"[github_token]"}'
    assert taken[CaptureLevel.FULL].part["sealed"][::-1] == '{"token":"hunter2"}'
    assert taken[CaptureLevel.FULL].part["digest"] == taken[CaptureLevel.DIGEST].part["digest"]
    assert taken[CaptureLevel.FULL].attachments[0]["attach"] == "day_key"
    assert taken[CaptureLevel.DIGEST].attachments == ()
    large = capturer.take({"a": "x" * 16_384}, level=CaptureLevel.FULL, redacted=None, principal="alice", at=AT)
    assert large.part["omitted"] is True
    assert "sealed" not in large.part


def test_building_a_decision_record_stays_cheap() -> None:
    """Not a benchmark: catches a change that makes it ten times slower (about 8 µs on two cores)."""
    made = decision()
    start = time.process_time()
    for _ in range(500):
        stamp(made, at=AT, node=NODE, boot=BOOT, n=1, random=bytes(24))
    assert (time.process_time() - start) / 500 < 0.0005
    assert caller().agent == "claude"

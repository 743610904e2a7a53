"""A record of each kind with every field it can have, and decisions and executions of both sorts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.records.capture import Capture
from audit.records.decision_record import Inputs, Question, prepare_decision
from audit.records.execution_record import ExecutionStatus, execution_ended, execution_started
from audit.records.kinds import FIELDS, Kind, Level, Source
from audit.records.opening_record import prepare_opening
from audit.records.record import Prepared, ids, prepare, stamp
from audit.records.who import TokenRef, Who, links_of
from governance.engine.call import Call, Door, EntityKind, Labels
from governance.engine.decision import Decision, Detail, Effect, LayerResult, Obligation, Outcome
from governance.engine.principal import Caller, Link, Principal, PrincipalKind, Tier

NODE, BOOT = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"
AT = 1_763_764_984_123_456
EXECUTION = "019aa9c6-5e9b-7000-8000-000000000001"
IDS = ids(trace="t-1", context="c-1", task="k-1", client="cl-1", client_session="cs-1")
SEALED = Capture(part={"level": "redacted", "bytes": 40, "digest": f"k1:{'ab' * 32}", "key": EXECUTION, "sealed": "c2"})
OMITTED = Capture(part={"level": "full", "bytes": 20_000, "digest": f"k1:{'cd' * 32}", "omitted": True})
VALUES: Mapping[str, Any] = {"str": "größer\u2028", "int": 2**53 - 1, "map": {"a": [1.5, None, True], "é": {"b": "x"}}}
CALLER = Caller(
    principal=Principal(
        id="bot", kind=PrincipalKind.SERVICE, tier=Tier.SERVICE, roles=frozenset({"r2", "r1"}),
        groups=frozenset({"g"}), departments=frozenset({"finance", "risk"}), known=False, active=False, owner="ann",
        rate_tier="service",
    ),
    agent="reporter",
    chain=(
        Link(agent="planner"),
        Link(principal=Principal(id="ann", kind=PrincipalKind.USER, tier=Tier.ADMIN)),
        Link(principal=Principal(id="bob", kind=PrincipalKind.USER, tier=Tier.USER), agent="helper"),
    ),
    session_id="s-1",
)  # fmt: skip
WHO = Who.principal(
    "bot", kind="service", owner="ann", agent="reporter", session="s-1", departments=frozenset({"risk", "finance"}),
    links=links_of(CALLER), names={"principal": "The Bot", "agent": "Der Überbringer"},
    token=TokenRef(iss="http://localhost", jti="j-1", kid="t1", sha256="ab" * 32), asked_by="proxy", staff="root",
)  # fmt: skip
COMPONENT = Who.component("command:kill", staff="root")
FULL_DECISION = prepare_decision(
    who=WHO,
    call=Call(
        entity="github/create", arguments={"a": 1}, size=7, data_sources=("crm", "erp"), door=Door.MCP,
        labels=Labels(
            session_id="cs-1", trace_id="t-1", context_id="c-1", task_id="k-1", client_id="cl-1", tool_use_id="u-1",
            agent_id="a-1",
        ),
    ),
    decision=Decision(
        effect=Effect.DENY, layer="scope", code="scope.insufficient", reason="The tier is too low.", rule="r9",
        detail=Detail(path="/principal/tier", required=50, actual=[1.5, {"x": None}], fix="ask"),
        layers=(
            LayerResult(layer="kill_switch", outcome=Outcome.PASS, nanos=10),
            LayerResult(layer="scope", outcome=Outcome.FAIL, nanos=20, evidence={"größe": 1.5}),
            LayerResult(layer="secrets", outcome=Outcome.SKIPPED),
            LayerResult(layer="blocklist", outcome=Outcome.SHADOW_FAIL, nanos=2**40, evidence={"big": 2**70}),
        ),
        obligations=(Obligation(type="redact", paths=("/a", "/b")), Obligation(type="confirm")), masked=True,
        matched=("r1", "r2"), shadowed=("r3",), asks=("rule:r4",), exemptions=("x1",), retry_after_ms=700, release=12,
        digest="ab" * 32, entity={"sensitivity": "internal", "capture": None}, skip_client_prompt=True,
    ),
    inputs=Inputs(
        now=1_763_764_984.1234567, switch_epoch=4, directory_epoch=9, buckets={"principal": True, "session": False},
        hooks=[{"hook": "h", "verdict": "deny"}], approval={"state": "required"}, claims={"tier": 20},
        fingerprint="fp", engine="1.2", detectors="d7", micros=61,
    ),
    question=Question(
        call_id="call-1", request="k1:ef", repeats="d-0", route="/api/v1/decisions", names={"server": "GitHub"}
    ),
    arguments=SEALED,
)  # fmt: skip
BARE_DECISION = prepare_decision(
    who=Who.principal("alice", kind="user"),
    call=Call(kind=EntityKind.SERVER, entity="github"),
    decision=Decision(effect=Effect.ALLOW),
    inputs=Inputs(now=1.0),
)
LOWERED = Caller(
    principal=Principal(id="bot", kind=PrincipalKind.SERVICE, tier=Tier.MCP, rate_tier="mcp", rate_ceiling="service"),
    chain=(Link(principal=Principal(id="ann", kind=PrincipalKind.USER, tier=Tier.USER)), Link(agent="planner")),
)
NAMED_DECISION = prepare_decision(
    who=Who.principal(
        "bot", kind="service", owner="ann", links=links_of(LOWERED, [{"principal": "Ann", "email": "a@x.org"}, {}]),
        names={"principal": "The Bot", "email": "bot@x.org", "owner": "Ann", "asked_by": "Der Überbringer"},
        asked_by="proxy",
    ),
    call=Call(kind=EntityKind.SERVER, entity="github"), decision=Decision(effect=Effect.ALLOW), inputs=Inputs(now=1.0),
)  # fmt: skip
STARTED = execution_started(
    who=WHO, execution=EXECUTION, decision=EXECUTION, server="github", tool="create", started_at=AT, ids=IDS,
    source=Source.IMPORTED, call_id="call-1", request_method="tools/call", request_source="gateway", input=SEALED,
    output_schema="ef" * 32,
)  # fmt: skip
ENDED = execution_ended(
    who=COMPONENT, execution=EXECUTION, decision=EXECUTION, server="github", tool="create",
    status=ExecutionStatus.FAILED, completed_at=AT + 9, micros=9, source=Source.REPORTED, ids=IDS, call_id="call-1",
    error="no\x00thing", output=OMITTED,
)  # fmt: skip
BARE_END = execution_ended(
    who=COMPONENT, execution=EXECUTION, decision=EXECUTION, server=None, tool=None, status=ExecutionStatus.TIMEOUT,
    completed_at=AT,
)  # fmt: skip
OTHERS = {
    kind.value: prepare(
        kind, who=WHO, level=Level.ERROR, source=Source.REPORTED, ids=IDS,
        **{name: VALUES[type_.rstrip("!")] for name, type_ in fields.items()},
    )
    for kind, fields in FIELDS.items()
}  # fmt: skip
EXAMPLES: Mapping[str, Prepared] = {
    "decision": FULL_DECISION,
    "decision, bare": BARE_DECISION,
    "decision, lowered, with names": NAMED_DECISION,
    "execution, started": STARTED,
    "execution, ended": ENDED,
    "execution, ended, bare": BARE_END,
    "admin_change, of nothing": prepare(
        Kind.ADMIN_CHANGE, who=COMPONENT, action="created", model="governance.rule", object="1", before={}, after={}
    ),
    "security_event, of an opening": prepare_opening(
        who=WHO, record=EXECUTION, decision=EXECUTION, server="github", tool="create", place="result", door="console",
        reason="Case 7: what did it answer?", verified=True,
    ),
    **OTHERS,
}  # fmt: skip


def placed(made: Prepared, *, in_journal: bool = True) -> bytes:
    """The bytes of a draft at the place of these tests: in a journal, or else from the outbox."""
    boot, n = (BOOT, 5) if in_journal else (None, None)
    return stamp(made, at=AT, node=NODE, boot=boot, n=n, random=bytes(range(24)))[1]

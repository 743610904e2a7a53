"""The hot path: one call in, one decision out, durable before it is returned.

No SQL; Redis only where several processes share a bucket; no lock across an await. `decide_call` awaits only when the
engine needs something that this process does not hold.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import NamedTuple

from accounts.identity.verified import Identity
from audit.records.capture import Capture, CaptureLevel
from audit.records.decision_record import NO_QUESTION, Inputs, Question, prepare_decision
from audit.writing.promise import Receipt
from governance.deciding.remembered.recent import Reportable
from governance.deciding.runtime import Runtime
from governance.engine.call import Call
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.deciding.driver import advance, failing_hooks, no_approval
from governance.engine.deciding.pipeline import VALID_FOR, Deciding, decide
from governance.engine.decision import Decision, Effect
from governance.engine.detection.redaction import redact
from governance.engine.need import Answer, Buckets, NeedApproval, NeedBuckets, NeedHooks
from governance.engine.world import World
from governance.vault.capture import Captured

_LEVELS = {level.value: level for level in CaptureLevel}
SCAN_OFF_LOOP = 16 * 1024  # bytes of arguments from which scanning leaves the event loop; 40-api.md


class Decided(NamedTuple):
    """A recorded decision: its id, where its record stands, and until when an allow holds (seconds UTC)."""

    id: str
    decision: Decision
    receipt: Receipt
    valid_until: float | None
    micros: int


async def decide_call(
    runtime: Runtime,
    identity: Identity,
    call: Call,
    *,
    now: float,
    question: Question = NO_QUESTION,
    prompt: bool = False,
) -> Decided:
    """Decide one call and record it. `prompt` runs layers 0 and 2 only, for text that is no tool call.

    Raises `audit.writing.journal.AuditUnavailable` where the record cannot be made durable: then nothing is allowed.
    """
    snapshot, world = runtime.snapshot, runtime.world
    began = time.perf_counter_ns()
    steps = decide(snapshot, world, identity.caller, call, now=now, text=prompt)
    if prompt or call.size > SCAN_OFF_LOOP:
        async with runtime.large_calls(identity.caller.principal.id):
            decision, told = await _drive(runtime, steps, payer=identity.asked_by, now=now, off_loop=True)
    else:
        decision, told = await _drive(runtime, steps, payer=identity.asked_by, now=now, off_loop=False)
    inputs = _inputs(runtime, world, told, now=now, began=began)
    capture = _capture(runtime, identity, call, decision, now=now)
    receipt = await runtime.journal.append_async(
        prepare_decision(
            who=runtime.who(identity), call=call, decision=decision, inputs=inputs, question=question, arguments=capture
        )
    )
    _notice(runtime, snapshot, identity, call, decision, question, capture, id=receipt.id, now=now)
    return Decided(
        id=receipt.id,
        decision=decision,
        receipt=receipt,
        valid_until=now + VALID_FOR if decision.effect is Effect.ALLOW else None,
        micros=inputs.micros,
    )


@dataclass(slots=True)
class _Told:
    """What the engine asked for and was told, for the record."""

    buckets: dict[str, object] | None = None
    hooks: list[dict[str, object]] | None = None
    approval: dict[str, object] | None = None


async def _drive(
    runtime: Runtime, steps: Deciding, *, payer: str | None, now: float, off_loop: bool
) -> tuple[Decision, _Told]:
    """`driver.run` for the event loop, which it leaves for each step if told so. `payer` spends for the principal."""
    told = _Told()
    answer: Answer | None = None
    while True:
        step = await asyncio.to_thread(advance, steps, answer) if off_loop else advance(steps, answer)
        if isinstance(step, Decision):
            return step, told
        if isinstance(step, NeedBuckets):
            spent = step if payer is None else replace(step, principal=payer)
            buckets = runtime.limits.spend(spent, now=now)
            answer = buckets if isinstance(buckets, Buckets) else await buckets
            told.buckets = {"principal": answer.principal, "session": answer.session}
        elif isinstance(step, NeedHooks):
            answer = failing_hooks(step, reason="No runner is registered.")  # nothing runs hooks in this process yet
            told.hooks = [{"hook": run.hook, "verdict": run.verdict} for run in answer.runs]
        elif isinstance(step, NeedApproval):
            answer = no_approval(step)
            told.approval = {"state": answer.state}


def _inputs(runtime: Runtime, world: World, told: _Told, *, now: float, began: int) -> Inputs:
    """What decided beside caller, call and release; `began` on the clock of `perf_counter_ns`."""
    return Inputs(
        now=now,
        switch_epoch=world.epoch,
        directory_epoch=runtime.directory.state.revision,
        buckets=told.buckets,
        hooks=told.hooks,
        approval=told.approval,
        engine=runtime.version,
        detectors=runtime.version,
        micros=(time.perf_counter_ns() - began) // 1000,
    )


def _capture(runtime: Runtime, identity: Identity, call: Call, decision: Decision, *, now: float) -> Capture:
    """What the record keeps of the arguments, by the entity's capture level; findings are redacted, shadow or not."""
    level = _LEVELS[str(decision.entity.get("capture") or "redacted")]
    redacted = None
    if level is CaptureLevel.REDACTED and call.arguments:
        scan = decision.scan
        if scan is None and call.size <= SCAN_OFF_LOOP:
            scan = runtime.snapshot.scanner.scan(call.arguments)
        if scan is None or not scan.complete:
            level = CaptureLevel.DIGEST
        elif scan.findings:
            cleaned = redact(call.arguments, scan.findings)
            redacted = cleaned if isinstance(cleaned, dict) else {}
    return runtime.arguments.take(
        call.arguments,
        level=level,
        redacted=redacted,
        principal=identity.caller.principal.id,
        at=int(now * 1e6),
    )


def _notice(
    runtime: Runtime,
    snapshot: Snapshot,
    identity: Identity,
    call: Call,
    decision: Decision,
    question: Question,
    capture: Capture,
    *,
    id: str,
    now: float,
) -> None:
    """What follows from a record that stands: an outcome may be reported, an impostor is one, its day key is kept."""
    runtime.recent.remember(
        Reportable(
            id=id,
            principal=identity.caller.principal.id,
            agent=identity.caller.agent,
            allowed=decision.effect is Effect.ALLOW,
            entity=call.entity,
            capture=capture.part["level"],
            labels=call.labels,
            at=now,
            call_id=question.call_id,
            tool_use=call.labels.tool_use_id,
        )
    )
    if decision.code == "entity.unknown" and (imitated := runtime.impostors.imitated(snapshot, call.entity, now=now)):
        runtime.alarm("name.lookalike", {"imitates": imitated, "decision": id})
    if isinstance(capture.source, Captured):
        runtime.day_keys.delivered(capture.source)

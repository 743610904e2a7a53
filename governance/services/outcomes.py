"""What became of an allowed call, as the enforcement point reports it: started at most once, ended at most once.

A report is no decision and may need the database: its guard row and its record are written in one transaction, through
the outbox, so that a repeat is told apart in every process and nothing is recorded twice.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.utils import Error as DatabaseError

from accounts.identity.verified import Identity
from audit.records.capture import Capture, CaptureLevel
from audit.records.decision_record import ids_of
from audit.records.execution_record import ExecutionStatus, execution_ended, execution_started
from audit.records.kinds import Kind, Source
from audit.records.record import Prepared, prepare
from audit.trace.reading import find_decision
from audit.writing.outbox import record_all_prepared
from governance.deciding.database import in_database
from governance.deciding.remembered.recent import Reportable
from governance.deciding.runtime import Runtime
from governance.engine.call import Json, Labels
from governance.engine.decision import Effect
from governance.engine.detection.finding import Scan
from governance.engine.detection.redaction import redact
from governance.models import OutcomePhase, ReportedOutcome

REPORTABLE_SECONDS = 24 * 3600.0  # after which a decision's outcome is no longer taken
_INGEST_WAIT = 0.3  # seconds until a decision of another process stands in the trail


class UnknownDecision(Exception):
    """There is no such decision of this principal and agent."""


class OutcomeConflict(Exception):
    """Reported before, in the wrong order, or of a call that was not allowed; says which."""


class OutcomesUnavailable(Exception):
    """The database is away: a repeat could not be told from a first report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report. `status` is started, success or failed; `micros` the time it took."""

    status: str
    micros: int | None = None
    error: str | None = None
    result: Json = None


async def report_outcome(runtime: Runtime, identity: Identity, decision_id: str, report: Report, *, now: float) -> Scan:
    """Record what became of an allowed call; what the scan of its result found.

    Raises `UnknownDecision`, `OutcomeConflict`, `OutcomesUnavailable`.
    """
    caller = identity.caller
    decided = runtime.recent.find(decision_id) or await _from_trail(decision_id)
    if decided is None or (decided.principal, decided.agent) != (caller.principal.id, caller.agent):
        raise UnknownDecision
    if now - decided.at > REPORTABLE_SECONDS:
        raise UnknownDecision
    if not decided.allowed:
        raise OutcomeConflict("The call was not allowed.")
    scan, drafts, phases = _drafts(runtime, identity, decided, report, now=now)
    try:
        await in_database(_store, UUID(decision_id), phases, drafts, now)
    except DatabaseError as error:
        raise OutcomesUnavailable from error
    return scan


async def report_tool_result(
    runtime: Runtime, identity: Identity, *, entity: str, labels: Labels, report: Report, now: float
) -> Scan:
    """Record a client's own report of a tool's result; joined to its decision by `tool_use_id` where that is known."""
    caller = identity.caller
    decided = None
    if labels.tool_use_id is not None:
        decided = runtime.recent.of_use(caller.principal.id, caller.agent, labels.tool_use_id)
    if decided is not None and decided.allowed:
        try:
            return await report_outcome(runtime, identity, decided.id, report, now=now)
        except (OutcomeConflict, OutcomesUnavailable, UnknownDecision):
            pass
    scan = runtime.snapshot.scanner.scan({"result": report.result, "error": report.error})
    await runtime.journal.append_async(
        prepare(
            Kind.AGENT_EVENT,
            who=runtime.who(identity),
            source=Source.REPORTED,
            ids=ids_of(labels),
            protocol=labels.client_id or "api",
            type="tool_result",
            event={
                "entity": entity,
                "tool_use_id": labels.tool_use_id,
                "status": report.status,
                "findings": [finding.detector for finding in scan.findings],
            },
        )
    )
    return scan


def _drafts(
    runtime: Runtime, identity: Identity, decided: Reportable, report: Report, *, now: float
) -> tuple[Scan, list[Prepared], list[OutcomePhase]]:
    who, at = runtime.who(identity), int(now * 1e6)
    server, _, tool = decided.entity.partition("/")
    ids = ids_of(decided.labels)
    scan = runtime.snapshot.scanner.scan({"result": report.result, "error": report.error})
    started = execution_started(
        who=who, execution=decided.id, decision=decided.id, server=server, tool=tool, started_at=at,
        source=Source.REPORTED, ids=ids, call_id=decided.call_id,
    )  # fmt: skip
    if report.status == "started":
        return scan, [started], [OutcomePhase.STARTED]
    error = report.error
    if error is not None and (scan.findings or not scan.complete):
        error = "[withheld: it held a credential]"
    ended = execution_ended(
        who=who, execution=decided.id, decision=decided.id, server=server, tool=tool,
        status=ExecutionStatus.SUCCESS if report.status == "success" else ExecutionStatus.FAILED,
        completed_at=at, micros=report.micros, source=Source.REPORTED, ids=ids, call_id=decided.call_id,
        error=error, output=_output(runtime, decided, report, scan, at),
    )  # fmt: skip
    return scan, [started, ended], [OutcomePhase.STARTED, OutcomePhase.ENDED]


def _output(runtime: Runtime, decided: Reportable, report: Report, scan: Scan, at: int) -> Capture | None:
    if report.result is None:
        return None
    level = CaptureLevel(decided.capture)
    if level is CaptureLevel.REDACTED and not scan.complete:
        level = CaptureLevel.DIGEST
    whole: dict[str, Any] = {"result": report.result}
    redacted = redact(whole, [item for item in scan.findings if item.path.startswith("/result")])
    return runtime.results.take(
        whole,
        level=level,
        redacted=redacted if isinstance(redacted, dict) else {},
        principal=decided.principal,
        at=at,
        place="result",
    )


def _store(decision: UUID, phases: list[OutcomePhase], drafts: list[Prepared], now: float) -> None:
    """Guard rows and records in one transaction. An end alone writes both; an end after a start only itself."""
    at = datetime.fromtimestamp(now, UTC)
    with transaction.atomic():
        known = set(
            ReportedOutcome.objects.select_for_update().filter(decision=decision).values_list("phase", flat=True)
        )
        if OutcomePhase.ENDED in known or (phases == [OutcomePhase.STARTED] and known):
            raise OutcomeConflict("This outcome was reported before.")
        new = [(phase, made) for phase, made in zip(phases, drafts, strict=True) if phase not in known]
        try:
            with transaction.atomic():
                ReportedOutcome.objects.bulk_create(
                    ReportedOutcome(decision=decision, phase=phase, at=at) for phase, _ in new
                )
        except IntegrityError:
            raise OutcomeConflict("This outcome was reported before.") from None
        record_all_prepared([made for _, made in new])


async def _from_trail(decision_id: str) -> Reportable | None:
    """A decision of another process, or of this one before it started; waits once for it to be ingested."""
    try:
        key = UUID(decision_id)
    except ValueError:
        return None
    if key.version != 7:
        return None
    for attempt in range(2):
        try:
            row = await in_database(_read, key)
        except DatabaseError as error:
            raise OutcomesUnavailable from error
        if row is not None:
            return row
        if attempt == 0:
            await asyncio.sleep(_INGEST_WAIT)
    return None


def _read(key: UUID) -> Reportable | None:
    found = find_decision(key)
    if found is None:
        return None
    head = found.head
    return Reportable(
        id=head.id,
        principal=head.who.principal or "",
        agent=head.who.agent,
        allowed=found.decision.effect is Effect.ALLOW,
        entity=found.call.entity,
        capture=found.arguments.level,
        labels=found.call.labels,
        at=head.at / 1_000_000,
        call_id=found.question.call_id,
    )

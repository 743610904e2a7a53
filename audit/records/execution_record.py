"""The two records of an execution, that it started and how it ended: written and read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from audit.records.canonical import RecordInvalid, clean
from audit.records.capture import Capture, RecordedCapture, read_capture
from audit.records.fields import Fields
from audit.records.kinds import Kind, Level, Source
from audit.records.record import NO_IDS, Head, Ids, Prepared, read_head
from audit.records.who import Who


class ExecutionStatus(StrEnum):
    """How far an execution is."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILED = "failed"
    TIMEOUT = "timeout"


def execution_started(
    *,
    who: Who,
    execution: str,
    decision: str,
    server: str | None,
    tool: str | None,
    started_at: int,
    source: Source = Source.OBSERVED,
    ids: Ids = NO_IDS,
    call_id: str | None = None,
    request_method: str | None = None,
    request_source: str | None = None,
    input: Capture | None = None,
    output_schema: str | None = None,
) -> Prepared:
    """The first of the two: written at an allow by the gateway, or with the first report. Times in µs since the epoch.

    `execution` and `decision` are UUIDs, `output_schema` the digest of the schema that the output should have.
    """
    data: dict[str, Any] = {
        "phase": "started",
        "status": ExecutionStatus.PENDING.value,
        "execution": execution,
        "decision": decision,
        "started_at": started_at,
    }
    return _prepared(
        data,
        {"server": server, "tool": tool, "call_id": call_id, "request_method": request_method,
         "request_source": request_source, "output_schema": output_schema},
        who=who, source=source, ids=ids, name="input", capture=input, level=Level.INFO,
    )  # fmt: skip


def execution_ended(
    *,
    who: Who,
    execution: str,
    decision: str,
    server: str | None,
    tool: str | None,
    status: ExecutionStatus,
    completed_at: int,
    micros: int | None = None,
    source: Source = Source.OBSERVED,
    ids: Ids = NO_IDS,
    call_id: str | None = None,
    error: str | None = None,
    output: Capture | None = None,
) -> Prepared:
    """The second of the two. `micros` is the time it took, None where nobody measured it."""
    if status is ExecutionStatus.PENDING:
        raise RecordInvalid("/data/status", "an execution does not end as pending")
    data: dict[str, Any] = {
        "phase": "ended",
        "status": status.value,
        "execution": execution,
        "decision": decision,
        "completed_at": completed_at,
    }
    if micros is not None:
        data["micros"] = micros
    if error is not None:
        data["error"] = clean(error, limit=4096)
    return _prepared(
        data,
        {"server": server, "tool": tool, "call_id": call_id},
        who=who, source=source, ids=ids, name="output", capture=output,
        level=Level.INFO if status is ExecutionStatus.SUCCESS else Level.WARNING,
    )  # fmt: skip


def _prepared(
    data: dict[str, Any],
    texts: dict[str, str | None],
    *,
    who: Who,
    source: Source,
    ids: Ids,
    name: str,
    capture: Capture | None,
    level: Level,
) -> Prepared:
    data |= {key: clean(value) for key, value in texts.items() if value is not None}
    if capture is not None:
        data[name] = capture.part
    return Prepared(
        kind=Kind.EXECUTION,
        who=who,
        data=data,
        level=level,
        source=source,
        ids=ids,
        attachments=capture.attachments if capture is not None else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionRecord:
    """One of the two records, read back: pending with `started_at`, anything else with `completed_at`.

    `request_method`, `request_source`, `input` and `output_schema` are of a start, `micros`, `error` and `output` of an
    end.
    """

    head: Head
    execution: str
    decision: str
    status: ExecutionStatus
    server: str | None
    tool: str | None
    call_id: str | None
    started_at: int | None = None
    request_method: str | None = None
    request_source: str | None = None
    input: RecordedCapture | None = None
    output_schema: str | None = None
    completed_at: int | None = None
    micros: int | None = None
    error: str | None = None
    output: RecordedCapture | None = None


def read_execution(body: bytes) -> ExecutionRecord:
    """An execution record's exact bytes, read. Raises RecordInvalid for any others."""
    head, data = read_head(body, Kind.EXECUTION)
    status, phase = data.choice("status", ExecutionStatus), data.text("phase")
    if phase != ("started" if status is ExecutionStatus.PENDING else "ended"):
        raise data.invalid("phase", f"{phase!r} is not that of {status}")
    own: dict[str, Any]
    if status is ExecutionStatus.PENDING:
        own = {
            "started_at": data.whole("started_at"),
            "request_method": data.perhaps_text("request_method"),
            "request_source": data.perhaps_text("request_source"),
            "output_schema": data.perhaps_text("output_schema"),
            "input": _read_kept(data, "input"),
        }
    else:
        own = {
            "completed_at": data.whole("completed_at"),
            "micros": data.perhaps_whole("micros"),
            "error": data.perhaps_text("error"),
            "output": _read_kept(data, "output"),
        }
    found = ExecutionRecord(
        head=head,
        execution=data.text("execution"),
        decision=data.text("decision"),
        status=status,
        server=data.perhaps_text("server"),
        tool=data.perhaps_text("tool"),
        call_id=data.perhaps_text("call_id"),
        **own,
    )
    data.end()
    return found


def _read_kept(data: Fields, name: str) -> RecordedCapture | None:
    part = data.perhaps_fields(name)
    return None if part is None else read_capture(part)

"""`POST /api/v1/decisions/{id}/outcome`: what became of an allowed call."""

from __future__ import annotations

from audit.writing.journal import AuditUnavailable
from governance.api.door.attempt import Attempt
from governance.api.door.body import field, only_known, read_body
from governance.api.door.exchange import Exchange, Problem, Reply, json_reply
from governance.api.door.identify import identify
from governance.api.door.problems import unavailable
from governance.deciding.runtime import Runtime
from governance.services.outcomes import OutcomeConflict, OutcomesUnavailable, Report, UnknownDecision, report_outcome

FIELDS = frozenset({"status", "ms", "error", "result"})
STATUSES = ("started", "success", "failed")
LONGEST_ERROR = 4_096  # characters


async def answer_outcome(runtime: Runtime, exchange: Exchange) -> Reply:
    """Record one outcome; 404 for a decision that is not the caller's, 409 for one that was reported before."""
    identity = identify(runtime, exchange)
    async with Attempt(runtime, identity, exchange, rate_class="tasks") as attempted:
        report = _read(exchange)
        decision_id = exchange.parameters["id"]
        try:
            scan = await report_outcome(runtime, identity, decision_id, report, now=exchange.received_at)
        except UnknownDecision:
            raise Problem(404, "decision.unknown", "There is no such decision of yours.") from None
        except OutcomeConflict as conflict:
            raise Problem(409, "outcome.conflict", str(conflict)) from None
        except (OutcomesUnavailable, AuditUnavailable):
            raise unavailable("audit.unavailable", "The outcome could not be recorded.") from None
    found = [
        {"path": finding.path, "kind": finding.kind, "detector": finding.detector}
        for finding in scan.findings
        if not finding.shadow
    ]
    return json_reply(
        {"decision": decision_id, "status": report.status, "findings": found, "scanned": scan.complete},
        headers=attempted.headers,
    )


def _read(exchange: Exchange) -> Report:
    document = read_body(exchange)
    only_known(document, FIELDS)
    status = field(document, "status", str)
    if status not in STATUSES:
        raise Problem(400, "field.value", f"One of {', '.join(STATUSES)}.", path="/status")
    if status == "started" and len(document) > 1:
        raise Problem(400, "field.unknown", "A start carries nothing but its status.", path="")
    error = field(document, "error", str, default="") or None
    if error is not None and len(error) > LONGEST_ERROR:
        raise Problem(400, "field.size", f"At most {LONGEST_ERROR} characters.", path="/error")
    return Report(status=status, micros=_micros(document.get("ms")), error=error, result=document.get("result"))


def _micros(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 86_400_000:
        raise Problem(400, "field.type", "Must be a number of milliseconds, at most a day.", path="/ms")
    return round(value * 1000)

"""A decision read back from its record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from audit.records.kinds import Kind
from audit.trace.reading import find_record
from governance.engine.decision import Decision, Detail, Effect, LayerResult, Obligation, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A decision as it was recorded: for whom, about what, when (seconds UTC)."""

    id: str
    principal: str
    agent: str | None
    entity_kind: str
    entity: str
    at: float
    decision: Decision


def recorded_decision(id: UUID) -> Recorded | None:
    """The decision of that id; None where the trail holds none (yet)."""
    record = find_record(id)
    if record is None or record.kind != Kind.DECISION.value:
        return None
    data: dict[str, Any] = record.content()["data"]
    evidence = data.get("evidence", {})
    return Recorded(
        id=str(record.id),
        principal=record.principal or "",
        agent=record.agent,
        entity_kind=data["entity_kind"],
        entity=data["entity"],
        at=float(data["now"]),
        decision=Decision(
            effect=Effect(data["effect"]),
            layer=data.get("layer"),
            code=data.get("code"),
            reason=data.get("reason", ""),
            detail=Detail(**orjson.loads(data["detail"])) if "detail" in data else None,
            layers=tuple(_layer(line, evidence) for line in data["layers"]),
            obligations=tuple(
                Obligation(type=item["type"], paths=tuple(item["paths"]))
                for item in orjson.loads(data.get("obligations", "[]"))
            ),
            rule=data.get("rule"),
            masked=bool(data.get("masked")),
            matched=tuple(data.get("matched", ())),
            shadowed=tuple(data.get("shadowed", ())),
            asks=tuple(data.get("asks", ())),
            exemptions=tuple(data.get("exemptions", ())),
            retry_after_ms=data.get("retry_after_ms"),
            release=data["release"],
            digest=data["policy"],
        ),
    )


def _layer(line: str, evidence: dict[str, str]) -> LayerResult:
    name, outcome, nanos = line.split(" ")
    said = orjson.loads(evidence[name]) if name in evidence else {}
    return LayerResult(layer=name, outcome=Outcome(outcome), nanos=int(nanos), evidence=said)

"""What the OpenAPI document says of the deciding routes: shapes of requests and answers, as JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from governance.engine.decision import LAYERS, Effect, Outcome

Shape = dict[str, Any]
JSON = "application/json"
PROBLEM = "application/problem+json"


def text(description: str = "", **more: Any) -> Shape:
    """A string."""
    return {"type": "string", **({"description": description} if description else {}), **more}


def nullable(shape: Shape) -> Shape:
    """A value or null."""
    return {"anyOf": [shape, {"type": "null"}]}


def record(properties: Mapping[str, Shape], *, required: list[str] | None = None, closed: bool = True) -> Shape:
    """An object; every property is required unless `required` says which are."""
    shape: Shape = {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties) if required is None else required,
    }
    if closed:
        shape["additionalProperties"] = False
    return shape


def listed(items: Shape, **more: Any) -> Shape:
    """An array."""
    return {"type": "array", "items": items, **more}


def named(name: str) -> Shape:
    """A shape that stands under its name in the document."""
    return {"$ref": f"#/components/schemas/{name}"}


ID = text(pattern=r"^[A-Za-z0-9._:-]{1,128}$")
NAME = text("A server's slug or a tool's own name.", minLength=1, maxLength=128)
CONTEXT = record(
    {
        name: nullable(ID)
        for name in ("session_id", "trace_id", "context_id", "task_id", "client_id", "tool_use_id", "agent_id")
    },
    required=[],
)
CALL = record(
    {
        "server": NAME,
        "tool": NAME,
        "arguments": {"type": "object", "description": "The tool's arguments.", "additionalProperties": True},
        "data_sources": listed(ID, maxItems=64),
        "context": CONTEXT,
        "call_id": nullable(ID),
    },
    required=["server", "tool"],
)
PROBLEM_DETAILS = record(
    {
        "type": text(),
        "title": text(),
        "status": {"type": "integer"},
        "code": text("Stable; see docs/integrate/codes.md."),
        "detail": text(),
        "request_id": text(),
        "path": text("JSON pointer of the field that is wrong."),
    },
    required=["type", "title", "status", "code", "detail", "request_id"],
    closed=False,
)
DETAIL = record({"path": text(), "required": {}, "actual": {}, "fix": text()})
RECEIPT = record(
    {"node": text(), "boot": text(), "n": {"type": "integer"}, "digest": text("SHA-256 of the record's leaf, hex.")}
)
ANSWER = record(
    {
        "id": text("The decision's id, UUIDv7.", format="uuid"),
        "decision": text(enum=[effect.value for effect in Effect]),
        "layer": nullable(text("The layer that decided.", enum=list(LAYERS))),
        "code": nullable(text("Why, stable.")),
        "reason": text("Why, in a sentence that is safe to show."),
        "detail": nullable(named("Detail")),
        "layers": listed(
            record({"layer": text(enum=list(LAYERS)), "outcome": text(enum=[outcome.value for outcome in Outcome])})
        ),
        "obligations": listed(record({"type": text(enum=["redact", "confirm"]), "paths": listed(text())})),
        "valid_until": nullable(text("Until when an allow holds.", format="date-time")),
        "retry_after_ms": nullable({"type": "integer"}),
        "approval": nullable(record({"id": text(), "url": text(), "expires_at": text(format="date-time")})),
        "trace_id": nullable(text()),
        "receipt": RECEIPT,
        "rule": nullable(text("Staff only.")),
        "policy": record({"release": {"type": "integer"}, "digest": text()}),
        "micros": {"type": "integer", "description": "Staff only."},
    },
    required=[
        "id", "decision", "layer", "code", "reason", "detail", "layers", "obligations", "valid_until",
        "retry_after_ms", "approval", "trace_id", "receipt",
    ],
)  # fmt: skip
NAMED = record({"type": text(), "id": text(), "properties": {"type": "object"}}, required=["type", "id"], closed=False)
ANYTHING: Shape = {"description": "A default of the items; what is wrong with it is each item's own fault."}
EVALUATION = record(
    {
        "subject": NAMED,
        "action": record({"name": text()}, closed=False),
        "resource": NAMED,
        "context": {"type": "object", "additionalProperties": True},
    },
    required=["subject", "action", "resource"],
    closed=False,
)
SEARCH = record(
    {
        "subject": record({"type": text(), "id": text()}, required=["type"], closed=False),
        "action": record({"name": text()}, closed=False),
        "resource": record({"type": text(), "id": text()}, required=["type"], closed=False),
        "context": {"type": "object", "additionalProperties": True},
        "page": record({"token": text(), "limit": {"type": "integer", "minimum": 0}}, required=[], closed=False),
    },
    required=["subject", "resource"],
    closed=False,
)
FOUND = record(
    {
        "page": record({"next_token": text("Empty at the end."), "count": {"type": "integer"}}),
        "results": listed(record({"type": text(), "id": text(), "name": text()}, required=[])),
    }
)
EVALUATED = record({"decision": {"type": "boolean"}, "context": {"type": "object"}}, required=["decision"])

NAMED_SHAPES: Mapping[str, Shape] = {"Problem": PROBLEM_DETAILS, "Call": CALL, "Answer": ANSWER, "Detail": DETAIL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """One route's page: `request` and `responses` by status as drf-spectacular takes them."""

    summary: str
    description: str
    tag: str
    responses: Any
    request: Any = None
    query: tuple[tuple[str, str], ...] = field(default=())


def _answers(shape: Shape, *problems: int) -> dict[tuple[int, str], Shape]:
    said: dict[tuple[int, str], Shape] = {(200, JSON): shape}
    said |= {(status, PROBLEM): named("Problem") for status in problems}
    return said


_EVERY = (400, 401, 403, 413, 415, 429, 503)
_AUTHZEN = tuple(status for status in _EVERY if status != 415)

DOCUMENTED: Mapping[str, Documented] = {
    "decisions": Documented(
        summary="Decide one call",
        description=(
            "Allow, deny and ask are all answered by 200; anything but a 200 with `allow` is a deny. The decision is "
            "recorded before it is answered: `receipt` says where. A repeated `call_id` gets the stored answer."
        ),
        tag="decisions",
        request={JSON: named("Call")},
        responses=_answers(named("Answer"), *_EVERY, 409),
    ),
    "decisions-batch": Documented(
        summary="Decide up to a hundred calls, in order",
        description="Each call is decided, charged and recorded by itself. Calls after a short circuit are skipped.",
        tag="decisions",
        request={
            JSON: record(
                {
                    "calls": listed(named("Call"), minItems=1, maxItems=100),
                    "semantic": text(enum=["execute_all", "deny_on_first_deny", "permit_on_first_permit"]),
                },
                required=["calls"],
            )
        },
        responses=_answers(
            record({"decisions": listed({"anyOf": [named("Answer"), record({"skipped": {"const": True}})]})}),
            *_EVERY,
            409,
        ),
    ),
    "decisions-outcome": Documented(
        summary="Report what became of an allowed call",
        description="A start at most once, an end at most once; an end alone records both. Results are scanned.",
        tag="decisions",
        request={
            JSON: record(
                {
                    "status": text(enum=["started", "success", "failed"]),
                    "ms": nullable({"type": "number", "minimum": 0, "maximum": 86_400_000}),
                    "error": text(maxLength=4096),
                    "result": {},
                },
                required=["status"],
            )
        },
        responses=_answers(
            record(
                {
                    "decision": text(),
                    "status": text(),
                    "findings": listed(record({"path": text(), "kind": text(), "detector": text()})),
                    "scanned": {"type": "boolean"},
                }
            ),
            *_EVERY,
            404,
            409,
        ),  # fmt: skip
    ),
    "surface": Documented(
        summary="Every entity that exists for the caller",
        description="What is not listed does not exist for this principal and agent, at any door.",
        tag="caller",
        responses=_answers(
            record(
                {
                    "entities": listed(record({"kind": text(), "id": text(), "name": text(), "description": text()})),
                    "next": nullable(text("What `after` takes for the next page.")),
                }
            ),
            400,
            401,
            403,
            429,
        ),  # fmt: skip
        query=(("after", "The `next` of the page before."), ("limit", "Entities a page, at most 1000.")),
    ),
    "me": Documented(
        summary="Who the caller is, as verified",
        description="Nothing here comes from the request's body.",
        tag="caller",
        responses=_answers(
            record(
                {
                    "principal": record(
                        {
                            "id": text(),
                            "kind": text(),
                            "tier": text(),
                            "roles": listed(text()),
                            "groups": listed(text()),
                            "departments": listed(text()),
                        }
                    ),
                    "agent": nullable(text()),
                    "session_id": nullable(text()),
                    "expires_at": nullable(text(format="date-time")),
                }
            ),
            400,
            401,
            403,
            429,
        ),  # fmt: skip
    ),
    "front-door": Documented(
        summary="Name, version and endpoints",
        description="Open to everybody.",
        tag="caller",
        responses=_answers(record({"name": text(), "version": text(), "endpoints": {"type": "object"}}), 400, 403, 429),
    ),
    "hooks-claude-code": Documented(
        summary="Claude Code's hooks",
        description=(
            "The client's payload and the client's answer. Always a 200, since the client takes anything else for "
            "leave to go on: a bad token or body is a 200 that denies."
        ),
        tag="clients",
        request={JSON: {"type": "object", "additionalProperties": True}},
        responses={(200, JSON): {"type": "object"}},
    ),
    "evaluation": Documented(
        summary="AuthZEN 1.0: one evaluation",
        description='A denial is a 200 with `"decision": false`. Unknown fields are ignored.',
        tag="authzen",
        request={JSON: EVALUATION},
        responses=_answers(EVALUATED, *_AUTHZEN),
    ),
    "evaluations": Documented(
        summary="AuthZEN 1.0: a batch of evaluations",
        description="Top-level members are defaults of the items; without items it is a single evaluation.",
        tag="authzen",
        request={
            JSON: record(
                {
                    "evaluations": listed({"type": "object", "additionalProperties": True}, maxItems=100),
                    "options": {"type": "object"},
                    "subject": ANYTHING,
                    "action": ANYTHING,
                    "resource": ANYTHING,
                    "context": ANYTHING,
                },
                required=[],
                closed=False,
            )
        },
        responses=_answers({"anyOf": [EVALUATED, record({"evaluations": listed(EVALUATED)})]}, *_AUTHZEN),
    ),
    "search-subject": Documented(
        summary="AuthZEN 1.0: who may do this to that resource",
        description="Everybody finds themselves; staff and enforcement points (scope `pep`) find others.",
        tag="authzen",
        request={JSON: SEARCH},
        responses=_answers(FOUND, *_AUTHZEN),
    ),
    "search-resource": Documented(
        summary="AuthZEN 1.0: what this subject may act on",
        description=(
            "Comes from the subject's surface. With `context.arguments` only what is allowed with these is found. A "
            "page token holds for its reader and its search alone."
        ),
        tag="authzen",
        request={JSON: SEARCH},
        responses=_answers(FOUND, *_AUTHZEN),
    ),
    "search-action": Documented(
        summary="AuthZEN 1.0: what this subject may do to that resource",
        description="The action is `tools/call`, or none.",
        tag="authzen",
        request={JSON: SEARCH},
        responses=_answers(FOUND, *_AUTHZEN),
    ),
    "authzen-configuration": Documented(
        summary="AuthZEN 1.0: discovery",
        description="Open to everybody.",
        tag="authzen",
        responses=_answers(
            record(
                {
                    "policy_decision_point": text(),
                    "access_evaluation_endpoint": text(),
                    "access_evaluations_endpoint": text(),
                    "search_subject_endpoint": text(),
                    "search_resource_endpoint": text(),
                    "search_action_endpoint": text(),
                }
            ),
            400,
            403,
            429,
        ),
    ),
}

"""The routes of questions, with their pages in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from governance.api.door.shapes import CALL, DETAIL, ID, listed, nullable, record, text
from governance.api.management.asking.answers import QuestionView
from governance.api.management.authoring.routes import route
from governance.api.management.documents import answers, documented
from governance.engine.call import EntityKind
from governance.engine.decision import LAYERS, Effect, Outcome
from governance.engine.principal import TIERS, PrincipalKind

_EFFECT = text(enum=list(Effect))
_PRINCIPAL = {
    "description": "A principal's id, `anonymous`, or one described on the spot.",
    "anyOf": [
        ID,
        record(
            {
                "kind": text(enum=list(PrincipalKind)),
                "tier": text(enum=list(TIERS)),
                "roles": listed(ID, maxItems=256),
                "groups": listed(ID, maxItems=256),
                "departments": listed(ID, maxItems=256),
                "owner": nullable(ID),
            },
            required=[],
        ),
    ],
}
_ENTITY = text("kind:id", pattern=f"^({'|'.join(EntityKind)}):.{{1,260}}$")
_CALL = {"anyOf": [CALL, record({"entity": _ENTITY})]}
_POLICY = {
    "description": "`current`, `draft`, or the number of a release.",
    "anyOf": [text(enum=["current", "draft"]), {"type": "integer", "minimum": 1, "maximum": 2**53 - 1}],
}
_AT = nullable(text("A past time: the release, the directory and the switches of then.", format="date-time"))
_ASK = {
    "principal": _PRINCIPAL,
    "agent": nullable(ID),
    "audience": nullable(text(maxLength=500)),
    "call": _CALL,
    "policy": _POLICY,
    "at": _AT,
}
_LIMIT = {"type": "integer", "minimum": 1, "maximum": 1000}
_NEAREST = nullable(record({"path": text(), "fix": text(), "rule": nullable(text())}))
_LAYER = record(
    {
        "layer": text(enum=list(LAYERS)),
        "outcome": text(enum=list(Outcome)),
        "micros": {"type": "integer", "description": "Staff only."},
        "evidence": {"type": "object", "description": "Staff only."},
    },
    required=["layer", "outcome"],
)
_DECISION = record(
    {
        "decision": _EFFECT,
        "layer": nullable(text()),
        "code": nullable(text()),
        "reason": text(),
        "detail": nullable(DETAIL),
        "layers": listed(_LAYER),
        "obligations": listed(record({"type": text(), "paths": listed(text())})),
        "rule": nullable(text("Staff only.")),
        "matched": listed(text()),
        "shadowed": listed(text()),
        "asks": listed(text()),
        "exemptions": listed(text()),
        "hidden": {"type": "boolean", "description": "Staff only: the caller is told that there is no such entity."},
    },
    required=["decision", "layer", "code", "reason", "detail", "layers", "obligations"],
)
_RELEASE = record({"release": {"type": "integer"}, "digest": text()})
_CONSIDERED = record(
    {
        "rule": text(),
        "effect": _EFFECT,
        "shadow": {"type": "boolean"},
        "matches": {"type": "boolean"},
        "subjects": {"type": "boolean", "description": "Whether the caller is meant, `except` counted in."},
        "window": {"type": "boolean"},
        "parameters": nullable(text("The refused pointer.")),
        "condition": nullable({"type": "boolean", "description": "null: it cannot be evaluated."}),
        "parts": listed(record({"source": text(), "value": nullable({"type": "boolean"})})),
    }
)
_EXPLANATION = record(
    {
        "policy": _RELEASE,
        "decision": _DECISION,
        "considered": listed(_CONSIDERED),
        "omitted": {"type": "integer"},
        "nearest": _NEAREST,
    }
)
_RECORDED = record(
    {
        "id": text(format="uuid"),
        "at": text(format="date-time"),
        "decision": _DECISION,
        "nearest": _NEAREST,
        "policy": nullable(_RELEASE),
    }
)
_SIDE = {"anyOf": [_EXPLANATION, record({"errors": listed(record({"path": text(), "message": text()}))})]}
_RIGHT = record(
    {
        "principal": text(),
        "kind": text(),
        "id": text(),
        "effect": _EFFECT,
        "conditional": {"type": "boolean", "description": "Arguments decide."},
        "code": nullable(text()),
        "rules": listed(text()),
    }
)
_RIGHTS = record({"rights": listed(_RIGHT), "next": nullable(text("What `after` takes for the next page."))})


def named_shapes() -> tuple[tuple[str, Any], ...]:
    """The shapes of questions that occur more than once."""
    return (
        ("Decision", _DECISION),
        ("Explanation", _EXPLANATION),
        ("RecordedExplanation", _RECORDED),
        ("Right", _RIGHT),
        ("Rights", _RIGHTS),
        ("AskedPrincipal", _PRINCIPAL),
    )


def _asked(verb: str, path: str, summary: str, request: Any, shape: Any, description: str = "") -> Any:
    def post(self: QuestionView, request: Any) -> Any:
        return getattr(self, verb)(request)

    page = documented(
        post,
        id=verb,
        summary=summary,
        tag="questions",
        description=description or "Staff in person. It spends and changes nothing; it is recorded.",
        request=request,
        responses=answers(shape, 404, 409, 413, 415),
    )
    return route(path, path, QuestionView, {"post": page})


question_routes = [
    _asked(
        "explain",
        "explain",
        "Why a call is decided as it is",
        {
            "anyOf": [
                record({"decision": text("The id of a recorded decision.", format="uuid")}),
                record(_ASK, required=["principal", "call"]),
            ]
        },
        {"anyOf": [_RECORDED, _EXPLANATION]},
        "Staff ask about anybody, by any policy, at any time. Everybody else about their own recorded decisions.",
    ),
    _asked(
        "simulate",
        "simulate",
        "One call by what is in force and by the draft",
        record(
            {key: shape for key, shape in _ASK.items() if key not in ("policy", "at")}, required=["principal", "call"]
        ),
        record({"current": _SIDE, "draft": _SIDE, "differ": {"type": "boolean"}}),
    ),
    _asked(
        "why_not",
        "why-not",
        "The nearest change that would make a call pass",
        record(_ASK, required=["principal", "call"]),
        record({"decision": _EFFECT, "layer": nullable(text()), "code": nullable(text()), "nearest": _NEAREST}),
    ),
    _asked(
        "who_can",
        "who-can",
        "Who can do this",
        record(
            {
                "call": _CALL,
                "agent": nullable(ID),
                "policy": _POLICY,
                "at": _AT,
                "after": nullable(ID),
                "limit": _LIMIT,
            },
            required=["call"],
        ),
        _RIGHTS,
        "By layer 1. Without `arguments` whatever they are: `conditional` says that they decide.",
    ),
    _asked(
        "what_can",
        "what-can",
        "What somebody can do",
        record(
            {
                "principal": _PRINCIPAL,
                "agent": nullable(ID),
                "entity": _ENTITY,
                "policy": _POLICY,
                "at": _AT,
                "after": text(maxLength=300),
                "limit": _LIMIT,
            },
            required=["principal"],
        ),
        _RIGHTS,
        "With `entity` that one cell, with the rules that grant or block it.",
    ),
]

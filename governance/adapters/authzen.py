"""AuthZEN Authorization API 1.0 to what Toolgate decides, and a decision to AuthZEN's answer.

Shapes: openid/authzen `api/authorization-api-1_0.md` (final). Unknown fields are ignored, a missing required field is
a 400 with a plain text, a denial is a 200 with `"decision": false`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from governance.engine.call import EntityKind, Json

SUBJECT_TYPES = frozenset({"user", "service", "agent", "identity"})
CALL_ACTION = "tools/call"
MAX_EVALUATIONS = 100


class BadEvaluation(Exception):
    """A request that is not an evaluation; `message` names the field."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Semantic(StrEnum):
    """When a batch stops (`options.evaluations_semantic`)."""

    EXECUTE_ALL = "execute_all"
    DENY_ON_FIRST_DENY = "deny_on_first_deny"
    PERMIT_ON_FIRST_PERMIT = "permit_on_first_permit"

    def stops_after(self, permitted: bool) -> bool:
        """Whether a batch under this semantic ends with an item that was answered so."""
        return self is (Semantic.PERMIT_ON_FIRST_PERMIT if permitted else Semantic.DENY_ON_FIRST_DENY)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedId:
    """A subject or a resource: type, id and its properties."""

    type: str
    id: str
    properties: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One question: may this subject do this to that resource?"""

    subject: TypedId
    action: str
    resource: TypedId
    arguments: Mapping[str, Json]
    agent_id: str | None
    session_id: str | None

    @property
    def kind(self) -> EntityKind | None:
        """The entity kind asked about; None for an action or a type, of subject or resource, that nobody knows here."""
        if self.subject.type not in SUBJECT_TYPES:
            return None
        if self.action != CALL_ACTION or self.resource.type not in EntityKind.__members__.values():
            return None
        return EntityKind(self.resource.type)


def read_evaluation(document: Json, defaults: Mapping[str, Json] | None = None) -> Evaluation:
    """Return the question in `document`, with what it leaves out taken from a batch's top level."""
    if not isinstance(document, dict):
        raise BadEvaluation("The request must be a JSON object.")
    merged = {**(defaults or {}), **document}
    action = merged.get("action")
    if not isinstance(action, dict):
        raise BadEvaluation("action is required and must be an object.")
    context = merged.get("context", {})
    if not isinstance(context, dict):
        raise BadEvaluation("context must be an object.")
    arguments = context.get("arguments", {})
    if not isinstance(arguments, dict):
        raise BadEvaluation("context.arguments must be an object.")
    return Evaluation(
        subject=_named(merged, "subject"),
        action=_required(action, "name", "action.name"),
        resource=_named(merged, "resource"),
        arguments=arguments,
        agent_id=_label(context, "agent_id"),
        session_id=_label(context, "session_id"),
    )


def read_batch(document: Json) -> tuple[tuple[Evaluation | BadEvaluation, ...], Semantic] | None:
    """Return a batch's questions in order with its semantic, or None where the request is a single evaluation."""
    if not isinstance(document, dict):
        raise BadEvaluation("The request must be a JSON object.")
    items = document.get("evaluations")
    if items is None or items == []:
        return None
    if not isinstance(items, list):
        raise BadEvaluation("evaluations must be an array.")
    if len(items) > MAX_EVALUATIONS:
        raise BadEvaluation(f"evaluations holds {len(items)} items; at most {MAX_EVALUATIONS} are answered.")
    options = document.get("options", {})
    if not isinstance(options, dict):
        raise BadEvaluation("options must be an object.")
    word = options.get("evaluations_semantic", Semantic.EXECUTE_ALL.value)
    if not isinstance(word, str) or word not in Semantic.__members__.values():
        raise BadEvaluation("options.evaluations_semantic is not one that the standard names.")
    shared = ("subject", "action", "resource", "context")
    defaults: dict[str, Json] = {key: document[key] for key in shared if key in document}
    return tuple(_item(item, defaults) for item in items), Semantic(word)


def error_item(status: int, message: str) -> dict[str, Json]:
    """A batch item that could not be evaluated: a denial that says why."""
    return {"decision": False, "context": {"error": {"status": status, "message": message}}}


def _item(item: Json, defaults: Mapping[str, Json]) -> Evaluation | BadEvaluation:
    try:
        return read_evaluation(item, defaults)
    except BadEvaluation as bad:
        return bad


def _named(document: Mapping[str, Json], key: str) -> TypedId:
    value = document.get(key)
    if not isinstance(value, dict):
        raise BadEvaluation(f"{key} is required and must be an object.")
    properties = value.get("properties", {})
    if not isinstance(properties, dict):
        raise BadEvaluation(f"{key}.properties must be an object.")
    return TypedId(
        type=_required(value, "type", f"{key}.type"), id=_required(value, "id", f"{key}.id"), properties=properties
    )


def _required(document: Mapping[str, Json], key: str, name: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise BadEvaluation(f"{name} is required and must be a string.")
    return value


def _label(context: Mapping[str, Json], key: str) -> str | None:
    value = context.get(key)
    if value is not None and not isinstance(value, str):
        raise BadEvaluation(f"context.{key} must be a string.")
    return value

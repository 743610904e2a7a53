"""AuthZEN's searches: which subjects, resources or actions would complete a question, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from governance.adapters.authzen import CALL_ACTION, SUBJECT_TYPES, BadEvaluation
from governance.engine.call import EntityKind, Json

PAGE = 100
MOST_A_PAGE = 1_000


class Sought(StrEnum):
    """What a search looks for."""

    SUBJECT = "subject"
    RESOURCE = "resource"
    ACTION = "action"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One search. What is sought has no id (or no name); `arguments` is None where the request gives no context for
    them, and then conditions are left out of account. `limit` is the most results of its page."""

    sought: Sought
    subject_type: str
    subject_id: str | None
    action: str | None
    resource_type: str
    resource_id: str | None
    arguments: Mapping[str, Json] | None
    agent_id: str | None
    token: str
    limit: int

    @property
    def kind(self) -> EntityKind | None:
        """The entity kind asked about; None for an action or a type, of subject or resource, that nobody knows here."""
        if self.subject_type not in SUBJECT_TYPES:
            return None
        if self.action not in (None, CALL_ACTION) or self.resource_type not in EntityKind.__members__.values():
            return None
        return EntityKind(self.resource_type)


def read_search(document: Json, sought: Sought) -> Search:
    """The search in `document`. What is sought may carry an id, which is ignored. Raises BadEvaluation."""
    if not isinstance(document, dict):
        raise BadEvaluation("The request must be a JSON object.")
    subject, resource = _object(document, "subject"), _object(document, "resource")
    context = _object(document, "context", optional=True)
    arguments = context.get("arguments")
    if arguments is not None and not isinstance(arguments, dict):
        raise BadEvaluation("context.arguments must be an object.")
    agent_id = context.get("agent_id")
    if agent_id is not None and not isinstance(agent_id, str):
        raise BadEvaluation("context.agent_id must be a string.")
    action = None if sought is Sought.ACTION else _text(_object(document, "action"), "name", "action.name")
    token, limit = _page(_object(document, "page", optional=True))
    return Search(
        sought=sought,
        subject_type=_text(subject, "type", "subject.type"),
        subject_id=None if sought is Sought.SUBJECT else _text(subject, "id", "subject.id"),
        action=action,
        resource_type=_text(resource, "type", "resource.type"),
        resource_id=None if sought is Sought.RESOURCE else _text(resource, "id", "resource.id"),
        arguments=arguments,
        agent_id=agent_id,
        token=token,
        limit=limit,
    )


def _page(page: Mapping[str, Json]) -> tuple[str, int]:
    token, limit = page.get("token"), page.get("limit")
    if token is not None and not isinstance(token, str):
        raise BadEvaluation("page.token must be a string.")
    if limit is None:
        return token or "", PAGE
    if type(limit) is not int or limit < 0:
        raise BadEvaluation("page.limit must be a whole number, 0 or more.")
    return token or "", min(limit, MOST_A_PAGE)


def _object(document: Mapping[str, Json], key: str, *, optional: bool = False) -> Mapping[str, Json]:
    value = document.get(key)
    if value is None and optional:
        return {}
    if not isinstance(value, dict):
        raise BadEvaluation(f"{key} {'' if optional else 'is required and '}must be an object.")
    return value


def _text(document: Mapping[str, Json], key: str, name: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise BadEvaluation(f"{name} is required and must be a string.")
    return value

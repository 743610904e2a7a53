"""The deciding routes as data: one table that the inline lane, Django's URLs and the OpenAPI document are made from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from governance.api.authzen.evaluation import answer_evaluation, answer_evaluations
from governance.api.authzen.search import (
    answer_configuration,
    answer_search_action,
    answer_search_resource,
    answer_search_subject,
)
from governance.api.deciding.about_me import answer_front_door, answer_me, answer_surface
from governance.api.deciding.decisions import answer_batch, answer_decision
from governance.api.deciding.outcomes import answer_outcome
from governance.api.door.exchange import Answer, Exchange, Problem, Reply, problem_reply
from governance.api.door.lane import Route
from governance.api.hooks.claude_code import answer_claude_code, refused
from governance.deciding.runtime import Runtime

Deciding = Callable[[Runtime, Exchange], Awaitable[Reply]]

DECIDING: tuple[tuple[str, str, str, Deciding], ...] = (
    ("decisions", "POST", "/api/v1/decisions", answer_decision),
    ("decisions-batch", "POST", "/api/v1/decisions/batch", answer_batch),
    ("decisions-outcome", "POST", "/api/v1/decisions/(?P<id>[0-9a-f-]{36})/outcome", answer_outcome),
    ("surface", "GET", "/api/v1/surface", answer_surface),
    ("me", "GET", "/api/v1/me", answer_me),
    ("front-door", "GET", "/api/v1/", answer_front_door),
    ("hooks-claude-code", "POST", "/hooks/claude-code", answer_claude_code),
    ("evaluation", "POST", "/access/v1/evaluation", answer_evaluation),
    ("evaluations", "POST", "/access/v1/evaluations", answer_evaluations),
    ("search-subject", "POST", "/access/v1/search/subject", answer_search_subject),
    ("search-resource", "POST", "/access/v1/search/resource", answer_search_resource),
    ("search-action", "POST", "/access/v1/search/action", answer_search_action),
    ("authzen-configuration", "GET", "/.well-known/authzen-configuration", answer_configuration),
)
"""Name, method, path (a regular expression where it has a part that varies) and answer of every route of the lane."""


REFUSALS: Mapping[str, Callable[[Problem, str], Reply]] = {"hooks-claude-code": refused}
"""Routes that answer a problem in their client's form."""


def bound(answer: Deciding, runtime: Callable[[], Runtime]) -> Answer:
    """An answer over the runtime of this process."""

    async def answered(exchange: Exchange) -> Reply:
        return await answer(runtime(), exchange)

    return answered


def lane_routes(runtime: Callable[[], Runtime]) -> list[Route]:
    """The deciding routes as the inline lane serves them."""
    return [
        Route(
            method=method,
            pattern=path,
            answer=bound(answer, runtime),
            name=name,
            refusal=REFUSALS.get(name, problem_reply),
        )
        for name, method, path, answer in DECIDING
    ]

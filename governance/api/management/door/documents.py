"""What the OpenAPI document says of a management route: its page, from its summary, body, answer and refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.urls import URLPattern, re_path
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema

from governance.api.door.shapes import JSON, PROBLEM, named
from governance.api.management.door.door import ManagementView

REFUSED = (400, 401, 403, 429, 503)
"""What every management route may answer beside what it is for."""

NUMBER = r"[1-9][0-9]{0,17}"

Handler = TypeVar("Handler", bound=Callable[..., Any])


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The one way in: a bearer token."""

    target_class = "governance.api.management.door.door.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """RFC 6750."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


def documented(
    id: str,
    summary: str,
    answer: Any,
    *problems: int,
    body: Any = None,
    status: int = 200,
    tag: str = "",
    parameters: Iterable[OpenApiParameter] = (),
) -> Callable[[Handler], Handler]:
    """A handler with its page; the description is its docstring. `body` and `answer` are serializers, or shapes."""
    if body is not None:
        problems = (*problems, 413, 415)
    said: dict[Any, Any] = {status: None} if answer is None else {(status, JSON): answer}
    said |= {(problem, PROBLEM): named("Problem") for problem in (*REFUSED, *problems)}
    page: Callable[[Handler], Handler] = extend_schema(
        operation_id=id,
        summary=summary,
        request=None if body is None else {JSON: body},
        responses=said,
        parameters=list(parameters),
        tags=[tag or id.partition("_")[0]],
    )
    return page


def route(path: str, name: str, view: type[ManagementView]) -> URLPattern:
    """One path under `/api/v1/`; `path` is a regular expression without its ends."""
    return re_path(rf"^api/v1/{path}\Z", view.as_view(), name=f"manage-{name}")


def in_query(name: str, description: str, **shape: Any) -> OpenApiParameter:
    """A parameter of the query; a string of at most 2048 characters unless `shape` says otherwise."""
    return OpenApiParameter(
        name=name,
        location=OpenApiParameter.QUERY,
        required=False,
        type=shape or {"type": "string", "maxLength": 2048},
        description=description,
    )


LIMIT = in_query("limit", "Items a page.", type="integer", minimum=1, maximum=500, default=100)
PAGED = (in_query("after", "The `next` of the page before."), LIMIT)
IF_MATCH = OpenApiParameter(
    name="If-Match",
    location=OpenApiParameter.HEADER,
    required=False,
    type={"type": "string", "pattern": '^("[0-9]{1,18}"|\\*)$'},
    description="The ETag that you have seen, or `*`. Without it, and without `meta.revision`, the answer is 428.",
)

"""What the OpenAPI document says of the management routes: shapes made from the policy's own schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema

from governance.api.door.shapes import JSON, PROBLEM, PROBLEM_DETAILS, Shape, listed, nullable, record, text
from governance.api.management.resources import META, Resource
from governance.policy.files.json_schema import record_schema

REFUSED = (400, 401, 403, 429, 503)
"""What every management route may answer beside what it is for."""

MOMENT = text(format="date-time")
VERSION = record(
    {
        "revision": {"type": "integer", "description": "Grows with every change; the ETag.", "minimum": 0},
        "updated_at": nullable(MOMENT),
        "updated_by": text(),
    }
)
ENTRY = record(
    {
        "record": text("The audit record's id.", format="uuid"),
        "at": MOMENT,
        "who": text(),
        "action": text(),
        "reason": text(),
        "before": nullable({"type": "object"}),
        "after": nullable({"type": "object"}),
        "in_trail": {"type": "boolean"},
    }
)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The one way in: a bearer token."""

    target_class = "governance.api.management.door.door.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """RFC 6750."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


def answers(shape: Shape | None, *problems: int, status: int = 200, refused: Iterable[int] = REFUSED) -> dict[Any, Any]:
    """The responses of a route: what it is for, and problem details for everything else."""
    said: dict[Any, Any] = {status: None} if shape is None else {(status, JSON): shape}
    return said | {(problem, PROBLEM): PROBLEM_DETAILS for problem in (*refused, *problems)}


def documented(
    view: Callable[..., Any],
    *,
    id: str,
    summary: str,
    tag: str,
    responses: Mapping[Any, Any],
    description: str = "",
    request: Shape | None = None,
    parameters: Iterable[OpenApiParameter] = (),
) -> Callable[..., Any]:
    """A handler with its page in the OpenAPI document."""
    page: Callable[..., Any] = extend_schema(
        operation_id=id,
        summary=summary,
        description=description,
        request=None if request is None else {JSON: request},
        responses=dict(responses),
        parameters=list(parameters),
        tags=[tag],
    )
    found: Callable[..., Any] = page(view)
    return found


def in_path(name: str, pattern: str, description: str = "") -> OpenApiParameter:
    """A part of the path."""
    shape = {"type": "string", "pattern": f"^{pattern}$"}
    return OpenApiParameter(
        name=name, location=OpenApiParameter.PATH, required=True, type=shape, description=description
    )


def in_query(name: str, description: str, **shape: Any) -> OpenApiParameter:
    """A parameter of the query; a string of at most 2048 characters unless `shape` says otherwise."""
    return OpenApiParameter(
        name=name,
        location=OpenApiParameter.QUERY,
        required=False,
        type=shape or {"type": "string", "maxLength": 2048},
        description=description,
    )


PAGED = (
    in_query("after", "The `next` of the page before."),
    in_query("limit", "Items a page.", type="integer", minimum=1, maximum=500, default=100),
)
IF_MATCH = OpenApiParameter(
    name="If-Match",
    location=OpenApiParameter.HEADER,
    required=False,
    type={"type": "string", "pattern": '^("[0-9]{1,18}"|\\*)$'},
    description="The ETag that you have seen, or `*`. Without it, and without `meta.revision`, the answer is 428.",
)


def page_shape(items: Shape) -> Shape:
    """One page of a list."""
    return record({"items": listed(items), "next": nullable(text("What `after` takes for the next page."))})


def object_shape(resource: Resource, *, written: bool) -> Shape:
    """An object of a resource: as it is read, or as it is written (then `meta` and the id of the path are optional)."""
    shape: dict[str, Any] = dict(record_schema(resource.home.record, without=resource.home.inner))
    properties: dict[str, Any] = dict(shape["properties"])
    required = [key for key in shape.get("required", []) if key != "id"]
    if not resource.single:
        own = properties.pop("id", {"type": "string", "pattern": f"^{resource.key}$"})
        properties = {"id": own, **properties}
        if not written:
            required = ["id", *required]
    if written:
        properties[META] = record({"revision": VERSION["properties"]["revision"]}, required=[], closed=False)
    else:
        properties[META] = VERSION
        required.append(META)
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": required}

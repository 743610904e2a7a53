"""The views of every resource, made from the table, each with its page in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.http import HttpResponse
from django.urls import URLPattern, re_path
from rest_framework.request import Request

from governance.api.door.shapes import listed, record
from governance.api.management.authoring.objects import CollectionView, HistoryView, ObjectsView, ObjectView
from governance.api.management.documents import (
    ENTRY,
    IF_MATCH,
    PAGED,
    answers,
    documented,
    in_path,
    in_query,
    object_shape,
    page_shape,
)
from governance.api.management.door.door import ManagementView
from governance.api.management.resources import RESOURCES, Resource


def route(
    path: str, name: str, view: type[ManagementView], handlers: Mapping[str, Callable[..., Any]], **more: Any
) -> URLPattern:
    """One path under `/api/v1/` with its handlers by method; `path` is a regular expression without its ends."""
    title = "".join(part.title() for part in name.replace("_", "-").split("-"))
    made = type(f"{title}View", (view,), {**{method.lower(): call for method, call in handlers.items()}, **more})
    return re_path(rf"^api/v1/{path}\Z", made.as_view(), name=f"manage-{name}")  # type: ignore[attr-defined]


def resource_routes() -> Iterator[URLPattern]:
    """The routes of every resource; what is below an object comes before the object."""
    for resource in RESOURCES:
        if not resource.single:
            yield _collection(resource)
        at = "/".join((resource.path, *(f"(?P<{name}>{pattern})" for name, pattern in resource.parts)))
        yield _history(resource, at)
        yield _object(resource, at)


def _collection(resource: Resource) -> URLPattern:
    def get(self: CollectionView, request: Request) -> HttpResponse:
        return self.list_objects(request)

    def post(self: CollectionView, request: Request) -> HttpResponse:
        return self.add_object(request)

    read, tag = object_shape(resource, written=False), resource.path.partition("/")[0]
    return route(
        resource.path,
        resource.name,
        CollectionView,
        {
            "get": documented(
                get,
                id=f"{resource.name}_list",
                summary=f"List: {resource.title}",
                description="What the reader's grants reach, a page at a time, oldest first.",
                tag=tag,
                responses=answers(page_shape(read)),
                parameters=(*PAGED, in_query("q", "Only those whose id, name or description holds this text.")),
            ),
            "post": documented(
                post,
                id=f"{resource.name}_create",
                summary=f"Add: {resource.title}",
                description="Keys are those of the policy file. It is part of the draft until a release is published.",
                tag=tag,
                request=object_shape(resource, written=True),
                responses=answers(read, 409, 413, 415, status=201),
            ),
        },
        resource=resource,
    )


def _object(resource: Resource, at: str) -> URLPattern:
    def get(self: ObjectView, request: Request, **at: str) -> HttpResponse:
        return self.read_object(request, "/".join(at.values()))

    def put(self: ObjectView, request: Request, **at: str) -> HttpResponse:
        return self.write_object(request, "/".join(at.values()))

    def delete(self: ObjectView, request: Request, **at: str) -> HttpResponse:
        return self.remove_object(request, "/".join(at.values()))

    shape, tag, where = object_shape(resource, written=False), resource.path.partition("/")[0], _where(resource)
    handlers = {
        "get": documented(
            get,
            id=f"{resource.name}_read",
            summary=f"Read: {resource.title}",
            tag=tag,
            responses=answers(shape, 404),
            parameters=where,
        ),
        "put": documented(
            put,
            id=f"{resource.name}_write",
            summary=f"Write: {resource.title}",
            description="The whole object anew. 412 with both versions where somebody has changed it meanwhile.",
            tag=tag,
            request=object_shape(resource, written=True),
            responses=answers(shape, 404, 409, 412, 413, 415, 428),
            parameters=(*where, IF_MATCH),
        ),
    }
    if not resource.single:
        handlers["delete"] = documented(
            delete,
            id=f"{resource.name}_remove",
            summary=f"Remove: {resource.title}",
            tag=tag,
            responses=answers(None, 404, 409, 412, 428, status=204),
            parameters=(*where, IF_MATCH),
        )
    return route(at, f"{resource.name}-one", ObjectView, handlers, resource=resource)


def _history(resource: Resource, at: str) -> URLPattern:
    def get(self: HistoryView, request: Request, **at: str) -> HttpResponse:
        return self.read_history(request, "/".join(at.values()))

    page = documented(
        get,
        id=f"{resource.name}_history",
        summary=f"What happened: {resource.title}",
        description="From the audit records, newest first.",
        tag=resource.path.partition("/")[0],
        responses=answers(record({"items": listed(ENTRY)}), 404),
        parameters=(*_where(resource), PAGED[1]),
    )
    return route(rf"{at}/history", f"{resource.name}-history", HistoryView, {"get": page}, resource=resource)


def _where(resource: Resource) -> tuple[Any, ...]:
    return tuple(in_path(name, pattern, f"Of the {resource.title}.") for name, pattern in resource.parts)


__all__ = ["ObjectsView", "resource_routes", "route"]

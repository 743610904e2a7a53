"""Where the draft's objects are: the routes of every resource, each with its pages in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.urls import URLPattern
from drf_spectacular.utils import extend_schema_view

from governance.api.door.shapes import listed, named, nullable, record, text
from governance.api.management.door.documents import IF_MATCH, LIMIT, PAGED, documented, in_query, route
from governance.api.management.door.history import HistoryAnswer
from governance.api.management.objects.resources import RESOURCES, Resource
from governance.api.management.objects.views import CollectionView, HistoryView, ObjectsView, ObjectView, SingleView

_MATCHING = in_query("q", "Only those whose id, name or description holds this text.")


def resource_routes() -> Iterator[URLPattern]:
    """The routes of every resource; what is below an object comes before the object."""
    for resource in RESOURCES:
        title, name = resource.title, resource.model.__name__
        read, written = named(name), named(f"{name}Written")
        page = record({"items": listed(read), "next": nullable(text("What `after` takes for the next page."))})
        if not resource.single:
            yield _route(
                resource,
                CollectionView,
                get=_page(resource, "list", f"List: {title}", page, parameters=(*PAGED, _MATCHING)),
                post=_page(resource, "create", f"Add: {title}", read, 409, body=written, status=201),
            )
        at = "".join(f"/(?P<{part}>{pattern})" for part, pattern in resource.parts)
        history = _page(resource, "history", f"What happened: {title}", HistoryAnswer, 404, parameters=(LIMIT,))
        yield _route(resource, HistoryView, f"{at}/history", "-history", get=history)
        pages = {
            "get": _page(resource, "read", f"Read: {title}", read, 404),
            "put": _page(
                resource, "write", f"Write: {title}", read, 404, 409, 412, 428, body=written, parameters=(IF_MATCH,)
            ),
            "delete": _page(
                resource, "remove", f"Remove: {title}", None, 404, 409, 412, 428, status=204, parameters=(IF_MATCH,)
            ),
        }
        if resource.single:
            del pages["delete"]
        yield _route(resource, SingleView if resource.single else ObjectView, at, "-one", **pages)


def _page(resource: Resource, action: str, summary: str, answer: Any, *problems: int, **more: Any) -> Any:
    tag = resource.path.partition("/")[0]
    return documented(f"{resource.name}_{action}", summary, answer, *problems, tag=tag, **more)


def _route(
    resource: Resource, view: type[ObjectsView], at: str = "", name: str = "", **pages: Callable[..., Any]
) -> URLPattern:
    made = type(f"{resource.model.__name__}{view.__name__}", (view,), {"resource": resource})
    return route(f"{resource.path}{at}", f"{resource.name}{name}", extend_schema_view(**pages)(made))

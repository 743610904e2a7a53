"""The OpenAPI document: complete, the same as the one in docs, and one shape for every error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.urls import URLPattern
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

from governance.api.door.exchange import Problem
from governance.api.urls import urlpatterns

KEPT = Path(__file__).resolve().parents[3] / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    generator: Any = SchemaGenerator
    schema: dict[str, Any] = generator().get_schema(request=None, public=True)
    return schema


def test_the_document_in_docs_is_the_one_that_is_served(document: dict[str, Any]) -> None:
    renderer: Any = OpenApiYamlRenderer()
    rendered = renderer.render(document, renderer_context={}).decode()
    assert yaml.safe_load(KEPT.read_text()) == yaml.safe_load(rendered), (
        "out of date: manage.py spectacular --file docs/openapi.yaml"
    )


def test_every_route_is_in_the_document(document: dict[str, Any]) -> None:
    routes = [route for route in urlpatterns if isinstance(route, URLPattern) and route.name != "manage-unknown"]
    assert len(document["paths"]) == len(routes)


def test_every_operation_has_an_id_of_its_own_and_says_how_it_refuses(document: dict[str, Any]) -> None:
    ids = []
    for path, operations in document["paths"].items():
        for operation in operations.values():
            ids.append(operation["operationId"])
            if path == "/hooks/claude-code":
                continue
            refusals = {status: said for status, said in operation["responses"].items() if status >= "400"}
            assert refusals, path
            for said in refusals.values():
                shape = said["content"]["application/problem+json"]["schema"]
                assert shape == {"$ref": "#/components/schemas/Problem"}
    assert len(ids) == len(set(ids))


def test_the_error_shape_is_the_one_that_every_door_answers(document: dict[str, Any]) -> None:
    shape = document["components"]["schemas"]["Problem"]
    said = Problem(400, "a.b", "text", path="/x").document("r-1")
    assert set(shape["required"]) <= set(said) <= set(shape["properties"])

"""The last step of the OpenAPI document: the shapes that no serializer makes, and what drf-spectacular leaves open."""

from __future__ import annotations

from typing import Any

from governance.api.door.shapes import NAMED_SHAPES
from governance.api.management.objects.shapes import object_shapes


def complete(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """The document with every named shape under `components`."""
    for operations in result["paths"].values():
        for operation in operations.values():
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
            if operation.get("security") == [{}]:
                del operation["security"]
    schemas = result["components"]["schemas"] | dict(NAMED_SHAPES) | dict(object_shapes())
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result

"""Objects of the draft in the OpenAPI document: what the policy's own schema says of them, with id and version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from governance.api.door.shapes import Shape, named
from governance.api.management.door.versions import META, SEEN
from governance.api.management.objects.resources import RESOURCES, Resource
from governance.policy.files.json_schema import record_schema


def object_shapes() -> Iterator[tuple[str, Shape]]:
    """Every resource's object by name: as it is read, and as it is written."""
    for resource in RESOURCES:
        yield resource.model.__name__, _shape(resource, written=False)
        yield f"{resource.model.__name__}Written", _shape(resource, written=True)


def _shape(resource: Resource, *, written: bool) -> Shape:
    """As it is written, `meta` and the id of the path are optional."""
    shape: dict[str, Any] = dict(record_schema(resource.home.record, without=resource.home.inner))
    properties: dict[str, Any] = dict(shape["properties"])
    required = [key for key in shape.get("required", []) if key != "id"]
    if not resource.single:
        own = properties.pop("id", {"type": "string", "pattern": f"^{resource.key}$"})
        properties = {"id": own, **properties}
        if not written:
            required = ["id", *required]
    if written:
        properties[META] = SEEN
    else:
        properties[META] = named("Version")
        required.append(META)
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": required}

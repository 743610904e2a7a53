"""The OpenAPI document with a name for every shape that occurs often, so that people and generators can read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from governance.api.door import shapes
from governance.api.management import documents as managed
from governance.api.management import shown
from governance.api.management.asking import routes as question_routes
from governance.api.management.directory import people
from governance.api.management.resources import RESOURCES


def named_shapes() -> Iterator[tuple[str, Any]]:
    """Every shape that has a name."""
    yield "Problem", shapes.PROBLEM_DETAILS
    yield "Call", shapes.CALL
    yield "Answer", shapes.ANSWER
    yield "Detail", shapes.DETAIL
    yield "Version", managed.VERSION
    yield "HistoryEntry", managed.ENTRY
    yield "User", people.USER
    yield "StaffGrant", people.GRANT
    for name in ("CHANGE", "FINDING", "RESULT", "COMMENT", "RELEASE", "PROPOSAL", "PUBLISHED", "SWITCH"):
        yield name.title(), getattr(shown, name)
    yield from question_routes.named_shapes()
    for resource in RESOURCES:
        name = resource.model.__name__
        yield name, managed.object_shape(resource, written=False)
        yield f"{name}Written", managed.object_shape(resource, written=True)


def name_shapes(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's last step: each named shape once under `components`, a reference everywhere else."""
    names: dict[bytes, str] = {}
    shapes: dict[str, Any] = {}
    for name, shape in named_shapes():
        names.setdefault(_text(shape), name)
        shapes.setdefault(name, shape)
    for operations in result["paths"].values():
        for operation in operations.values():
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
            if operation.get("security") == [{}]:
                del operation["security"]
    result["paths"] = _referring(result["paths"], names, whole=True)
    used: dict[str, Any] = {}
    waiting = list(_references(result["paths"]))
    while waiting:
        name = waiting.pop()
        if name not in used:
            used[name] = _referring(shapes[name], names, whole=False)
            waiting += _references(used[name])
    result.setdefault("components", {})["schemas"] = dict(sorted(used.items()))
    return result


def _referring(value: Any, names: dict[bytes, str], *, whole: bool) -> Any:
    """`value` with references for the named shapes in it; `whole` says that it may be one itself."""
    if isinstance(value, list):
        return [_referring(item, names, whole=True) for item in value]
    if not isinstance(value, dict):
        return value
    if whole and "type" in value and (name := names.get(_text(value))) is not None:
        return {"$ref": f"#/components/schemas/{name}"}
    return {key: _referring(item, names, whole=True) for key, item in value.items()}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str):
            yield reference.rpartition("/")[2]
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _text(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)

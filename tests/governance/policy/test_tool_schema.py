# ruff: noqa: E501 — one case a line reads better than one case in three
"""A pinned schema of unbounded cost is refused at its place, and an honest recursive one is not."""

from __future__ import annotations

import time
from typing import Any

import pytest

from governance.policy.checks.tool_schema import MAX_AT_ONE_PLACE, check_tool_schema
from governance.policy.document.errors import PolicyError
from governance.policy.document.node import planted


def faults(schema: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with a schema, as path and message."""
    errors: list[PolicyError] = []
    check_tool_schema(planted(schema), errors)
    return [(error.path, error.message) for error in errors]


@pytest.mark.parametrize(
    ("schema", "path", "circle"),
    [
        ({"allOf": [{"$ref": "#"}]}, "", "# → #/allOf/0 → #"),
        ({"$ref": "#"}, "", "# → #"),
        ({"properties": {"x": {"not": {"$ref": "#/properties/x"}}}}, "properties.x", "#/properties/x → #/properties/x/not →"),
        (
            {"if": {"$dynamicRef": "#a"}, "$defs": {"a": {"$dynamicAnchor": "a", "dependentSchemas": {"b": {"$ref": "#"}}}}},
            "",
            "# → #/if → #/$defs/a → #/$defs/a/dependentSchemas/b → #",
        ),
    ],
)  # fmt: skip
def test_a_part_that_comes_back_to_itself_at_one_value_is_refused(
    schema: dict[str, Any], path: str, circle: str
) -> None:
    ((where, message),) = faults(schema)
    assert where == path
    assert "refers to itself in a circle" in message
    assert circle in message


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}},
        {"anyOf": [{"type": "string"}, {"items": {"$ref": "#"}}]},
        {"$ref": "#/$defs/n", "$defs": {"n": {"allOf": [{"properties": {"n": {"$ref": "#/$defs/n"}}}] * 2}}},
        {"oneOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}], "$defs": {"a": {"$anchor": "a"}, "b": True}},
        {"properties": {"$ref": {"type": "string"}, "$id": {"type": "string"}}, "enum": [{"$ref": "elsewhere"}]},
        {"$id": "https://example.org/tool", "$ref": "#here", "$defs": {"a": {"$anchor": "here"}}},
    ],
)
def test_what_goes_deeper_each_time_or_is_no_reference_passes(schema: dict[str, Any]) -> None:
    assert faults(schema) == []


def test_too_many_parts_at_one_value_are_refused() -> None:
    ((path, message),) = faults({"properties": {"x": {"anyOf": [{"const": at} for at in range(MAX_AT_ONE_PLACE)]}}})
    assert path == "properties.x"
    assert str(MAX_AT_ONE_PLACE) in message


def test_references_to_nothing_elsewhere_and_documents_inside_are_refused_at_their_place() -> None:
    found = dict(
        faults(
            {
                "properties": {
                    "x": {"$ref": "#/$defs/no"},
                    "y": {"$ref": "http://x"},
                    "z": {"$id": "q"},
                    "w": {"$ref": "#no"},
                }
            }
        )
    )
    assert found.keys() == {
        'properties.x["$ref"]',
        'properties.y["$ref"]',
        'properties.z["$id"]',
        'properties.w["$ref"]',
    }


def test_expressions_too_large_together_are_refused() -> None:
    ((_, message),) = faults({"properties": {f"p{at}": {"pattern": f"^.{{1,{900 + at}}}$"} for at in range(50)}})
    assert "instructions" in message


def test_checking_the_largest_schema_takes_seconds_at_most() -> None:
    began = time.process_time()
    chain = {str(at): {"allOf": [{"$ref": f"#/$defs/{at + 1}"}]} for at in range(490)}
    faults({"properties": {f"p{at}": {"$ref": "#/$defs/0"} for at in range(5_000)}, "$defs": chain | {"490": {}}})
    assert time.process_time() - began < 20

"""What every room needs is written in one of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from governance.engine.normalise.names import PLUGIN_ID, SLUG, TOOL_NAME
from governance.policy.document.entity_patterns import PATTERN

PROJECT = Path(__file__).resolve().parents[2]
SOURCES = [
    path
    for room in ("config", "governance", "accounts", "audit")
    for path in sorted((PROJECT / room).rglob("*.py"))
    if "migrations" not in path.parts
]


@pytest.mark.parametrize(
    ("text", "home"),
    [
        (SLUG, "governance/engine/normalise/names.py"),
        (TOOL_NAME, "governance/engine/normalise/names.py"),
        (PLUGIN_ID, "governance/engine/normalise/names.py"),
        ('"mcp_registry"', "governance/engine/compiled/defaults.py"),
        (PATTERN, "governance/policy/document/entity_patterns.py"),
    ],
    ids=["an id", "a tool's name", "a plugin's id", "a rate class", "an entity pattern"],
)
def test_it_stands_in_one_module(text: str, home: str) -> None:
    assert [str(path.relative_to(PROJECT)) for path in SOURCES if text in path.read_text(encoding="utf-8")] == [home]

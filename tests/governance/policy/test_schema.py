"""One table of keys: the JSON Schema, the engine and the parser agree on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from governance.engine.compiled.compilation import compile_snapshot
from governance.engine.compiled.snapshot import EngineKeys
from governance.engine.principal import RATE_TIERS
from governance.policy.demo.files import POLICY_FILE
from governance.policy.files.bundle import parse_policy, read_policy
from governance.policy.files.json_schema import json_schema, schema_text
from governance.policy.files.yaml_reader import read_yaml
from governance.policy.schema.controls import RATE_LIMITS
from governance.policy.schema.sections import POLICY, default_of
from governance.policy.schema.shapes import Struct, Table
from tests.governance.policy.documents import EXAMPLE, small

KEPT = Path(__file__).resolve().parents[3] / "docs" / "policy.schema.json"


def validator() -> Any:
    return jsonschema.Draft202012Validator(json_schema())


def test_the_schema_in_docs_is_the_generated_one() -> None:
    assert KEPT.read_text(encoding="utf-8") == schema_text()


def test_the_schema_is_a_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("text", [EXAMPLE, POLICY_FILE.read_text(encoding="utf-8")], ids=["example", "demo"])
def test_the_schema_accepts_what_the_reader_accepts(text: str) -> None:
    written, errors = read_yaml(text, file="p.yaml")
    assert written is not None
    assert errors == []
    assert [error.message for error in validator().iter_errors(written.plain())] == []
    assert [error.message for error in validator().iter_errors(parse_policy(text))] == []


@pytest.mark.parametrize(
    "bad",
    [
        {"colour": "red"},
        {"roles": {"Big": {}}},
        {"servers": {"files": {"scopes": []}}},
        {"rules": [{"id": "r", "effect": "maybe", "subjects": {}, "entities": ["x"]}]},
        {"rules": [{"id": "r", "effect": "allow", "subjects": {}, "entities": ["plane:x y"]}]},
        {"settings": {"stale_after": "5"}},
        {
            "exemptions": [
                {"layer": "secrets", "name": "x", "entity": "**", "until": "2030-01-01T00:00:00Z", "justification": "x"}
            ]
        },
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(bad: dict[str, Any]) -> None:
    assert list(validator().iter_errors(small(**bad)))


def test_every_key_says_what_it_is_for() -> None:
    assert [path for path, doc in _docs(POLICY, "") if not doc] == []


def test_the_engine_takes_the_same_defaults() -> None:
    snapshot = compile_snapshot({"toolgate": 1}, release=0, digest="", keys=EngineKeys(fingerprint=b"k" * 32))
    assert snapshot.stale_after == default_of("settings", "stale_after")
    assert snapshot.stale_after_restricted == default_of("settings", "stale_after_restricted")
    assert snapshot.limits.session_calls == default_of("rate_limits", "session", "calls")
    assert snapshot.limits.session_window == default_of("rate_limits", "session", "window_seconds")
    assert snapshot.limits.burst_multiplier == default_of("rate_limits", "burst_multiplier")
    assert snapshot.limits.burst_multipliers == default_of("rate_limits", "burst_multipliers")
    base, factors = (RATE_LIMITS.fields[key].shape for key in ("base_per_second", "tier_multipliers"))
    assert isinstance(base, Table)
    assert isinstance(factors, Struct)
    assert set(factors.fields) == RATE_TIERS
    assert snapshot.limits.rates == {
        (name, tier): rate * factor.default  # type: ignore[operator]
        for name, rate in base.known.items()
        for tier, factor in factors.fields.items()
    }


def test_the_demo_uses_every_kind_of_object() -> None:
    document = read_policy(POLICY_FILE)
    missing = set(POLICY.fields) - set(document)
    assert missing <= {"bindings", "exemptions", "layers", "settings", "hooks"}


def _docs(record: Struct, path: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, field in record.fields.items():
        found.append((f"{path}.{key}", field.doc))
        inner: Any = field.shape
        while not isinstance(inner, Struct) and hasattr(inner, "of"):
            inner = inner.of
        if isinstance(inner, Struct):
            found.extend(_docs(inner, f"{path}.{key}"))
    return found

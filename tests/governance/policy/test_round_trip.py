"""Between file, document and bytes nothing is lost, and one meaning has one form."""

from __future__ import annotations

import json
import random
from typing import Any, cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.engine.document.policy import PolicyDocument
from governance.policy.checks.structure import check_structure
from governance.policy.document.canonical import normalise
from governance.policy.document.codec import canonical_json, digest
from governance.policy.files.bundle import parse_policy, write_yaml
from governance.policy.files.json_reader import read_json
from governance.policy.files.yaml_reader import read_yaml
from governance.policy.schema.sections import POLICY
from tests.governance.policy.documents import EXAMPLE, documents, rule, small

GENERATED = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@GENERATED
@given(documents())
def test_yaml_gives_any_document_back_exactly(document: PolicyDocument) -> None:
    canonical = normalise(document)
    text = write_yaml(document)
    tree, errors = read_yaml(text, file="p.yaml")
    assert tree is not None
    assert errors == []
    assert check_structure(tree, POLICY, errors), errors
    assert _exact(tree.plain()) == _exact(canonical)
    assert write_yaml(tree.plain()) == text


@GENERATED
@given(documents())
def test_json_gives_any_document_back_exactly(document: PolicyDocument) -> None:
    canonical = normalise(document)
    tree, errors = read_json(canonical_json(canonical).decode(), file="p.json")
    assert tree is not None
    assert errors == []
    assert _exact(normalise(tree.plain())) == _exact(canonical)


@GENERATED
@given(documents())
def test_the_canonical_form_of_the_canonical_form_is_itself(document: PolicyDocument) -> None:
    canonical = normalise(document)
    assert _exact(normalise(canonical)) == _exact(canonical)
    assert list(_keys(normalise(canonical))) == list(_keys(canonical))


@GENERATED
@given(documents(), st.randoms(use_true_random=False))
def test_neither_key_order_nor_list_order_changes_the_digest(document: PolicyDocument, order: random.Random) -> None:
    shuffled = _shuffled(document, order)
    assert digest(normalise(shuffled)) == digest(normalise(document))


def test_the_example_has_one_canonical_form() -> None:
    document = parse_policy(EXAMPLE)
    text = write_yaml(document)
    assert parse_policy(text) == document
    assert write_yaml(parse_policy(text)) == text
    assert "scopes: [user]" not in text, "a default is left out"
    assert "rate_limits" not in document
    assert "layers" not in document


def test_what_stands_at_its_default_is_left_out_and_an_empty_pack_list_stays() -> None:
    document = normalise(
        small(blocklist={"packs": []}, detectors={"packs": ["builtin"]}, settings={"two_person": False})
    )
    assert document["blocklist"] == {"packs": []}
    assert "detectors" not in document
    assert "settings" not in document


def test_numbers_timestamps_and_sets_have_one_form() -> None:
    document = normalise(
        small(
            rate_limits={"base_per_second": {"mcp": 10.0}},
            rules=[
                rule("b", valid_from="2026-01-01T01:30:00.000+01:30", subjects={"roles": ["analyst", "analyst"]}),
                rule("a"),
            ],
        )
    )
    rules = cast(list[dict[str, Any]], document["rules"])
    assert [one["id"] for one in rules] == ["a", "b"]
    assert rules[1]["valid_from"] == "2026-01-01T00:00:00Z"
    assert rules[1]["subjects"] == {"roles": ["analyst"]}
    assert canonical_json(document).count(b'"mcp":10}') == 1


def test_a_service_keeps_the_tier_that_it_names() -> None:
    document = normalise(small(principals={"alice": {}, "n": {"kind": "service", "tier": "user"}}))
    assert document["principals"] == {"alice": {}, "n": {"kind": "service", "tier": "user"}}


def test_a_service_without_a_tier_has_the_tier_of_services() -> None:
    document = normalise(small(principals={"alice": {}, "nightly": {"kind": "service", "owner": "alice"}}))
    assert document["principals"] == {"alice": {}, "nightly": {"kind": "service", "owner": "alice", "tier": "service"}}


def test_a_thousand_rules_come_back_byte_for_byte() -> None:
    rules = [
        rule(
            f"r{number:04}",
            ("allow", "deny", "ask")[number % 3],
            entities=[f"tool:files/t{number % 20}"],
            when=f"args.n > {number}",
            justification=f"reason {number}: yes, #{number}",
        )
        for number in range(1000)
    ]
    document = small(
        agents={},
        servers={"files": {"tools": {f"t{number}": {} for number in range(20)}}},
        rules=rules,
    )
    text = write_yaml(document)
    read = parse_policy(text)
    assert read == normalise(document)
    assert write_yaml(read) == text
    assert parse_policy(canonical_json(read).decode(), name="policy.json") == read


def _exact(value: Any) -> str:
    """JSON text, so that 1, 1.0 and True differ."""
    return json.dumps(value, sort_keys=True)


def _keys(value: Any) -> Any:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)


def _shuffled(value: Any, order: random.Random, *, inside: str = "") -> Any:
    """Keys of mappings, and the lists whose order means nothing, in another order."""
    if isinstance(value, dict):
        keys = list(value)
        order.shuffle(keys)
        return {key: _shuffled(value[key], order, inside=key) for key in keys}
    if isinstance(value, list) and inside in ("rules", "hooks", "roles", "groups", "departments", "scopes", "entities"):
        items = [_shuffled(item, order) for item in value]
        order.shuffle(items)
        return items
    return value

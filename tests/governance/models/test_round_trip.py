"""Every key of the schema has a home in the tables, and a policy comes back from them exactly as it went in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from accounts.services.actor import Actor
from governance.models import LayerMode
from governance.policy.document.canonical import normalise
from governance.policy.document.codec import canonical_json
from governance.policy.files.bundle import read_policy, write_yaml
from governance.policy.schema.sections import POLICY
from governance.policy.schema.shapes import Many, Struct, Table
from governance.policy.tables.compiler import read_draft
from governance.policy.tables.objects import put_together, take_apart
from governance.policy.tables.row_mapping import ROW_MAPPINGS, column_default
from governance.services.authoring import draft
from tests.governance.models.policies import maximal_policies, policies

EXAMPLE = Path(__file__).parent / "maximal.yaml"
SETUP = Actor.component("setup")
SLOW = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def test_every_key_of_the_schema_has_a_column_or_a_home_of_its_own() -> None:
    homeless = []
    for home in ROW_MAPPINGS:
        columns = {field.name for field in home.model._meta.fields}
        homeless += [f"{home.model.__name__}.{key}" for key, column in home.columns.items() if column not in columns]
        homeless += [f"{home.model.__name__}.{column}" for column in home.ids if not hasattr(home.model, column)]
    assert homeless == []


def test_every_top_level_key_and_every_inner_table_is_somebodys_path() -> None:
    paths = {home.path for home in ROW_MAPPINGS} | {("toolgate",)}
    assert {path[0] for path in paths} == set(POLICY.fields)
    for home in ROW_MAPPINGS:
        for inner in home.inner:
            shape = home.record.fields[inner].shape
            assert isinstance(shape, Table | Many)
            assert (*home.path, inner) in paths


def test_the_default_of_a_column_is_the_default_of_its_key() -> None:
    different = []
    for home in ROW_MAPPINGS:
        for key, column in home.columns.items():
            spec, default = home.record.fields[key], column_default(home.model, column)
            unset = default in ("", None) or default == []
            if not (default == spec.default or (spec.default is None and (unset or spec.required or default == {}))):
                different.append((home.model.__name__, key, spec.default, default))
    # A principal's tier depends on its kind, so its absence is kept as absence.
    assert different == [("PolicyPrincipal", "tier", "user", "")]


def test_layers_have_a_part_for_every_layer() -> None:
    shape = POLICY.fields["layers"].shape
    assert isinstance(shape, Struct)
    assert set(shape.fields) == {choice for choice, _ in LayerMode._meta.get_field("layer").choices or ()}


@given(policies)
@settings(max_examples=60, **SLOW)  # type: ignore[arg-type]
def test_a_policy_taken_apart_into_columns_is_put_together_the_same(document: dict[str, Any]) -> None:
    canonical = normalise(document)
    parts = take_apart(canonical)
    back = {home: {i: home.read(home.write(record)) for i, record in found.items()} for home, found in parts.items()}
    assert canonical_json(normalise(put_together(back))) == canonical_json(canonical)


@pytest.mark.django_db
@given(maximal_policies)
@settings(max_examples=12, **SLOW)  # type: ignore[arg-type]
def test_a_policy_with_every_key_set_comes_back_from_the_database(document: dict[str, Any]) -> None:
    _comes_back(document)


@pytest.mark.django_db
@given(policies)
@settings(max_examples=25, **SLOW)  # type: ignore[arg-type]
def test_any_policy_comes_back_from_the_database_whatever_was_there_before(document: dict[str, Any]) -> None:
    _comes_back(document)


@pytest.mark.django_db
def test_the_specifications_own_example_is_byte_identical_through_yaml_and_rows() -> None:
    document = read_policy([EXAMPLE])
    draft.replace_draft(actor=SETUP, document=document)
    assert canonical_json(read_draft().document) == canonical_json(normalise(document))
    assert write_yaml(read_draft().document) == write_yaml(normalise(document))


def _comes_back(document: dict[str, Any]) -> None:
    canonical = normalise(document)
    with pytest.MonkeyPatch.context() as patch:
        # What is drawn has the shape of a policy and not its sense; here only the keeping of it is looked at.
        patch.setattr(draft, "validate", lambda _document: [])
        draft.replace_draft(actor=SETUP, document=canonical)
        assert canonical_json(read_draft().document) == canonical_json(canonical)
        assert draft.replace_draft(actor=SETUP, document=canonical).changes == ()

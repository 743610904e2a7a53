"""What the admin offers is enforced, or the input says that it is not; pages that could do nothing are not there."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from accounts.admin.base.object_admin import ObjectAdmin, ReadOnlyAdmin
from governance.policy.schema.sections import waiting
from governance.policy.tables.row_mapping import ROW_MAPPING_OF, ROW_MAPPINGS
from tests.governance.admin.actors import signed_in, staff

pytestmark = pytest.mark.django_db
PROJECT = Path(__file__).resolve().parents[3]
NOT_OFFERED = {"governance.secret", "governance.secretversion", "governance.toolpin"}
"""Tables whose engine is to come: a page of them could only gather what nothing reads."""


@pytest.fixture
def author() -> Client:
    return signed_in(staff("policy_author"))


def _places() -> list[tuple[Any, str, str]]:
    """Model, field and sentence of every key that nothing enforces yet; the field is empty where all of it waits."""
    found = []
    for path, sentence in waiting():
        *above, key = path.split(".")
        if (home := next((each for each in ROW_MAPPINGS if each.path == tuple(path.split("."))), None)) is not None:
            found.append((home.model, "", sentence))
        else:
            home = next(each for each in ROW_MAPPINGS if each.path == tuple(above))
            found.append((home.model, home.columns[key], sentence))
    return found


def test_every_input_that_nothing_enforces_says_so(author: Client) -> None:
    places = _places()
    assert len(places) > 20
    silent = []
    for model, field, sentence in places:
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        single = not admin.site._registry[model].has_add_permission(_request(author))
        opened = author.get(reverse(f"{base}_change", args=(1,)) if single else reverse(f"{base}_add"))
        said = str(opened.context["adminform"].form.fields[field].help_text) if field else opened.context["notice"]
        if sentence not in said or escape(sentence) not in opened.content.decode():
            silent.append((model.__name__, field))
    assert silent == []


def test_what_stands_in_angle_brackets_is_shown(author: Client) -> None:
    assert (
        "Empty: &lt;issuer&gt;/mcp/&lt;id&gt;." in author.get(reverse("admin:governance_server_add")).content.decode()
    )


def test_a_kind_of_which_nothing_is_enforced_says_so_above_its_list(author: Client) -> None:
    for model in ("hook", "binding"):
        listed = author.get(reverse(f"admin:governance_{model}_changelist")).content.decode()
        assert '<p class="tg-notice">' in listed
        assert "yet" in listed
    assert "tg-notice" not in author.get(reverse("admin:governance_rule_changelist")).content.decode()


def test_tables_without_an_engine_have_no_page() -> None:
    labels = {model._meta.label_lower for model in admin.site._registry}
    assert len(labels) > 25
    assert labels & NOT_OFFERED == set()


def test_what_can_be_entered_beside_the_policy_is_read_by_somebody() -> None:
    read = _read()
    offered = []
    for model, page in admin.site._registry.items():
        if model in ROW_MAPPING_OF or isinstance(page, ReadOnlyAdmin) or not isinstance(page, ObjectAdmin):
            continue
        for _, options in page.fieldsets or ():
            shown: list[str] = [name for name in options["fields"] if isinstance(name, str)]
            columns = {field.name for field in model._meta.fields}
            offered += [(model, name) for name in shown if name in columns - set(page.readonly_fields)]
    assert len(offered) > 15
    assert [f"{model.__name__}.{name}" for model, name in offered if name not in read] == []
    assert not {"must_change_password", "external_subject"} & read


def _read() -> set[str]:
    """Every attribute and every text in the code outside admin pages and tables; of a table, what its methods use."""
    found = set()
    for room in ("accounts", "audit", "config", "governance"):
        for path in (PROJECT / room).rglob("*.py"):
            parts = set(path.relative_to(PROJECT).parts)
            if {"admin", "migrations", "management"} & parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute):
                    if "models" not in parts or getattr(node.value, "id", "") == "self":
                        found.add(node.attr.removesuffix("_id"))
                elif "models" not in parts and isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
    return found


def _request(client: Client) -> Any:
    return client.get(reverse("admin:index")).wsgi_request

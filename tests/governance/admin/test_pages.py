"""Every page of the admin answers, empty and with rows, and holds nothing that the content policy forbids."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.admin.base.object_admin import ObjectAdmin
from accounts.models.authored import Versioned
from accounts.selectors.history import history_of
from accounts.services.actor import Actor
from governance.policy.files.bundle import read_policy
from governance.services.authoring.draft import replace_draft
from tests.governance.admin.actors import signed_in, staff

pytestmark = pytest.mark.django_db
MODELS: list[tuple[Any, ObjectAdmin]] = [
    (model, page) for model, page in admin.site._registry.items() if isinstance(page, ObjectAdmin)
]
MAXIMAL = Path(__file__).parents[1] / "models" / "maximal.yaml"


@pytest.fixture
def owner() -> Client:
    return signed_in(staff("owner"))


def _url(model: Any, page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def _is_clean(html: str) -> None:
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>", html)
    assert not re.search(r"\sstyle=\"|<style|\son[a-z]+=\"", html)


@pytest.mark.parametrize("model,page", MODELS, ids=lambda each: getattr(each, "__name__", ""))
def test_an_empty_list_and_an_empty_form_answer(owner: Client, model: type, page: ObjectAdmin) -> None:
    listed = owner.get(_url(model, "changelist"), follow=True)
    assert listed.status_code == 200
    _is_clean(listed.content.decode())
    added = owner.get(_url(model, "add"))
    assert added.status_code in (200, 403)
    if added.status_code == 200:
        _is_clean(added.content.decode())


def test_every_page_of_a_full_draft_answers_and_an_unchanged_save_changes_nothing(owner: Client) -> None:
    replace_draft(actor=Actor.component("setup"), document=read_policy([MAXIMAL]))
    for model, page in MODELS:
        assert owner.get(_url(model, "changelist"), follow=True).status_code == 200
        for row in model._default_manager.all()[:3]:
            opened = owner.get(_url(model, "change", row.pk))
            assert opened.status_code == 200, (model, row)
            _is_clean(opened.content.decode())
            assert owner.get(_url(model, "history", row.pk)).status_code == 200
            if page.has_change_permission(opened.wsgi_request, row):
                before = row.revision if isinstance(row, Versioned) else 0
                data = _posted(opened)
                saved = owner.post(_url(model, "change", row.pk), data)
                assert saved.status_code == 302, (model, row, saved.context["adminform"].form.errors)
                changes = history_of(model=model._meta.label_lower, object_id=row.object_id)
                said = [each.differences for each in changes if each.action == "changed"]
                assert model._default_manager.get(pk=row.pk).revision == before, (model, row, said)


def _posted(opened: object) -> dict[str, object]:
    """What a browser would send back unchanged."""
    form = opened.context["adminform"].form  # type: ignore[attr-defined]
    data: dict[str, object] = {}
    for bound in form:
        widget, value = bound.field.widget, bound.value()
        subs = getattr(widget, "widgets", None)
        if subs is not None:
            values = value if isinstance(value, list) else widget.decompress(value)
            for name, sub, each in zip(widget.widgets_names, subs, values, strict=True):
                _put(data, bound.html_name + name, sub, each)
        else:
            _put(data, bound.html_name, widget, value)
    return data


def _put(data: dict[str, object], name: str, widget: object, value: object) -> None:
    kind = type(widget).__name__
    if kind == "CheckboxInput" or name == "overwrite":
        if value:
            data[name] = "on"
    elif kind == "CheckboxSelectMultiple":
        data[name] = list(value or [])  # type: ignore[call-overload]
    else:
        shown = widget.format_value(value)  # type: ignore[attr-defined]
        data[name] = "" if shown is None else shown[0] if isinstance(shown, list) and len(shown) == 1 else shown

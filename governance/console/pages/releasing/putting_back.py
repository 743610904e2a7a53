"""Putting the draft back: what would be lost is told first, by the service that does it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.services.change import RowChange
from accounts.services.errors import ServiceError
from governance.console.pages.page import actor, refusals_told, show
from governance.selectors.draft import draft_revision
from governance.selectors.policy_versions import ReleaseAltered, ReleaseUnknown, newest_release
from governance.services.authoring.draft import Replacement
from governance.services.authoring.returning import discard_draft, restore_draft, take_back

SHOWN = 100
"""Objects that one page lists; how many there are is always said."""
_WORDS = {"created": ("comes back", "allow"), "changed": ("is put back", "ask"), "deleted": ("goes", "deny")}

PutBack = Callable[..., Replacement]


class PutBackForm(forms.Form):
    """Why the draft goes back, and what its author saw."""

    expected_revision = forms.IntegerField(widget=forms.HiddenInput)
    expected_release = forms.IntegerField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(max_length=2_000, required=False, label="Why", widget=forms.Textarea({"rows": "2"}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What becomes of one object of the draft; `fields` are (field, as the draft has it, as it will be)."""

    word: str
    tone: str
    kind: str
    object: str
    fields: tuple[tuple[str, str, str], ...]


def discard(request: HttpRequest) -> HttpResponse:
    """The whole draft, back to what is in force."""
    return _page(request, discard_draft, title="Discard the draft", button="Discard these changes", in_force=True)


def restore(request: HttpRequest, number: int) -> HttpResponse:
    """The draft as a release said it."""

    def act(**given: Any) -> Replacement:
        return restore_draft(number=number, **given)

    return _page(
        request, act, title=f"Make the draft release {number}", button=f"Make the draft say what release {number} says"
    )


def taken(request: HttpRequest) -> HttpResponse:
    """One object of the draft, back to what is in force."""
    path = request.GET.get("object", "")
    if not path:
        raise Http404

    def act(**given: Any) -> Replacement:
        return take_back(path=path, **given)

    return _page(request, act, title=f"Take back the change of {path}", button="Take this change back", in_force=True)


def _page(request: HttpRequest, act: PutBack, *, title: str, button: str, in_force: bool = False) -> HttpResponse:
    form = PutBackForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        seen = {"expected_release": said["expected_release"]} if in_force else {}
        with refusals_told(request):
            made = act(actor=actor(request), expected_revision=said["expected_revision"], reason=said["reason"], **seen)
            count = len(made.changes)
            messages.success(request, f"Done: {count} object{'' if count == 1 else 's'} of the draft put back.")
            return HttpResponseRedirect(reverse("admin:review"))
    revision, newest, refusal = draft_revision(), newest_release(), ""
    losses: list[Loss] = []
    try:
        losses = [_loss(change) for change in act(actor=actor(request), dry_run=True).changes]
    except ReleaseUnknown:
        raise Http404 from None
    except ReleaseAltered:
        raise
    except ServiceError as error:
        refusal = str(error)
    shown = {"expected_revision": revision, "expected_release": newest.number if newest is not None else None}
    return show(
        request,
        "console/put_back.html",
        title=title,
        button=button,
        refusal=refusal,
        losses=losses[:SHOWN],
        count=len(losses),
        left_out=max(0, len(losses) - SHOWN),
        form=PutBackForm(initial={**shown, "reason": form.data.get("reason", "")}),
    )


def _loss(change: RowChange) -> Loss:
    fields: tuple[tuple[str, str, str], ...] = ()
    if change.before is not None and change.after is not None:
        before, after = change.before, change.after
        names = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
        fields = tuple((name, _said(before, name), _said(after, name)) for name in names)
    kind = str(apps.get_model(change.model)._meta.verbose_name)
    word, tone = _WORDS[change.action]
    return Loss(word=word, tone=tone, kind=kind, object=change.object, fields=fields)


def _said(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name, "not set")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

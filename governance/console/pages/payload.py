"""Opening a captured payload: why it is wanted, then what it says, once; recorded before it is shown."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse

from audit.models import TrailRecord
from audit.records.canonical import RecordInvalid
from audit.trace.payloads import KeptPayload, kept_payload, openings_of
from audit.writing import process
from governance.console.credentials import UnrepeatedText
from governance.console.pages.page import actor, show
from governance.deciding import keys
from governance.services.payloads import (
    LONGEST_REASON,
    NOT_HERE,
    SHORTEST_REASON,
    OpenedPayload,
    PayloadRefused,
    RecordUnknown,
    open_payload,
    openable,
    sealed_payload,
)

_PLACEHOLDER = re.compile(r"(\[secret:[^\]\n]{1,80}\]|\[redacted\])")


class ReasonForm(forms.Form):
    """Why the payload is opened."""

    reason = forms.CharField(
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        label="Reason",
        help_text="10 to 500 characters, kept with the trail: a case, a question, who asked. No credential.",
        widget=UnrepeatedText({"rows": "2", "autocomplete": "off"}),
    )


def payload(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """One record's payload: the form that asks for it, and after that the payload itself."""
    try:
        row = openable(actor(request), record_id)
    except RecordUnknown:
        raise Http404 from None
    form = ReasonForm(request.POST or None)
    opened, refused = None, None
    if request.method == "POST" and form.is_valid():
        opened, refused = _open(request, record_id, form)
    status = 200 if refused is None else 503 if refused.code in NOT_HERE else 409
    answer = show(
        request,
        "console/payload.html",
        title="Open a captured payload",
        status=status,
        record=row,
        kept=_kept(row),
        closed=_closed(row),
        form=form,
        opened=opened,
        parts=_parts(opened) if opened is not None else (),
        refused=refused,
        **_openings(row),
    )
    answer["Cache-Control"] = "no-store"
    return answer


def _open(
    request: HttpRequest, record_id: UUID, form: ReasonForm
) -> tuple[OpenedPayload | None, PayloadRefused | None]:
    try:
        opened = open_payload(
            actor=actor(request),
            record_id=record_id,
            reason=form.cleaned_data["reason"],
            door="console",
            ring=keys.capture_keys(),
            journal=process.journal(),
        )
    except ValidationError as fault:
        form.add_error(None, fault)
        return None, None
    except PayloadRefused as refusal:
        return None, refusal
    return opened, None


def _kept(row: TrailRecord) -> KeptPayload | None:
    try:
        return kept_payload(row)
    except RecordInvalid:
        return None


def _openings(row: TrailRecord) -> dict[str, Any]:
    try:
        return {"openings": openings_of(row)}
    except RecordInvalid as error:
        return {"unreadable": str(error)}


def _closed(row: TrailRecord) -> str:
    """Why the form would come to nothing, as far as that is known before anybody asks."""
    try:
        sealed_payload(row, keys.capture_keys())
    except PayloadRefused as refusal:
        return str(refusal)
    return ""


def _parts(opened: OpenedPayload) -> list[tuple[str, bool]]:
    """The payload as text, split so that placeholders (the true ones) can be marked."""
    pieces = _PLACEHOLDER.split(opened.indented())
    return [(text, bool(place % 2)) for place, text in enumerate(pieces) if text]

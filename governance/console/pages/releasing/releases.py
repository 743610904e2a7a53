"""Releases: what was in force and when, the difference of any two, going back; and what waits for a second person."""

from __future__ import annotations

import orjson
from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from governance.console.pages.page import actor, person, refusals_told, show
from governance.console.pages.releasing.comparing import PolicyDifference, difference
from governance.console.pages.releasing.review import asked_for, conflict_page, may_author
from governance.models import Release, ReleaseProposal
from governance.models.releases.release import ProposalStatus
from governance.policy.document.errors import PolicyErrors
from governance.selectors.policy_versions import (
    PolicyVersion,
    ReleaseUnknown,
    Which,
    base_version,
    newest_release,
    newest_version,
    policy_version,
    reference_of,
    release_version,
)
from governance.services.releasing.proposals import approve, refuse, withdraw
from governance.services.releasing.publish import roll_back
from governance.services.releasing.releases import PublishConflict

ON_A_PAGE = 25


class RollbackForm(forms.Form):
    """Why an old release comes back, and what was in force when that was decided."""

    expected_release = forms.IntegerField(widget=forms.HiddenInput)
    message = forms.CharField(max_length=2_000, required=False, label="Why", widget=forms.Textarea({"rows": "2"}))


class DecideForm(forms.Form):
    """What is said about a proposal."""

    reason = forms.CharField(
        max_length=2_000, required=False, label="Reason", help_text="Needed to refuse.",
        widget=forms.Textarea({"rows": "2"}),
    )  # fmt: skip


def releases(request: HttpRequest) -> HttpResponse:
    """The list, newest first; the difference of two that are chosen."""
    rows = Release.objects.defer("document").order_by("-number")
    page = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
    old, new = request.GET.get("old", ""), request.GET.get("new", "")
    newest = newest_release()
    user = person(request)
    return show(
        request,
        "console/releases.html",
        title="Releases",
        page=page,
        newest=newest,
        open_proposals=list(ReleaseProposal.objects.defer("document").filter(status=ProposalStatus.OPEN)),
        old=old or (str(newest.based_on) if newest is not None and newest.based_on else ""),
        new=new or (str(newest.number) if newest is not None else ""),
        difference=_chosen(request, old, new) if old and new else None,
        may_author=may_author(user),
        may_roll_back=user.has_perm("governance.rollback_release") or user.has_perm("governance.propose_release"),
    )


def rollback(request: HttpRequest, number: int) -> HttpResponse:
    """What going back to a release would change, and the button that does it."""
    target = Release.objects.defer("document").filter(number=number).first()
    newest = newest_release()
    if target is None or newest is None:
        raise Http404
    user = person(request)
    form = RollbackForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            with refusals_told(request, PolicyErrors):
                done = roll_back(
                    actor=actor(request),
                    number=number,
                    message=form.cleaned_data["message"],
                    expected_release=form.cleaned_data["expected_release"],
                )
                return asked_for(request, done)
        except PublishConflict as conflict:
            return conflict_page(request, conflict)
    return show(
        request,
        "console/rollback.html",
        title=f"Roll back to release {number}",
        target=target,
        newest=newest,
        form=form if form.errors else RollbackForm(initial={"expected_release": newest.number}),
        difference=difference(newest_version().document, release_version(number).document),
        may_author=may_author(user),
        may_roll_back=user.has_perm("governance.rollback_release") or user.has_perm("governance.propose_release"),
    )


def proposal(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """One proposal: what it changes, where it stands; agree, refuse, withdraw."""
    found = ReleaseProposal.objects.filter(pk=proposal_id).select_related("release").first()
    if found is None:
        raise Http404
    user = person(request)
    form = DecideForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with refusals_told(request):
            _decide(request, proposal_id, request.POST.get("decision", ""), form.cleaned_data["reason"])
            return HttpResponseRedirect(request.path)
        found.refresh_from_db()
    before = base_version(found.based_on or 0)
    is_open = found.status == ProposalStatus.OPEN
    return show(
        request,
        "console/proposal.html",
        title=f"Proposal {found.pk}",
        proposal=found,
        difference=difference(before.document, orjson.loads(bytes(found.document))),
        form=form,
        is_open=is_open,
        waits=found.release_id is None and found.status in (ProposalStatus.QUEUED, ProposalStatus.APPROVED),
        own=found.author == user.username,
        may_author=may_author(user),
        may_decide=is_open and found.author != user.username and user.has_perm("governance.approve_release"),
    )


def _decide(request: HttpRequest, number: int, decision: str, reason: str) -> None:
    match decision:
        case "approve":
            approve(actor=actor(request), proposal_id=number, reason=reason)
            messages.success(request, "Agreed. The worker signs it and puts it in force.")
        case "refuse":
            refuse(actor=actor(request), proposal_id=number, reason=reason)
            messages.success(request, "Refused. Nothing changes.")
        case "withdraw":
            withdraw(actor=actor(request), proposal_id=number, reason=reason)
            messages.success(request, "Withdrawn. Nothing changes.")


def _chosen(request: HttpRequest, old: str, new: str) -> PolicyDifference | None:
    try:
        before, after = _meant(request, old), _meant(request, new)
    except PolicyErrors as faults:
        for fault in faults.errors[:10]:
            messages.error(request, f"The draft cannot be compared. {fault}")
        return None
    if before is None or after is None:
        missing = [name for name, version in ((old, before), (new, after)) if version is None]
        messages.warning(request, f"There is nothing to compare: no release {', '.join(missing)[:80]}.")
        return None
    return difference(before.document, after.document)


def _meant(request: HttpRequest, name: str) -> PolicyVersion | None:
    reference = reference_of(name)
    hidden = reference is Which.DRAFT and not person(request).has_perm("governance.view_draftstate")
    if reference is None or reference is Which.CURRENT or hidden:
        return None
    try:
        return policy_version(reference)
    except ReleaseUnknown:
        return None

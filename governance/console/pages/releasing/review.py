"""Review and publish: what the draft changes for whom, what speaks against it, and the button that says so."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.models import User
from governance.console.pages.page import actor, person, refusals_told, sees_all, show
from governance.console.pages.releasing.comparing import PolicyDifference, difference
from governance.models import BacktestRun, DraftComment, Release
from governance.models.releases.release import ReleaseKind
from governance.policy.document.codec import digest
from governance.policy.document.errors import PolicyError, PolicyErrors
from governance.policy.lint.linter import LintFinding, lint
from governance.policy.testing import CaseResult, run_tests
from governance.selectors.draft import draft_revision, unpublished_changes
from governance.selectors.kept import Kept
from governance.selectors.known import known_beside
from governance.selectors.policy_versions import DraftVersion, PolicyVersion, draft_version, newest_version
from governance.services.authoring.comments import comment_on_draft, settle_comment
from governance.services.releasing.publish import Published, publish_draft
from governance.services.releasing.releases import PublishConflict, require_newest
from governance.services.releasing.second_person import second_person_reasons
from governance.services.replaying.backtest_runs import MOST_DAYS, ask_for_backtest

COMMENTS_SHOWN = 50
CHECKS_HOLD = 60.0
"""Seconds for which the checks of one draft are shown again; publishing runs its own."""


class PublishForm(forms.Form):
    """What is published, as it was seen, and in whose words."""

    expected_release = forms.IntegerField(widget=forms.HiddenInput)
    expected_revision = forms.IntegerField(widget=forms.HiddenInput)
    message = forms.CharField(
        max_length=2_000, label="What changes, and why", widget=forms.Textarea({"rows": "3"}), strip=True
    )
    override_reason = forms.CharField(
        max_length=2_000,
        required=False,
        label="Why it may be published although tests fail",
        widget=forms.Textarea({"rows": "2"}),
    )
    emergency = forms.BooleanField(
        required=False,
        label="Emergency: publish at once, without a second person",
        help_text="Only for a draft that tightens and widens nothing. It is recorded as an emergency.",
    )


class CommentForm(forms.Form):
    """A remark on the draft."""

    text = forms.CharField(max_length=4_000, label="Comment", widget=forms.Textarea({"rows": "2"}))


class BacktestForm(forms.Form):
    """How far back."""

    days = forms.IntegerField(min_value=1, max_value=MOST_DAYS, initial=7, label="Days of recorded calls")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What lint and the tests said of a draft; both read the clock."""

    findings: tuple[LintFinding, ...]
    tests: tuple[CaseResult, ...]


_kept: Kept[str, Checks] = Kept(most=4, seconds=CHECKS_HOLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Everything that a reviewer looks at; `named` is the draft's digest.

    `faults`: the draft is no sound policy, and but for what was written the rest is empty.
    """

    before: PolicyVersion
    revision: int
    named: str = ""
    faults: tuple[PolicyError, ...] = ()
    difference: PolicyDifference = PolicyDifference(changes=())
    findings: tuple[LintFinding, ...] = ()
    tests: tuple[CaseResult, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def failing(self) -> list[CaseResult]:
        """Tests that do not come out as they say."""
        return [result for result in self.tests if not result.passed]


def review(request: HttpRequest) -> HttpResponse:
    """Look at the draft; publish it."""
    user = person(request)
    form = PublishForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            with refusals_told(request, PolicyErrors):
                return asked_for(request, _publish(request, form.cleaned_data))
        except PublishConflict as conflict:
            return conflict_page(request, conflict)
    looked = reviewed(user)
    if not form.is_bound or not form.errors:
        shown = {"expected_release": looked.before.number, "expected_revision": looked.revision}
        kept = {name: form.cleaned_data[name] for name in ("message", "override_reason")} if form.is_bound else {}
        form = PublishForm(initial={**shown, **kept})
    may_publish = user.has_perm("governance.publish_release")
    return show(
        request,
        "console/review.html",
        title="Review and publish",
        form=form,
        review=looked,
        takes_back=may_author(user) and not looked.before.nothing_released,
        may_ask=may_publish or user.has_perm("governance.propose_release"),
        may_tighten=looked.difference.tightens_only
        and (may_publish or user.has_perm("governance.tighten_release"))
        and bool(looked.reasons),
        comments=list(DraftComment.objects.filter(resolved_at=None).order_by("created_at")[:COMMENTS_SHOWN]),
        comment_form=CommentForm(),
        may_comment=user.has_perm("governance.add_draftcomment"),
        button=_button(looked),
        backtest=_newest_backtest(looked),
        backtest_form=BacktestForm(),
        may_backtest=any(user.has_perm(f"governance.{name}_release") for name in ("publish", "propose", "approve")),
        sees_flips=sees_all(request, "audit.view_decision"),
    )


def may_author(user: User) -> bool:
    """Whether a grant, whatever its reach, lets this person write rules: putting the draft back is offered to them."""
    return user.has_perm("governance.change_rule")


def comment(request: HttpRequest) -> HttpResponse:
    """Write a comment on the draft, or settle one."""
    if request.method == "POST":
        form = CommentForm(request.POST)
        with refusals_told(request):
            if request.POST.get("settle", "").isdecimal():
                settle_comment(actor=actor(request), comment_id=int(request.POST["settle"]))
            elif form.is_valid():
                comment_on_draft(actor=actor(request), text=form.cleaned_data["text"])
            else:
                messages.error(request, "Nothing was written: a comment has 1 to 4000 characters.")
    return HttpResponseRedirect(reverse("admin:review") + "#comments")


def backtest(request: HttpRequest) -> HttpResponse:
    """Ask for a backtest of the draft; the worker does it, and the page may be left."""
    if request.method == "POST":
        form = BacktestForm(request.POST)
        with refusals_told(request, PolicyErrors):
            if form.is_valid():
                ask_for_backtest(actor=actor(request), days=form.cleaned_data["days"])
                messages.success(request, "Handed to the worker. You can leave this page; the result stays here.")
            else:
                messages.error(request, f"Nothing was done: a backtest covers 1 to {MOST_DAYS} days.")
    return HttpResponseRedirect(reverse("admin:review") + "#backtest-title")


def reviewed(user: User) -> Review:
    """The draft beside what is in force."""
    before, revision = newest_version(), draft_revision()
    try:
        draft = draft_version()
    except PolicyErrors as faults:
        written = PolicyDifference(changes=unpublished_changes())
        return Review(before=before, revision=revision, faults=tuple(faults.errors), difference=written)
    found = difference(before.document, draft.document)
    checks = _kept.once(digest(draft.written), lambda: _checks(draft))
    reasons = second_person_reasons(before, draft.document, changes=found.changes, author=user)
    if not user.has_perm("governance.publish_release"):
        reasons.append("Your grant lets you propose, not publish.")
    return Review(
        before=before,
        revision=draft.revision,
        named=draft.digest,
        difference=found,
        findings=checks.findings,
        tests=checks.tests,
        reasons=tuple(reasons),
    )


def _newest_backtest(looked: Review) -> BacktestRun | None:
    """The newest backtest of exactly this draft."""
    if not looked.named:
        return None
    return BacktestRun.objects.defer("document").filter(digest=looked.named).order_by("-created_at").first()


def _checks(draft: DraftVersion) -> Checks:
    """Lint and tests of a draft: the same for everybody who looks within the minute."""
    now = time.time()
    tests = tuple(run_tests(draft.written, now=now)) if draft.written.get("tests") else ()
    known = known_beside(draft.document, now=now)
    return Checks(findings=tuple(lint(draft.document, now=now, known=known)), tests=tests)


def _button(looked: Review) -> str:
    count = looked.difference.written
    changes = f"{count} change{'' if count == 1 else 's'}"
    return f"Propose {changes} to a second person" if looked.reasons else f"Publish {changes}"


def _publish(request: HttpRequest, said: dict[str, Any]) -> Published:
    require_newest(said["expected_release"])  # said first: the more useful answer where the draft changed as well
    return publish_draft(
        actor=actor(request),
        message=said["message"],
        expected_release=said["expected_release"],
        expected_revision=said["expected_revision"],
        override_reason=said["override_reason"],
        emergency=said["emergency"],
    )


def asked_for(request: HttpRequest, published: Published) -> HttpResponse:
    if published.proposal.reasons:
        messages.success(request, "Proposed. Somebody else has to agree before anything changes.")
    else:
        messages.success(request, "Handed to the worker, which signs it and puts it in force.")
    return HttpResponseRedirect(reverse("admin:proposal", args=(published.proposal.pk,)))


def conflict_page(request: HttpRequest, conflict: PublishConflict) -> HttpResponse:
    """Somebody else's release came first: what it changed, and the way on."""
    winner = Release.objects.defer("document").filter(number=conflict.current).first()
    return show(
        request,
        "console/conflict.html",
        title="Somebody published before you",
        status=409,
        conflict=conflict,
        winner=winner,
        kind=ReleaseKind(winner.kind).label if winner is not None else "",
    )

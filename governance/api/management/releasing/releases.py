"""Releases and proposals: what was in force and when, going back, and what waits for a second person."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from governance.api.door.body import only_known
from governance.api.door.shapes import record, text
from governance.api.management.authoring.draft import EMPTY, maybe_number, policy, shown_published, words
from governance.api.management.authoring.routes import route
from governance.api.management.documents import PAGED, answers, documented, in_path, in_query, page_shape
from governance.api.management.door.door import ManagementView, running
from governance.api.management.door.pages import QUERY, page_of
from governance.api.management.door.problems import not_found
from governance.api.management.resources import NUMBER
from governance.api.management.shown import (
    CHANGES,
    PROPOSAL,
    PUBLISHED,
    RELEASE,
    shown_changes,
    shown_proposal,
    shown_release,
)
from governance.deciding import keys
from governance.engine.document.policy import PolicyDocument
from governance.models import Release, ReleaseProposal
from governance.policy.diff.semantic import compare
from governance.services.releasing.proposals import approve, check_proposal, refuse, withdraw
from governance.services.releasing.publish import roll_back
from governance.services.releasing.releases import verified_document


class ReleaseView(ManagementView):
    """What the routes of releases share."""

    def list_releases(self, request: Request) -> HttpResponse:
        """Newest first."""
        self.require(request, "governance.view_release")
        rows, after = page_of(
            Release.objects.defer("document"),
            runtime=running(),
            identity=self.identity(request),
            query=self.query(request, QUERY),
            about=["releases"],
            newest_first=True,
        )
        return self.reply({"items": [shown_release(row) for row in rows], "next": after})

    def release(self, request: Request, key: str) -> HttpResponse:
        """One release."""
        self.query(request, {})
        return self.reply(shown_release(self._found(request, key)))

    def document(self, request: Request, key: str) -> HttpResponse:
        """Its document, once its signature holds."""
        self.query(request, {})
        return self.reply(self._document(self._found(request, key)))

    def diff(self, request: Request, key: str) -> HttpResponse:
        """What it changed since another one, by default the one before."""
        said = self.query(request, {"from": ""})["from"]
        release = self._found(request, key)
        before = policy(said) if said else self._before(release)
        changes = shown_changes(compare(before, self._document(release)))
        return self.reply({"from": said or str(release.number - 1), "to": str(release.number), "changes": changes})

    def roll_back(self, request: Request, key: str) -> HttpResponse:
        """Put its document in force again, as a new release, or propose that."""
        body = self.body(request)
        only_known(body, frozenset({"message", "expected_release", "override_reason"}))
        release = self._found(request, key)
        done = roll_back(
            actor=self.actor(request),
            number=release.number,
            message=words(body, "message", most=4_000, default=""),
            expected_release=maybe_number(body, "expected_release"),
            override_reason=words(body, "override_reason", most=4_000, default=""),
        )
        return self.reply(shown_published(done), status=202)

    def _found(self, request: Request, key: str) -> Release:
        self.require(request, "governance.view_release")
        release = Release.objects.filter(number=int(key)).first()
        if release is None:
            raise not_found()
        return release

    def _before(self, release: Release) -> PolicyDocument:
        before = Release.objects.filter(number=release.number - 1).first()
        return self._document(before) if before is not None else EMPTY

    @staticmethod
    def _document(release: Release) -> PolicyDocument:
        return verified_document(release, policy_keys=keys.policy_keys().public_only())


class ProposalView(ManagementView):
    """What the routes of proposals share."""

    def list_proposals(self, request: Request) -> HttpResponse:
        """Newest first; `status` narrows them."""
        self.require(request, "governance.view_releaseproposal")
        query = self.query(request, {**QUERY, "status": ""})
        rows = ReleaseProposal.objects.defer("document").select_related("release")
        if query["status"]:
            rows = rows.filter(status=query["status"])
        found, after = page_of(
            rows,
            runtime=running(),
            identity=self.identity(request),
            query=query,
            about=["proposals"],
            newest_first=True,
        )
        return self.reply({"items": [shown_proposal(row) for row in found], "next": after})

    def proposal(self, request: Request, key: str) -> HttpResponse:
        """One proposal."""
        self.query(request, {})
        return self.reply(shown_proposal(self._found(request, key)))

    def diff(self, request: Request, key: str) -> HttpResponse:
        """What it would change of what is in force."""
        self.query(request, {})
        proposal = self._found(request, key)
        check_proposal(proposal)
        changes = compare(policy("current"), json.loads(bytes(proposal.document)))
        return self.reply({"from": "current", "to": f"proposal {proposal.pk}", "changes": shown_changes(changes)})

    def approve(self, request: Request, key: str) -> HttpResponse:
        """Agree to somebody else's proposal; the worker then releases it."""
        return self._decided(request, key, approve)

    def refuse(self, request: Request, key: str) -> HttpResponse:
        """Say no, with a reason."""
        return self._decided(request, key, refuse)

    def withdraw(self, request: Request, key: str) -> HttpResponse:
        """Take one's own proposal back."""
        return self._decided(request, key, withdraw)

    def _decided(self, request: Request, key: str, decide: Any) -> HttpResponse:
        body = self.body(request)
        only_known(body, frozenset({"reason"}))
        reason = words(body, "reason", most=4_000, default="")
        proposal = self._found(request, key)
        return self.reply(shown_proposal(decide(actor=self.actor(request), proposal_id=proposal.pk, reason=reason)))

    def _found(self, request: Request, key: str) -> ReleaseProposal:
        self.require(request, "governance.view_releaseproposal")
        proposal = ReleaseProposal.objects.select_related("release").filter(pk=int(key)).first()
        if proposal is None:
            raise not_found()
        return proposal


_ROLLBACK = record(
    {
        "message": text("Why; without it, the old release's message.", maxLength=4000),
        "expected_release": {"type": "integer", "minimum": 0},
        "override_reason": text(maxLength=4000),
    },
    required=[],
)
_REASON = record({"reason": text(maxLength=4000)}, required=[])
_KEY = (in_path("key", NUMBER, "Its number."),)


def _release(call: Any, id: str, summary: str, responses: Any, **more: Any) -> Any:
    return documented(call, id=id, summary=summary, tag="releases", responses=responses, **more)


def _proposal(call: Any, id: str, summary: str, responses: Any, **more: Any) -> Any:
    return documented(call, id=id, summary=summary, tag="proposals", responses=responses, **more)


def _decision(verb: str, summary: str) -> Any:
    def post(self: ProposalView, request: Request, key: str) -> HttpResponse:
        answered: HttpResponse = getattr(self, verb)(request, key)
        return answered

    page = _proposal(
        post, f"proposals_{verb}", summary, answers(PROPOSAL, 404, 409, 413, 415), request=_REASON, parameters=_KEY
    )
    return route(rf"proposals/(?P<key>{NUMBER})/{verb}", f"proposal-{verb}", ProposalView, {"post": page})


release_routes = [
    route(
        "releases",
        "releases",
        ReleaseView,
        {
            "get": _release(
                lambda self, request: self.list_releases(request),
                "releases_list",
                "Every release, newest first",
                answers(page_shape(RELEASE)),
                parameters=PAGED,
            )
        },
    ),
    route(
        rf"releases/(?P<key>{NUMBER})",
        "release",
        ReleaseView,
        {
            "get": _release(
                lambda self, request, key: self.release(request, key),
                "releases_read",
                "One release",
                answers(RELEASE, 404),
                parameters=_KEY,
            )
        },
    ),
    route(
        rf"releases/(?P<key>{NUMBER})/document",
        "release-document",
        ReleaseView,
        {
            "get": _release(
                lambda self, request, key: self.document(request, key),
                "releases_document",
                "A release as a policy file",
                answers({"type": "object"}, 404, 409),
                parameters=_KEY,
            )
        },
    ),
    route(
        rf"releases/(?P<key>{NUMBER})/diff",
        "release-diff",
        ReleaseView,
        {
            "get": _release(
                lambda self, request, key: self.diff(request, key),
                "releases_diff",
                "What a release changed, for whom",
                answers(CHANGES, 404, 409),
                parameters=(*_KEY, in_query("from", "`current`, `draft` or a number; else the one before.")),
            )
        },
    ),
    route(
        rf"releases/(?P<key>{NUMBER})/rollback",
        "release-rollback",
        ReleaseView,
        {
            "post": _release(
                lambda self, request, key: self.roll_back(request, key),
                "releases_rollback",
                "Go back to a release",
                answers(PUBLISHED, 404, 409, 413, 415, status=202),
                request=_ROLLBACK,
                parameters=_KEY,
                description="A new release with the old document; the draft stays as it is.",
            )
        },
    ),
    route(
        "proposals",
        "proposals",
        ProposalView,
        {
            "get": _proposal(
                lambda self, request: self.list_proposals(request),
                "proposals_list",
                "Every proposal, newest first",
                answers(page_shape(PROPOSAL)),
                parameters=(*PAGED, in_query("status", "Only those that stand so.")),
            )
        },
    ),
    route(
        rf"proposals/(?P<key>{NUMBER})",
        "proposal",
        ProposalView,
        {
            "get": _proposal(
                lambda self, request, key: self.proposal(request, key),
                "proposals_read",
                "One proposal",
                answers(PROPOSAL, 404),
                parameters=_KEY,
            )
        },
    ),
    route(
        rf"proposals/(?P<key>{NUMBER})/diff",
        "proposal-diff",
        ProposalView,
        {
            "get": _proposal(
                lambda self, request, key: self.diff(request, key),
                "proposals_diff",
                "What a proposal would change, for whom",
                answers(CHANGES, 404, 409),
                parameters=_KEY,
            )
        },
    ),
    _decision("approve", "Agree to somebody else's proposal"),
    _decision("refuse", "Say no to a proposal"),
    _decision("withdraw", "Take one's own proposal back"),
]

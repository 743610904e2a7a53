"""Proposals over the API: what waits for a second person, and what they say."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from governance.api.management.door.documents import PAGED, documented, in_query
from governance.api.management.door.door import ManagementView
from governance.api.management.door.pages import QUERY, page, row_of
from governance.api.management.door.serializers import page_answer
from governance.api.management.releases.answers import ChangesAnswer, ProposalAnswer
from governance.api.management.releases.bodies import ReasonBody
from governance.models import ReleaseProposal
from governance.policy.diff.semantic import compare
from governance.selectors.directory_now import directory_now
from governance.selectors.policy_versions import newest_version
from governance.services.releasing.proposals import approve, check_proposal, refuse, withdraw


class ProposalsView(ManagementView):
    """Every proposal."""

    @documented(
        "proposals_list",
        "Every proposal, newest first",
        page_answer(ProposalAnswer),
        parameters=(*PAGED, in_query("status", "Only those that stand so.")),
    )
    def get(self, request: Request) -> HttpResponse:
        """Newest first; `status` narrows them."""
        self.require(request, "governance.view_releaseproposal")
        query = self.query(request, {**QUERY, "status": ""})
        rows = ReleaseProposal.objects.defer("document").select_related("release")
        if query["status"]:
            rows = rows.filter(status=query["status"])
        return page(self, request, rows, ProposalAnswer.of, query=query, about="proposals", newest_first=True)


class ProposalView(ManagementView):
    """One proposal."""

    @documented("proposals_read", "One proposal", ProposalAnswer, 404)
    def get(self, request: Request, key: str) -> HttpResponse:
        """Without its document."""
        self.query(request, {})
        return self.reply(ProposalAnswer.of(_found(self, request, key)))


class ProposalDiffView(ManagementView):
    """What a proposal would change."""

    @documented("proposals_diff", "What a proposal would change, for whom", ChangesAnswer, 404, 409)
    def get(self, request: Request, key: str) -> HttpResponse:
        """What it would change of what is in force."""
        self.query(request, {})
        proposal = _found(self, request, key)
        check_proposal(proposal)
        changes = compare(
            newest_version().document,
            json.loads(bytes(proposal.document)),
            directory=directory_now().principals,
        )
        said = {"from": "current", "to": f"proposal {proposal.pk}", "changes": changes}
        return self.reply(ChangesAnswer.of(said))


class ApproveView(ManagementView):
    """A second person's yes."""

    @documented("proposals_approve", "Agree to somebody else's proposal", ProposalAnswer, 404, 409, body=ReasonBody)
    def post(self, request: Request, key: str) -> HttpResponse:
        """The worker then releases it."""
        return _decided(self, request, key, approve)


class RefuseView(ManagementView):
    """A second person's no."""

    @documented("proposals_refuse", "Say no to a proposal", ProposalAnswer, 404, 409, body=ReasonBody)
    def post(self, request: Request, key: str) -> HttpResponse:
        """With a reason."""
        return _decided(self, request, key, refuse)


class WithdrawView(ManagementView):
    """The proposer's second thought."""

    @documented("proposals_withdraw", "Take one's own proposal back", ProposalAnswer, 404, 409, body=ReasonBody)
    def post(self, request: Request, key: str) -> HttpResponse:
        """Only one's own, and only while it waits."""
        return _decided(self, request, key, withdraw)


def _decided(view: ManagementView, request: Request, key: str, decide: Any) -> HttpResponse:
    said = ReasonBody.read(view.body(request))
    proposal = _found(view, request, key)
    return view.reply(ProposalAnswer.of(decide(actor=view.actor(request), proposal_id=proposal.pk, **said)))


def _found(view: ManagementView, request: Request, key: str) -> ReleaseProposal:
    view.require(request, "governance.view_releaseproposal")
    return row_of(ReleaseProposal.objects.select_related("release"), pk=int(key))

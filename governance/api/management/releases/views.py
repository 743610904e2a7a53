"""Releases over the API: what was in force and when, what it changed, and going back."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request

from governance.api.management.door.documents import PAGED, documented, in_query
from governance.api.management.door.door import ManagementView
from governance.api.management.door.pages import page, row_of
from governance.api.management.door.serializers import page_answer
from governance.api.management.releases.answers import ChangesAnswer, PublishedAnswer, ReleaseAnswer
from governance.api.management.releases.bodies import RollbackBody
from governance.api.management.releases.policies import document_of
from governance.models import Release
from governance.policy.diff.semantic import compare
from governance.selectors.directory_now import directory_now
from governance.selectors.policy_versions import base_version, release_version
from governance.services.releasing.publish import roll_back


class ReleasesView(ManagementView):
    """Every release."""

    @documented("releases_list", "Every release, newest first", page_answer(ReleaseAnswer), parameters=PAGED)
    def get(self, request: Request) -> HttpResponse:
        """Newest first, without their documents."""
        self.require(request, "governance.view_release")
        rows = Release.objects.defer("document")
        return page(self, request, rows, ReleaseAnswer.of, about="releases", newest_first=True)


class ReleaseView(ManagementView):
    """One release."""

    @documented("releases_read", "One release", ReleaseAnswer, 404)
    def get(self, request: Request, key: str) -> HttpResponse:
        """Without its document."""
        self.query(request, {})
        return self.reply(ReleaseAnswer.of(_found(self, request, key)))


class ReleaseDocumentView(ManagementView):
    """The policy that a release holds."""

    @documented("releases_document", "A release as a policy file", {"type": "object"}, 404, 409)
    def get(self, request: Request, key: str) -> HttpResponse:
        """Its document, once its signature holds."""
        self.query(request, {})
        return self.reply(release_version(_found(self, request, key).number).document)


class ReleaseDiffView(ManagementView):
    """What a release changed."""

    @documented(
        "releases_diff",
        "What a release changed, for whom",
        ChangesAnswer,
        404,
        409,
        parameters=(in_query("from", "`current`, `draft` or a number; else the one before."),),
    )
    def get(self, request: Request, key: str) -> HttpResponse:
        """What it changed since another one, by default the one before."""
        said = self.query(request, {"from": ""})["from"]
        release = _found(self, request, key)
        before = document_of(said) if said else base_version(release.number - 1).document
        after = release_version(release.number).document
        changes = compare(before, after, directory=directory_now().principals)
        return self.reply(
            ChangesAnswer.of({"from": said or str(release.number - 1), "to": str(release.number), "changes": changes})
        )


class RollbackView(ManagementView):
    """Going back to a release."""

    @documented("releases_rollback", "Go back to a release", PublishedAnswer, 404, 409, body=RollbackBody, status=202)
    def post(self, request: Request, key: str) -> HttpResponse:
        """A new release with the old document, or a proposal of that; the draft stays as it is."""
        body = self.body(request)
        release = _found(self, request, key)
        done = roll_back(actor=self.actor(request), number=release.number, **RollbackBody.read(body))
        return self.reply(PublishedAnswer.of(done), status=202)


def _found(view: ManagementView, request: Request, key: str) -> Release:
    view.require(request, "governance.view_release")
    return row_of(Release.objects.defer("document"), number=int(key))

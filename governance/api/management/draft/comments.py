"""Comments on the draft over the API."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request

from governance.api.management.door.documents import PAGED, documented
from governance.api.management.door.door import ManagementView
from governance.api.management.door.pages import page, row_of
from governance.api.management.door.serializers import page_answer
from governance.api.management.draft.answers import CommentAnswer
from governance.api.management.draft.bodies import CommentBody, NothingBody
from governance.models import DraftComment
from governance.services.authoring.comments import comment_on_draft, settle_comment


class CommentsView(ManagementView):
    """What people say about the draft."""

    @documented("draft_comments", "What people said about the draft", page_answer(CommentAnswer), parameters=PAGED)
    def get(self, request: Request) -> HttpResponse:
        """Newest first."""
        self.require(request, "governance.view_draftcomment")
        rows = DraftComment.objects.all()
        return page(self, request, rows, CommentAnswer.of, about="comments", newest_first=True)

    @documented("draft_comment", "Say something about the draft", CommentAnswer, 409, body=CommentBody, status=201)
    def post(self, request: Request) -> HttpResponse:
        """About the draft or one object of it."""
        said = CommentBody.read(self.body(request))
        return self.reply(CommentAnswer.of(comment_on_draft(actor=self.actor(request), **said)), status=201)


class SettleView(ManagementView):
    """A comment that is dealt with."""

    @documented("draft_comment_settle", "Mark a comment as settled", CommentAnswer, 404, 409, body=NothingBody)
    def post(self, request: Request, key: str) -> HttpResponse:
        """Once: a settled comment stays settled."""
        self.require(request, "governance.add_draftcomment")
        NothingBody.read(self.body(request))
        comment = row_of(DraftComment.objects.all(), pk=int(key))
        return self.reply(CommentAnswer.of(settle_comment(actor=self.actor(request), comment_id=comment.pk)))

"""Where the draft is."""

from __future__ import annotations

from governance.api.management.door.documents import NUMBER, route
from governance.api.management.draft import comments, putting_back, views

draft_routes = [
    route("draft", "draft", views.DraftView),
    route("draft/document", "draft-document", views.DraftDocumentView),
    route("draft/diff", "draft-diff", views.DraftDiffView),
    route("draft/lint", "draft-lint", views.LintView),
    route("draft/tests", "draft-tests", views.TestsView),
    route("draft/publish", "draft-publish", views.PublishView),
    route("draft/discard", "draft-discard", putting_back.DiscardView),
    route("draft/restore", "draft-restore", putting_back.RestoreView),
    route("draft/take-back", "draft-take-back", putting_back.TakeBackView),
    route("draft/comments", "draft-comments", comments.CommentsView),
    route(rf"draft/comments/(?P<key>{NUMBER})/settle", "draft-comment-settle", comments.SettleView),
]

"""The draft as a whole: how it stands, its document, what it changes, what lint and its tests say, publishing it."""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from governance.api.door.body import field, only_known
from governance.api.door.exchange import Problem
from governance.api.door.shapes import listed, record, text
from governance.api.management.authoring.routes import route
from governance.api.management.documents import IF_MATCH, PAGED, answers, documented, in_path, in_query, page_shape
from governance.api.management.door.door import ManagementView, running
from governance.api.management.door.pages import QUERY, page_of
from governance.api.management.door.problems import not_found
from governance.api.management.resources import NUMBER as NUMBERED
from governance.api.management.shown import (
    CHANGES,
    COMMENT,
    DRAFT,
    FINDING,
    NUMBER,
    PUBLISHED,
    RESULT,
    shown_changes,
    shown_comment,
    shown_draft,
    shown_proposal,
    shown_release,
    shown_results,
)
from governance.engine.document.policy import PolicyDocument
from governance.models import DraftComment, DraftState
from governance.policy.diff.semantic import compare
from governance.policy.lint.linter import lint
from governance.policy.tables.compiler import read_draft
from governance.policy.testing import run_tests
from governance.selectors.draft import unpublished_changes
from governance.selectors.policy_versions import draft_version, policy_version, reference_of
from governance.services.authoring.comments import comment_on_draft, settle_comment
from governance.services.authoring.draft import replace_draft
from governance.services.releasing.publish import Published, publish_draft

MOST_DOCUMENT = 2 * 1024 * 1024  # bytes; larger policies are imported by the command
LOOK = "governance.view_draftstate"


class DraftView(ManagementView):
    """What the routes below `/api/v1/draft` share."""

    def state(self, request: Request) -> HttpResponse:
        """How the draft stands."""
        self.require(request, LOOK)
        self.query(request, {})
        state = DraftState.objects.filter(pk=1).first()
        shown = shown_draft(state, unpublished=unpublished_changes())
        return self.reply(shown, revision=shown["revision"])

    def document(self, request: Request) -> HttpResponse:
        """The whole draft, as the policy file says it."""
        self.require(request, LOOK)
        self.query(request, {})
        draft = read_draft()
        return self.reply(draft.document, revision=draft.revision)

    def replace(self, request: Request) -> HttpResponse:
        """Make the draft say exactly what is sent, all or nothing; what the document lacks is removed."""
        dry_run = self.query(request, {"dry_run": "false"})["dry_run"]
        if dry_run not in ("true", "false"):
            raise Problem(400, "query.value", "true or false.", path="?dry_run")
        expected = self.expected(request)
        self.require(request, LOOK)
        made = replace_draft(
            actor=self.actor(request),
            document=self.body(request, most=MOST_DOCUMENT),
            expected_revision=expected,
            dry_run=dry_run == "true",
        )
        changes = [{"action": change.action, "model": change.model, "object": change.object} for change in made.changes]
        return self.reply({"revision": made.revision, "changes": changes}, revision=made.revision)

    def diff(self, request: Request) -> HttpResponse:
        """What publishing the draft would change: object by object, and for whom."""
        self.require(request, LOOK)
        said = self.query(request, {"from": "current"})["from"]
        changes = shown_changes(compare(document_of(said), draft_version().document))
        return self.reply({"from": said, "to": "draft", "changes": changes})

    def lint(self, request: Request) -> HttpResponse:
        """What the draft says that it probably should not."""
        self.require(request, LOOK)
        self.query(request, {})
        return self.reply({"findings": [finding.line() for finding in lint(draft_version().written, now=time.time())]})

    def test(self, request: Request) -> HttpResponse:
        """Run the draft's own tests against it."""
        self.require(request, LOOK)
        only_known(self.body(request), frozenset())
        results = run_tests(draft_version().written, now=time.time())
        passed = sum(result.passed for result in results)
        return self.reply({"passed": passed, "failed": len(results) - passed, "results": shown_results(results)})

    def publish(self, request: Request) -> HttpResponse:
        """Publish the draft, or propose it where that takes a second person; the worker signs it."""
        body = self.body(request)
        only_known(
            body, frozenset({"message", "expected_release", "expected_revision", "override_reason", "emergency"})
        )
        done = publish_draft(
            actor=self.actor(request),
            message=words(body, "message", most=4_000),
            expected_release=maybe_number(body, "expected_release"),
            expected_revision=maybe_number(body, "expected_revision"),
            override_reason=words(body, "override_reason", most=4_000, default=""),
            emergency=field(body, "emergency", bool, default=False),
        )
        return self.reply(shown_published(done), status=202)

    def comments(self, request: Request) -> HttpResponse:
        """What people said about the draft, newest first."""
        self.require(request, "governance.view_draftcomment")
        query = self.query(request, QUERY)
        rows, after = page_of(
            DraftComment.objects.all(),
            runtime=running(),
            identity=self.identity(request),
            query=query,
            about=["comments"],
            newest_first=True,
        )
        return self.reply({"items": [shown_comment(row) for row in rows], "next": after})

    def comment(self, request: Request) -> HttpResponse:
        """Say something about the draft or one object of it."""
        body = self.body(request)
        only_known(body, frozenset({"text", "object_type", "object_id"}))
        comment = comment_on_draft(
            actor=self.actor(request),
            text=words(body, "text", most=4_000),
            object_type=words(body, "object_type", most=64, default=""),
            object_id=words(body, "object_id", most=500, default=""),
        )
        return self.reply(shown_comment(comment), status=201)

    def settle(self, request: Request, key: str) -> HttpResponse:
        """Mark a comment as settled."""
        self.require(request, "governance.add_draftcomment")
        only_known(self.body(request), frozenset())
        if not DraftComment.objects.filter(pk=int(key)).exists():
            raise not_found()
        return self.reply(shown_comment(settle_comment(actor=self.actor(request), comment_id=int(key))))


def document_of(said: str) -> PolicyDocument:
    """The document of `draft`, `current` or a release's number. Raises `Problem`, and as `policy_version`."""
    reference = reference_of(said)
    if reference is None:
        raise Problem(400, "query.value", "`draft`, `current`, or the number of a release.", path="?from")
    return policy_version(reference).document


def words(body: dict[str, Any], key: str, *, most: int, default: str | None = None) -> str:
    """A text of the body, of at most `most` characters, without NUL."""
    said = field(body, key, str, default=default)
    if len(said) > most or "\x00" in said:
        raise Problem(400, "field.size", f"At most {most} characters, none of them NUL.", path=f"/{key}")
    return said


def maybe_number(body: dict[str, Any], key: str) -> int | None:
    """A whole number of the body, or None where there is none."""
    if body.get(key) is None:
        return None
    number = field(body, key, int)
    if number < 0:
        raise Problem(400, "field.value", "Must not be negative.", path=f"/{key}")
    return number


def shown_published(done: Published) -> dict[str, Any]:
    """What came of asking for a release."""
    return {
        "proposal": shown_proposal(done.proposal),
        "release": shown_release(done.release) if done.release is not None else None,
        "changes": shown_changes(done.changes),
        "failing_tests": shown_results(done.failing),
    }


_EMPTY_BODY = record({})
_REPLACED = record(
    {"revision": NUMBER, "changes": listed(record({"action": text(), "model": text(), "object": text()}))}
)
_PUBLISH = record(
    {
        "message": text("What changes, in your words.", minLength=1, maxLength=4000),
        "expected_release": {
            "type": "integer",
            "minimum": 0,
            "description": "The newest release that you saw.",
        },
        "expected_revision": {"type": "integer", "minimum": 0, "description": "The draft's revision you reviewed."},
        "override_reason": text("Why it may be published with failing tests.", maxLength=4000),
        "emergency": {"type": "boolean", "description": "At once, without a second person; must only tighten."},
    },
    required=["message"],
)
_COMMENT = record(
    {"text": text(minLength=1, maxLength=4000), "object_type": text(maxLength=64), "object_id": text(maxLength=500)},
    required=["text"],
)


def _page(call: Any, id: str, summary: str, responses: Any, **more: Any) -> Any:
    return documented(call, id=id, summary=summary, tag="draft", responses=responses, **more)


draft_routes = [
    route(
        "draft",
        "draft",
        DraftView,
        {
            "get": _page(
                lambda self, request: self.state(request), "draft_state", "How the draft stands", answers(DRAFT)
            )
        },
    ),
    route(
        "draft/document",
        "draft-document",
        DraftView,
        {
            "get": _page(
                lambda self, request: self.document(request),
                "draft_document",
                "The draft as a policy file",
                answers({"type": "object"}),
            ),
            "put": _page(
                lambda self, request: self.replace(request),
                "draft_replace",
                "Replace the whole draft, all or nothing",
                answers(_REPLACED, 409, 412, 413, 415, 428),
                request={"type": "object", "description": "A policy; its schema is docs/policy.schema.json."},
                parameters=(IF_MATCH, in_query("dry_run", "Only say what would change.", enum=["true", "false"])),
            ),
        },
    ),
    route(
        "draft/diff",
        "draft-diff",
        DraftView,
        {
            "get": _page(
                lambda self, request: self.diff(request),
                "draft_diff",
                "What the draft changes, for whom",
                answers(CHANGES, 404, 409),
                parameters=(in_query("from", "`current`, or a release's number."),),
            )
        },
    ),
    route(
        "draft/lint",
        "draft-lint",
        DraftView,
        {
            "get": _page(
                lambda self, request: self.lint(request),
                "draft_lint",
                "What the draft says that it probably should not",
                answers(record({"findings": listed(FINDING)})),
            )
        },
    ),
    route(
        "draft/tests",
        "draft-tests",
        DraftView,
        {
            "post": _page(
                lambda self, request: self.test(request),
                "draft_test",
                "Run the draft's tests",
                answers(record({"passed": NUMBER, "failed": NUMBER, "results": listed(RESULT)}), 413, 415),
                request=_EMPTY_BODY,
            )
        },
    ),
    route(
        "draft/publish",
        "draft-publish",
        DraftView,
        {
            "post": _page(
                lambda self, request: self.publish(request),
                "draft_publish",
                "Publish the draft, or propose it",
                answers(PUBLISHED, 409, 413, 415, status=202),
                request=_PUBLISH,
                description="The worker signs it: ask for the proposal until it names a release.",
            )
        },
    ),
    route(
        "draft/comments",
        "draft-comments",
        DraftView,
        {
            "get": _page(
                lambda self, request: self.comments(request),
                "draft_comments",
                "What people said about the draft",
                answers(page_shape(COMMENT)),
                parameters=PAGED,
            ),
            "post": _page(
                lambda self, request: self.comment(request),
                "draft_comment",
                "Say something about the draft",
                answers(COMMENT, 409, 413, 415, status=201),
                request=_COMMENT,
            ),
        },
    ),
    route(
        rf"draft/comments/(?P<key>{NUMBERED})/settle",
        "draft-comment-settle",
        DraftView,
        {
            "post": _page(
                lambda self, request, key: self.settle(request, key),
                "draft_comment_settle",
                "Mark a comment as settled",
                answers(COMMENT, 404, 409, 413, 415),
                request=_EMPTY_BODY,
                parameters=(in_path("key", NUMBERED),),
            )
        },
    ),
]

"""The draft as a whole: how it stands, its document, what it changes, what lint and its tests say, publishing it."""

from __future__ import annotations

import time

from django.http import HttpResponse
from rest_framework.request import Request

from governance.api.management.door.documents import IF_MATCH, documented, in_query
from governance.api.management.door.door import ManagementView
from governance.api.management.draft.answers import DraftAnswer, LintAnswer, ReplacedAnswer, TestedAnswer
from governance.api.management.draft.bodies import NothingBody, PublishBody
from governance.api.management.releases.answers import ChangesAnswer, PublishedAnswer
from governance.api.management.releases.policies import document_of
from governance.models import DraftState
from governance.policy.diff.semantic import compare
from governance.policy.lint.linter import lint
from governance.policy.tables.compiler import read_draft
from governance.policy.testing import run_tests
from governance.selectors.directory_now import directory_now
from governance.selectors.known import known_beside
from governance.selectors.policy_versions import draft_version
from governance.services.authoring.draft import replace_draft
from governance.services.releasing.publish import publish_draft

MOST_DOCUMENT = 2 * 1024 * 1024  # bytes; larger policies are imported by the command
LOOK = "governance.view_draftstate"


class DraftView(ManagementView):
    """The draft."""

    @documented("draft_state", "How the draft stands", DraftAnswer)
    def get(self, request: Request) -> HttpResponse:
        """Its revision, and how much of it is not in force."""
        self.require(request, LOOK)
        self.query(request, {})
        state = DraftState.objects.filter(pk=1).first() or DraftState()
        return self.reply(DraftAnswer.of(state), revision=state.changed_revision)


class DraftDocumentView(ManagementView):
    """The draft as one document."""

    @documented("draft_document", "The draft as a policy file", {"type": "object"})
    def get(self, request: Request) -> HttpResponse:
        """The whole draft, as the policy file says it."""
        self.require(request, LOOK)
        self.query(request, {})
        draft = read_draft()
        return self.reply(draft.document, revision=draft.revision)

    @documented(
        "draft_replace",
        "Replace the whole draft, all or nothing",
        ReplacedAnswer,
        409,
        412,
        428,
        body={"type": "object", "description": "A policy; its schema is docs/policy.schema.json."},
        parameters=(IF_MATCH, in_query("dry_run", "Only say what would change.", enum=["true", "false"])),
    )
    def put(self, request: Request) -> HttpResponse:
        """The draft then says exactly what is sent; what the document lacks is removed."""
        dry_run = self.dry_run(request)
        expected = self.expected(request)
        self.require(request, LOOK)
        made = replace_draft(
            actor=self.actor(request),
            document=self.body(request, most=MOST_DOCUMENT),
            expected_revision=expected,
            dry_run=dry_run,
        )
        return self.reply(ReplacedAnswer.of(made), revision=made.revision)


class DraftDiffView(ManagementView):
    """What the draft changes."""

    @documented(
        "draft_diff",
        "What the draft changes, for whom",
        ChangesAnswer,
        404,
        409,
        parameters=(in_query("from", "`current`, or a release's number."),),
    )
    def get(self, request: Request) -> HttpResponse:
        """What publishing the draft would change: object by object, and for whom."""
        self.require(request, LOOK)
        said = self.query(request, {"from": "current"})["from"]
        before, after = document_of(said), draft_version().document
        changes = compare(before, after, directory=directory_now().principals)
        return self.reply(ChangesAnswer.of({"from": said, "to": "draft", "changes": changes}))


class LintView(ManagementView):
    """What is odd about the draft."""

    @documented("draft_lint", "What the draft says that it probably should not", LintAnswer)
    def get(self, request: Request) -> HttpResponse:
        """Nothing of it keeps the draft from being published."""
        self.require(request, LOOK)
        self.query(request, {})
        now, document = time.time(), draft_version().written
        findings = lint(document, now=now, known=known_beside(document, now=now))
        return self.reply(LintAnswer.of({"findings": findings}))


class TestsView(ManagementView):
    """The draft's own tests."""

    @documented("draft_test", "Run the draft's tests", TestedAnswer, body=NothingBody)
    def post(self, request: Request) -> HttpResponse:
        """The draft's own tests, against it."""
        self.require(request, LOOK)
        NothingBody.read(self.body(request))
        results = run_tests(draft_version().written, now=time.time())
        passed = sum(result.passed for result in results)
        return self.reply(TestedAnswer.of({"passed": passed, "failed": len(results) - passed, "results": results}))


class PublishView(ManagementView):
    """The draft's way into force."""

    @documented("draft_publish", "Publish the draft, or propose it", PublishedAnswer, 409, body=PublishBody, status=202)
    def post(self, request: Request) -> HttpResponse:
        """The worker signs it: ask for the proposal until it names a release."""
        done = publish_draft(actor=self.actor(request), **PublishBody.read(self.body(request)))
        return self.reply(PublishedAnswer.of(done), status=202)

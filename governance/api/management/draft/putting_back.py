"""The draft put back: thrown away, made an old release again, or freed of one change."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from governance.api.management.door.documents import IF_MATCH, documented, in_query
from governance.api.management.door.door import ManagementView
from governance.api.management.door.serializers import Body
from governance.api.management.draft.answers import ReplacedAnswer
from governance.api.management.draft.bodies import PutBackBody, RestoreBody, TakeBackBody
from governance.services.authoring.returning import discard_draft, restore_draft, take_back

PARAMETERS = (IF_MATCH, in_query("dry_run", "Only say what would be lost.", enum=["true", "false"]))


class PutBackView(ManagementView):
    """What the three share: rights, the draft's revision, a dry run."""

    def put_back(self, request: Request, body: type[Body], act: Any) -> HttpResponse:
        """Do it, and say which objects it changed."""
        dry_run = self.dry_run(request)
        expected = self.expected(request)
        self.require(request, "governance.view_draftstate")
        said = body.read(self.body(request))
        made = act(actor=self.actor(request), expected_revision=expected, dry_run=dry_run, **said)
        return self.reply(ReplacedAnswer.of(made), revision=made.revision)


class DiscardView(PutBackView):
    """Throwing the draft away."""

    @documented(
        "draft_discard", "Throw the draft away: it then says what is in force", ReplacedAnswer, 409, 412, 428,
        body=PutBackBody, parameters=PARAMETERS,
    )  # fmt: skip
    def post(self, request: Request) -> HttpResponse:
        """What no release holds stays: principals, the directory, secrets."""
        return self.put_back(request, PutBackBody, discard_draft)


class RestoreView(PutBackView):
    """The draft as an old release."""

    @documented(
        "draft_restore", "Make the draft say what a release says", ReplacedAnswer, 409, 412, 428,
        body=RestoreBody, parameters=PARAMETERS,
    )  # fmt: skip
    def post(self, request: Request) -> HttpResponse:
        """Nothing comes into force by it."""
        return self.put_back(request, RestoreBody, lambda release, **said: restore_draft(number=release, **said))


class TakeBackView(PutBackView):
    """One change of the draft undone."""

    @documented(
        "draft_take_back", "Put one object of the draft back to what is in force", ReplacedAnswer, 409, 412, 428,
        body=TakeBackBody, parameters=PARAMETERS,
    )  # fmt: skip
    def post(self, request: Request) -> HttpResponse:
        """Refused, by name, where something else in the draft needs the object as it is."""
        return self.put_back(request, TakeBackBody, lambda object, **said: take_back(path=object, **said))

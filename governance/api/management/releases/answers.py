"""Releases, proposals and what they change, as the API tells them."""

from __future__ import annotations

from governance.api.management.door.fields import ChoiceField, FlagField, FreeField, ManyField, TextField, WholeField
from governance.api.management.door.serializers import ObjectAnswer, RowAnswer
from governance.models import Release, ReleaseProposal
from governance.policy.diff.moves import Move


class ChangeAnswer(ObjectAnswer):
    """One change of the policy."""

    kind = TextField(help_text="Kind of object, or `right` for what somebody may now do more or less.")
    path = TextField()
    summary = TextField()
    effect = ChoiceField(Move)
    object = TextField(help_text="The object that was written differently, as `take-back` names it; empty for a right.")


class ChangesAnswer(ObjectAnswer):
    """What one policy changes of another."""

    from_ = TextField()
    to = TextField()
    changes = ChangeAnswer(many=True)


class ResultAnswer(ObjectAnswer):
    """What came of one policy test."""

    name = TextField()
    pass_ = FlagField(source="passed")
    expected = FreeField()
    got = FreeField()


class ReleaseAnswer(RowAnswer[Release]):
    """A release without its document."""

    rules = WholeField(source="rule_count")

    class Meta:
        model = Release
        fields = (
            "number", "kind", "digest", "key_id", "author", "approver", "message", "override_reason", "based_on",
            "rollback_of", "rules", "created_at",
        )  # fmt: skip


class ProposalAnswer(RowAnswer[ReleaseProposal]):
    """A proposal without its document."""

    reasons = ManyField(child=TextField(), help_text="Why a second person is needed.")
    summary = FreeField()
    release = WholeField(source="release.number", allow_null=True)

    class Meta:
        model = ReleaseProposal
        fields = (
            "id", "kind", "status", "digest", "author", "message", "override_reason", "reasons", "summary", "based_on",
            "rollback_of", "decided_by", "decided_at", "decision_reason", "release", "created_at",
        )  # fmt: skip


class PublishedAnswer(ObjectAnswer):
    """What came of asking for a release."""

    proposal = ProposalAnswer()
    release = ReleaseAnswer(allow_null=True)
    changes = ChangeAnswer(many=True)
    failing_tests = ResultAnswer(many=True, source="failing")

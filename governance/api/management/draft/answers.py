"""The draft as the API tells it."""

from __future__ import annotations

from rest_framework import serializers

from governance.api.management.door.fields import TextField, WholeField
from governance.api.management.door.serializers import ObjectAnswer, RowAnswer
from governance.api.management.releases.answers import ResultAnswer
from governance.models import DraftComment, DraftState
from governance.selectors.draft import unpublished_changes


class DraftAnswer(RowAnswer[DraftState]):
    """How the draft stands."""

    revision = WholeField(source="changed_revision")
    unpublished_changes = serializers.SerializerMethodField(
        help_text="As many as the draft's diff lists beside rights."
    )

    class Meta:
        model = DraftState
        fields = ("revision", "changed_at", "changed_by", "based_on", "unpublished_changes")

    def get_unpublished_changes(self, state: DraftState) -> int:
        """From what is in force."""
        return len(unpublished_changes())


class ReplacedObjectAnswer(ObjectAnswer):
    """One object that a new document makes, changes or removes."""

    action = TextField()
    model = TextField()
    object = TextField()


class ReplacedAnswer(ObjectAnswer):
    """What became of replacing the draft."""

    revision = WholeField()
    changes = ReplacedObjectAnswer(many=True)


class FindingAnswer(ObjectAnswer):
    """Something that a policy probably should not say."""

    code = TextField()
    path = TextField()
    message = TextField()


class LintAnswer(ObjectAnswer):
    """Everything of that kind."""

    findings = FindingAnswer(many=True)


class TestedAnswer(ObjectAnswer):
    """What came of the draft's tests."""

    passed = WholeField()
    failed = WholeField()
    results = ResultAnswer(many=True)


class CommentAnswer(RowAnswer[DraftComment]):
    """One comment on the draft."""

    class Meta:
        model = DraftComment
        fields = (
            "id", "draft_revision", "object_type", "object_id", "author", "text", "created_at", "resolved_at",
            "resolved_by",
        )  # fmt: skip

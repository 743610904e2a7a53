"""What people say about the draft before it is published: written and settled here, each with its record."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction

from accounts.services.actor import Actor
from accounts.services.errors import ServiceError
from audit.records.kinds import Kind
from audit.writing.outbox import record_change
from governance.models import DraftComment
from governance.selectors.draft import draft_revision


class CommentRefused(ServiceError):
    """A comment that cannot be written or settled so; says why."""


LONGEST = 4_000


def comment_on_draft(*, actor: Actor, text: str, object_type: str = "", object_id: str = "") -> DraftComment:
    """Say something about the draft as it stands, or about one object of it. Raises `CommentRefused`, NotPermitted."""
    actor.require("governance.add_draftcomment")
    said = text.strip()
    if not said:
        raise CommentRefused("Say something.")
    if len(said) > LONGEST:
        raise CommentRefused(f"A comment has at most {LONGEST} characters.")
    with transaction.atomic():
        revision = draft_revision()
        comment = DraftComment.objects.create(
            draft_revision=revision, object_type=object_type, object_id=object_id, author=actor.name, text=said
        )
        _record(actor, comment, action="draft.commented")
    return comment


def settle_comment(*, actor: Actor, comment_id: int) -> DraftComment:
    """Mark a comment as settled. Raises `CommentRefused`, NotPermitted."""
    actor.require("governance.add_draftcomment")
    with transaction.atomic():
        comment = DraftComment.objects.select_for_update().filter(pk=comment_id, resolved_at=None).first()
        if comment is None:
            raise CommentRefused("That comment is settled already.")
        comment.resolved_at, comment.resolved_by = datetime.now(tz=UTC), actor.name
        comment.save(update_fields=["resolved_at", "resolved_by"])
        _record(actor, comment, action="draft.comment_settled")
    return comment


def _record(actor: Actor, comment: DraftComment, *, action: str) -> None:
    record_change(
        actor=actor.who,
        kind=Kind.ADMIN_CHANGE,
        action=action,
        model="governance.draftcomment",
        object=str(comment.pk),
        after={"draft_revision": comment.draft_revision, "author": comment.author, "text": comment.text},
    )

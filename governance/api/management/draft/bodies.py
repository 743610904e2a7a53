"""What is sent about the draft."""

from __future__ import annotations

from governance.api.management.door.fields import FlagField, TextField, WholeField
from governance.api.management.door.serializers import Body


class NothingBody(Body):
    """An empty object."""


class PublishBody(Body):
    """What is published, and on what the publisher has looked."""

    message = TextField(max_length=4_000, help_text="What changes, in your words.", described={"minLength": 1})
    expected_release = WholeField(
        min_value=0, default=None, allow_null=True, help_text="The newest release that you saw."
    )
    expected_revision = WholeField(
        min_value=0, default=None, allow_null=True, help_text="The draft's revision you reviewed."
    )
    override_reason = TextField(max_length=4_000, default="", help_text="Why it may be published with failing tests.")
    emergency = FlagField(default=False, help_text="At once, without a second person; must only tighten.")


class CommentBody(Body):
    """Something about the draft, or one object of it."""

    text = TextField(max_length=4_000, described={"minLength": 1})
    object_type = TextField(max_length=64, default="")
    object_id = TextField(max_length=500, default="")


class PutBackBody(Body):
    """Why the draft goes back."""

    reason = TextField(max_length=4_000, default="", help_text="Kept with every change in the history.")


class RestoreBody(PutBackBody):
    """Which release the draft is to say."""

    release = WholeField(min_value=1, help_text="The release's number.")


class TakeBackBody(PutBackBody):
    """Which change is taken back."""

    object = TextField(
        max_length=1_000,
        described={"minLength": 1},
        help_text="The object, as the draft's diff names it: `rules.payers`.",
    )

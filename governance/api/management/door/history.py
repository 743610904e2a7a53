"""What happened to an object, as the API tells it; and where a writer says why."""

from __future__ import annotations

from governance.api.management.door.fields import FlagField, FreeField, MomentField, TextField
from governance.api.management.door.serializers import ObjectAnswer

REASON = "toolgate-reason"
"""The header in which a writer may say why; history shows it."""


class HistoryEntryAnswer(ObjectAnswer):
    """One change."""

    record = TextField(help_text="The audit record's id.", described={"format": "uuid"})
    at = MomentField()
    who = TextField()
    action = TextField()
    reason = TextField()
    before = FreeField(allow_null=True)
    after = FreeField(allow_null=True)
    in_trail = FlagField()


class HistoryAnswer(ObjectAnswer):
    """The newest changes, newest first."""

    items = HistoryEntryAnswer(many=True)

"""A captured payload as the API tells it."""

from __future__ import annotations

from audit.records.capture import CaptureLevel
from governance.api.management.door.fields import ChoiceField, TextField, WholeField
from governance.api.management.door.serializers import ObjectAnswer


class OpenedPayloadAnswer(ObjectAnswer):
    """What was captured, opened once; the opening is a record of its own."""

    record = TextField(help_text="The record that captured it.")
    opening = TextField(help_text="The record of this opening.")
    place = ChoiceField(("arguments", "result"), help_text="What of the call it is.")
    level = ChoiceField(
        (CaptureLevel.REDACTED, CaptureLevel.FULL),
        help_text="redacted: each credential found is a placeholder such as [secret:cloud].",
    )
    size = WholeField(help_text="Bytes of the whole payload as it came, before anything was taken out.")
    text = TextField(help_text="The payload: JSON, exactly as it was sealed.")

"""What is sent to open a captured payload."""

from __future__ import annotations

from governance.api.management.door.fields import TextField
from governance.api.management.door.serializers import Body
from governance.services.payloads import LONGEST_REASON, SHORTEST_REASON


class OpeningBody(Body):
    """Why a payload is opened."""

    reason = TextField(
        max_length=LONGEST_REASON,
        help_text="Recorded with who opened it; without a credential in it.",
        described={"minLength": SHORTEST_REASON},
    )

"""What is sent about releases and proposals."""

from __future__ import annotations

from governance.api.management.door.fields import TextField, WholeField
from governance.api.management.door.serializers import Body


class RollbackBody(Body):
    """Why the policy goes back."""

    message = TextField(max_length=4_000, default="", help_text="Why; without it, the old release's message.")
    expected_release = WholeField(min_value=0, default=None, allow_null=True)
    override_reason = TextField(max_length=4_000, default="")


class ReasonBody(Body):
    """Why a proposal is decided so."""

    reason = TextField(max_length=4_000, default="")

"""What is sent to switch something off, and on again."""

from __future__ import annotations

from governance.api.management.door.fields import FlagField, MomentField, TextField
from governance.api.management.door.serializers import Body
from governance.models.releases.switch import SwitchScope


class SwitchBody(Body):
    """A kill switch to set."""

    target = TextField(
        max_length=260,
        help_text="`all`, `principal:ID`, `agent:ID`, `department:ID`, `server:ID` or `tool:SERVER/TOOL`.",
        described={"pattern": f"^({'|'.join(SwitchScope.values)})(:.{{1,200}})?$"},
    )
    reason = TextField(max_length=4_000, described={"minLength": 1})
    until = MomentField(default=None, allow_null=True, help_text="When it ends by itself.")
    drill = FlagField(default=False, help_text="Ends within 60 minutes and never replaces a live switch.")
    force = FlagField(default=False, help_text="Set it for an id that nothing has yet.")


class LiftBody(Body):
    """Why a switch is lifted, and who else is there."""

    reason = TextField(max_length=4_000, described={"minLength": 1})
    second_token = TextField(
        default=None,
        allow_null=True,
        help_text="For `all`: an access token of a second person who may lift switches.",
    )

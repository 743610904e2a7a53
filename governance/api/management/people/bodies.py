"""What is sent about accounts and staff roles. What a value may be, the models check."""

from __future__ import annotations

from typing import Any

from accounts.models import ScopeKind, StaffRole, Status, User, UserKind
from accounts.models.slug import RateTier, TierChoice
from governance.api.management.door.fields import ManyField, MomentField, TextField, refused
from governance.api.management.door.serializers import Body
from governance.api.management.door.versions import SeenField
from governance.engine.normalise.names import SLUG

MOST_HELD = 256
_ID = {"pattern": f"^{SLUG}$"}


class AccountField(TextField):
    """An account, by its name."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=64, described=_ID, **more)

    def to_internal_value(self, data: Any) -> Any:
        """The account."""
        user = User.objects.filter(username=super().to_internal_value(data)).first()
        if user is None:
            raise refused("reference.unknown", "There is no such account.")
        return user


class AccountHeldField(ManyField):
    """Ids of what an account holds."""

    def __init__(self) -> None:
        super().__init__(child=TextField(described=_ID), default=list, described={"maxItems": MOST_HELD})

    def to_internal_value(self, data: Any) -> list[str]:
        """The ids."""
        if type(data) is list and (
            len(data) > MOST_HELD or not all(isinstance(item, str) and "\x00" not in item for item in data)
        ):
            raise refused("field.type", f"At most {MOST_HELD} ids.")
        return super().to_internal_value(data)


class UserBody(Body):
    """An account to make, as the columns of its row; a key that is left out has its default."""

    id = TextField(source="username", max_length=64, described=_ID)
    name = TextField(max_length=254, default="", described={"maxLength": 200})
    email = TextField(max_length=254, default="")
    kind = TextField(max_length=254, default=UserKind.USER.value, described={"enum": UserKind.values})
    status = TextField(max_length=254, default=Status.ACTIVE.value, described={"enum": Status.values})
    tier = TextField(max_length=254, default=TierChoice.USER.value, described={"enum": TierChoice.values})
    rate_tier = TextField(max_length=254, default="", described={"enum": ["", *RateTier.values]})
    roles = AccountHeldField()
    groups = AccountHeldField()
    departments = AccountHeldField()
    owner = AccountField(default=None, allow_null=True)
    meta = SeenField(required=False)


class KeptUserBody(UserBody):
    """The whole account anew; the path says which."""

    id = TextField(source="username", required=False, described=_ID)


class SignOutBody(Body):
    """Why tokens are refused."""

    reason = TextField(max_length=500)


class GrantBody(Body):
    """A staff role to give."""

    user = AccountField()
    role = TextField(max_length=16, described={"enum": StaffRole.values})
    scope_kind = TextField(max_length=16, default=ScopeKind.GLOBAL.value, described={"enum": ScopeKind.values})
    scope = TextField(max_length=64, default="")
    valid_until = MomentField(default=None, allow_null=True, error_messages={"format": "Must be a timestamp."})
    stand_in_for = AccountField(default=None, allow_null=True)
    reason = TextField(max_length=500, described={"minLength": 1})

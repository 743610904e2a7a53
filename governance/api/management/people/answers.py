"""Accounts and staff roles as the API tells them, without anything secret."""

from __future__ import annotations

from accounts.models import StaffGrant, User
from accounts.models.slug import RateTier
from governance.api.management.door.fields import ChoiceField, TextField, WholeField
from governance.api.management.door.serializers import ObjectAnswer, RowAnswer
from governance.api.management.door.versions import VersionAnswer


class UserAnswer(RowAnswer[User]):
    """An account."""

    id = TextField(source="username")
    email = TextField()
    rate_tier = ChoiceField(["", *RateTier.values])
    owner = TextField(source="owner.username", allow_null=True)
    meta = VersionAnswer(source="*")

    class Meta:
        model = User
        fields = (
            "id", "name", "email", "kind", "status", "tier", "rate_tier", "owner", "roles", "groups", "departments",
            "epoch", "meta",
        )  # fmt: skip


class SignedOutAnswer(ObjectAnswer):
    """What tokens of before are older than."""

    epoch = WholeField()


class StaffGrantAnswer(RowAnswer[StaffGrant]):
    """A staff role that somebody holds."""

    user = TextField(source="user.username")
    stand_in_for = TextField(source="stand_in_for.username", allow_null=True)

    class Meta:
        model = StaffGrant
        fields = (
            "id", "user", "role", "scope_kind", "scope", "valid_until", "stand_in_for", "reason", "granted_by",
        )  # fmt: skip

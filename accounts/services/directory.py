"""The directory's writers: people and service accounts, what they hold, and what shuts them out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import StaffGrant, Status, User, UserKind
from accounts.services import change
from accounts.services.actor import Actor
from accounts.services.change import RowChange, record
from accounts.services.errors import NotPermitted
from audit.records.kinds import Kind as RecordKind

RIGHTS = ("kind", "status", "tier", "rate_tier", "roles", "groups", "departments", "owner_id")
"""Columns that decide what somebody may do. The database raises the epoch with each; nobody changes their own."""


def create_user(*, actor: Actor, user: User, password: str | None = None, reason: str = "") -> RowChange:
    """Add an account; without a password it cannot sign in to the console. Raises ValidationError and NotPermitted."""
    user.set_password(password)
    return change.save_new(actor=actor, instance=user, kind=RecordKind.DIRECTORY_CHANGE, reason=reason)


def update_user(
    *, actor: Actor, user: User, expected_revision: int | None = None, reason: str = ""
) -> RowChange | None:
    """Change an account; in force on every process at once, and older tokens of it are refused.

    Nobody but an owner changes their own rights, or anything of somebody who holds a staff role. Accounts are never
    removed, only given another status: records name them.
    """
    with _an_owner_stays():
        current = User.objects.select_for_update().filter(pk=user.pk).first()
        if current is not None:
            _guard(actor, current, rights=any(getattr(current, name) != getattr(user, name) for name in RIGHTS))
        made = change.save_changed(
            actor=actor,
            instance=user,
            expected_revision=expected_revision,
            kind=RecordKind.DIRECTORY_CHANGE,
            reason=reason,
        )
        user.refresh_from_db(fields=["epoch", "directory_revision"])
    return made


def set_password(*, actor: Actor, user: User, password: str) -> None:
    """Give an account a new password and end the tokens that were issued before. The record says who, never what."""
    with transaction.atomic():
        current = User.objects.select_for_update().get(pk=user.pk)
        actor.require("accounts.change_user", current)
        if actor.user is None or actor.user.pk != current.pk:
            _guard(actor, current, rights=False)
        current.set_password(password)
        current.epoch += 1
        current.revision += 1
        current.updated_by = actor.name
        current.save(update_fields=["password", "epoch", "revision", "updated_by", "updated_at"])
        made = RowChange(
            action="password_set",
            model="accounts.user",
            object=current.username,
            name=current.name,
            before=None,
            after=None,
        )
        record(actor=actor, changes=[made], kind=RecordKind.DIRECTORY_CHANGE)


def raise_epoch(*, actor: Actor, user: User, reason: str) -> int:
    """Refuse every token of a principal that was issued before now; the new epoch."""
    with transaction.atomic():
        current = User.objects.select_for_update().get(pk=user.pk)
        actor.require("accounts.change_user", current)
        _guard(actor, current, rights=False)
        current.epoch += 1
        current.save(update_fields=["epoch"])
        made = RowChange(
            action="signed_out",
            model="accounts.user",
            object=current.username,
            name=current.name,
            before=None,
            after=None,
        )
        record(actor=actor, changes=[made], kind=RecordKind.DIRECTORY_CHANGE, reason=reason)
    return current.epoch


def grant_role(*, actor: Actor, grant: StaffGrant) -> RowChange:
    """Give somebody a staff role; only owners hold that permission."""
    if grant.user.kind != UserKind.USER:
        raise ValidationError(
            {"user": "Staff roles are for people; a service account uses the API with its own tokens."}
        )
    grant.granted_by = actor.name
    return change.save_new(actor=actor, instance=grant, kind=RecordKind.DIRECTORY_CHANGE, reason=grant.reason)


def change_grant(*, actor: Actor, grant: StaffGrant, expected_revision: int | None = None) -> RowChange | None:
    """Change how far or how long a staff role reaches."""
    with _an_owner_stays():
        return change.save_changed(
            actor=actor,
            instance=grant,
            expected_revision=expected_revision,
            kind=RecordKind.DIRECTORY_CHANGE,
            reason=grant.reason,
        )


def revoke_grant(*, actor: Actor, grant: StaffGrant, reason: str = "") -> RowChange:
    """Take a staff role away; the last owner stays."""
    with _an_owner_stays():
        return change.remove(actor=actor, instance=grant, kind=RecordKind.DIRECTORY_CHANGE, reason=reason)


def import_principals(*, actor: Actor, principals: Mapping[str, Mapping[str, Any]]) -> list[RowChange]:
    """Create and update accounts from a document's `principals`, never delete; all or none.

    Persons come first, so that a service account finds its owner. Of what the document does not mention an account
    keeps its name, its address and its password. Raises ValidationError, of one account's fault by its field.
    """
    ordered = sorted(principals.items(), key=lambda item: (item[1].get("kind", "user") == "service", item[0]))
    made: list[RowChange] = []
    with transaction.atomic():
        known = {user.username: user for user in User.objects.filter(username__in=principals)}
        for username, said in ordered:
            kind = str(said.get("kind", UserKind.USER))
            user = known.get(username) or User(username=username)
            user.name = str(said.get("name") or user.name)
            user.email = str(said.get("email") or user.email)
            user.kind = kind
            user.tier = str(said.get("tier") or ("service" if kind == UserKind.SERVICE else "user"))
            user.status = str(said.get("status", Status.ACTIVE))
            user.roles, user.groups, user.departments = (
                list(said.get(name) or ()) for name in ("roles", "groups", "departments")
            )
            user.owner = _owner(username, said.get("owner")) if kind == UserKind.SERVICE else None
            if user.pk is None:
                made.append(create_user(actor=actor, user=user))
            elif changed := update_user(actor=actor, user=user):
                made.append(changed)
    return made


def _owner(username: str, owner: object) -> User:
    found = User.objects.filter(username=str(owner or "")).first()
    if found is None:
        raise ValidationError({"owner": f"{username}: the directory holds no {owner or 'owner'} to answer for it."})
    return found


def _guard(actor: Actor, user: User, *, rights: bool) -> None:
    """Nobody raises themselves, and nobody but an owner reaches into the account of somebody with a staff role."""
    if actor.user is None or actor.user.is_superuser:
        return
    own = actor.user.pk == user.pk
    if (own and rights) or (not own and user.staff_grants.exists()):
        raise NotPermitted(actor=actor.name, perm="accounts.change_user", object=user.username)


def _owners() -> int:
    """How many owners without an end could sign in."""
    return User.objects.filter(
        status=Status.ACTIVE, staff_grants__role="owner", staff_grants__valid_until__isnull=True
    ).count()


@contextmanager
def _an_owner_stays() -> Iterator[None]:
    """One transaction that is refused when it takes away the last owner who can sign in."""
    with transaction.atomic():
        before = _owners()
        yield
        if before and not _owners():
            raise ValidationError("The last owner stays: give the role to somebody else first.")

"""The one way to write a row that people edit: permission, version, checks, write and record in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from django.core.exceptions import ValidationError
from django.db import models, transaction

from accounts.models import ChangeRef
from accounts.models.authored import Versioned
from accounts.services.actor import Actor
from accounts.services.errors import Conflict
from audit.records.kinds import Kind
from audit.records.record import prepare
from audit.writing.outbox import record_all_prepared

Describe: TypeAlias = Callable[[Any], dict[str, Any]]
Check: TypeAlias = Callable[[Any], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """One object before and after, as history shows it. `before` None: it is new; `after` None: it is gone."""

    action: str
    model: str
    object: str
    name: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def record(*, actor: Actor, changes: list[RowChange], kind: Kind = Kind.ADMIN_CHANGE, reason: str = "") -> None:
    """Write the records of changes into the outbox, in the caller's transaction."""
    ids = record_all_prepared(
        [
            prepare(
                kind,
                who=actor.who,
                action=change.action,
                model=change.model,
                object=change.object,
                name=change.name or None,
                before=change.before,
                after=change.after,
                reason=reason or None,
            )
            for change in changes
        ]
    )
    ChangeRef.objects.bulk_create(
        [
            ChangeRef(model=change.model, object_id=change.object[:500], record_id=record_id)
            for change, record_id in zip(changes, ids, strict=True)
        ],
        batch_size=1_000,
    )


def describe_row(instance: Versioned) -> dict[str, Any]:
    """What history keeps of a row: its columns without bookkeeping and without anything secret."""
    hidden = instance.secret_fields | instance.bookkeeping_fields
    return {
        field.name: _shown(field, instance)
        for field in instance._meta.concrete_fields
        if field.name not in hidden and field.attname not in hidden
    }


def save_new(
    *, actor: Actor, instance: Versioned, describe: Describe = describe_row, check: Check | None = None,
    kind: Kind = Kind.ADMIN_CHANGE, reason: str = "",
) -> RowChange:  # fmt: skip
    """Add one row; raises NotPermitted and ValidationError (by field)."""
    with transaction.atomic():
        actor.require(permission("add", type(instance)), instance)
        _check(instance, check)
        instance.revision, instance.updated_by = 1, actor.name
        instance.save(force_insert=True)
        change = _change("created", instance, before=None, after=describe(instance))
        record(actor=actor, changes=[change], kind=kind, reason=reason)
    return change


def save_changed(
    *, actor: Actor, instance: Versioned, expected_revision: int | None, describe: Describe = describe_row,
    check: Check | None = None, kind: Kind = Kind.ADMIN_CHANGE, reason: str = "",
) -> RowChange | None:  # fmt: skip
    """Write a changed row; None when nothing changed.

    The grant must reach the row both as it was and as it will be. Raises Conflict when `expected_revision` is not the
    row's (None: whatever it is), NotPermitted, and ValidationError (by field).
    """
    with transaction.atomic():
        current = lock(instance, expected_revision=expected_revision, describe=describe)
        actor.require(permission("change", type(instance)), current)
        if current.object_id != instance.object_id:
            raise ValidationError("The id cannot be changed: rules, tokens and records name it. Make a new object.")
        _check(instance, check)
        actor.require(permission("change", type(instance)), instance)
        before, after = describe(current), describe(instance)
        if before == after and instance.secret_values() == current.secret_values():
            return None
        instance.revision, instance.updated_by = current.revision + 1, actor.name
        instance.save(force_update=True)
        change = _change("changed", instance, before=before, after=after)
        record(actor=actor, changes=[change], kind=kind, reason=reason)
    return change


def remove(
    *, actor: Actor, instance: Versioned, expected_revision: int | None = None, describe: Describe = describe_row,
    kind: Kind = Kind.ADMIN_CHANGE, reason: str = "",
) -> RowChange:  # fmt: skip
    """Take a row away; raises Conflict and NotPermitted."""
    with transaction.atomic():
        current = lock(instance, expected_revision=expected_revision, describe=describe)
        actor.require(permission("delete", type(instance)), current)
        change = _change("deleted", current, before=describe(current), after=None)
        current.delete()
        record(actor=actor, changes=[change], kind=kind, reason=reason)
    return change


def lock(instance: Versioned, *, expected_revision: int | None, describe: Describe = describe_row) -> Any:
    """The row as it stands, locked; raises Conflict when it is gone or not at the expected revision."""
    model = type(instance)
    current = model._default_manager.select_for_update(of=("self",)).filter(pk=instance.pk).first()
    if current is None or (expected_revision is not None and current.revision != expected_revision):
        raise Conflict(
            model=str(model._meta.verbose_name),
            object=instance.object_id,
            expected=expected_revision,
            current=current.revision if current is not None else None,
            by=current.updated_by if current is not None else "",
            yours=describe(instance),
            theirs=describe(current) if current is not None else None,
        )
    return current


def permission(action: str, model: type[models.Model]) -> str:
    """The permission's name, as Django's admin writes it."""
    return f"{model._meta.app_label}.{action}_{model._meta.model_name}"


def _check(instance: Versioned, check: Check | None) -> None:
    instance.full_clean()
    if check is not None:
        check(instance)


def _change(
    action: str, instance: Versioned, *, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> RowChange:
    return RowChange(
        action=action,
        model=str(instance._meta.label_lower),
        object=instance.object_id,
        name=str(getattr(instance, "name", "") or ""),
        before=before,
        after=after,
    )


def _shown(field: models.Field[Any, Any], instance: Versioned) -> Any:
    value = getattr(instance, field.attname)
    if isinstance(field, models.ForeignKey) and value is not None:
        related = getattr(instance, field.name)
        return related.object_id if isinstance(related, Versioned) else str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
    return str(value) if isinstance(value, str) else value

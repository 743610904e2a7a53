"""The only writers of the draft: one object at a time, with its record, and the draft's revision raised beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.db import transaction

from accounts.models.authored import Versioned
from accounts.services import change
from accounts.services.actor import Actor
from accounts.services.change import RowChange
from governance.models import DraftState, Server
from governance.policy.tables.compiler import object_of
from governance.policy.tables.object_checks import check_object


@contextmanager
def draft_locked(*, actor: Actor) -> Iterator[DraftState]:
    """Hold the draft for one transaction: changes to it commit one after another, so its revisions do too.

    A caller that changed something raises the revision with `raise_revision`.
    """
    with transaction.atomic():
        DraftState.objects.get_or_create(pk=1)
        yield DraftState.objects.select_for_update().get(pk=1)


def raise_revision(state: DraftState, *, actor: Actor) -> None:
    """Count one change of the draft."""
    state.changed_revision += 1
    state.changed_at = datetime.now(tz=UTC)
    state.changed_by = actor.name
    state.save(update_fields=["changed_revision", "changed_at", "changed_by"])


def create_object(*, actor: Actor, instance: Versioned, reason: str = "") -> RowChange:
    """Add one object to the draft; raises NotPermitted and ValidationError (by column)."""
    with draft_locked(actor=actor) as state:
        made = change.save_new(actor=actor, instance=instance, describe=object_of, check=check_object, reason=reason)
        raise_revision(state, actor=actor)
    return made


def update_object(
    *, actor: Actor, instance: Versioned, expected_revision: int | None, reason: str = ""
) -> RowChange | None:
    """Write a changed object of the draft; None when nothing changed.

    Raises Conflict (with both versions) when the row is not at `expected_revision`, NotPermitted, ValidationError.
    """
    with draft_locked(actor=actor) as state:
        made = change.save_changed(
            actor=actor,
            instance=instance,
            expected_revision=expected_revision,
            describe=object_of,
            check=check_object,
            reason=reason,
        )
        if made is not None:
            raise_revision(state, actor=actor)
    return made


def delete_object(
    *, actor: Actor, instance: Versioned, expected_revision: int | None = None, reason: str = ""
) -> list[RowChange]:
    """Take an object out of the draft, a server with its tools; raises Conflict and NotPermitted."""
    with draft_locked(actor=actor) as state:
        parts = list(instance.tools.all()) if isinstance(instance, Server) else []
        made = [change.remove(actor=actor, instance=part, describe=object_of, reason=reason) for part in parts]
        made.append(
            change.remove(
                actor=actor,
                instance=instance,
                expected_revision=expected_revision,
                describe=object_of,
                reason=reason,
            )
        )
        raise_revision(state, actor=actor)
    return made


def delete_objects(*, actor: Actor, instances: list[Versioned], reason: str = "") -> list[RowChange]:
    """Take several objects out of the draft, all or none."""
    with transaction.atomic():
        return [made for instance in instances for made in delete_object(actor=actor, instance=instance, reason=reason)]

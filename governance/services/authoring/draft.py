"""The whole draft at once: replaced by a document, all or nothing, with a record for every object that changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from accounts.models.authored import Versioned
from accounts.services.actor import Actor
from accounts.services.change import RowChange, permission, record
from accounts.services.errors import Conflict
from governance.engine.call import Json
from governance.models import DraftState, Server, Tool
from governance.policy.checks.validate import validate
from governance.policy.document.canonical import normalise
from governance.policy.document.errors import PolicyErrors
from governance.policy.tables.compiler import read_rows
from governance.policy.tables.objects import Identity, Objects, take_apart
from governance.policy.tables.row_mapping import ROW_MAPPINGS, Form, RowMapping
from governance.services.authoring.objects import draft_locked, raise_revision

BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """What replacing the draft does: the changes by object, and the draft's revision afterwards."""

    changes: tuple[RowChange, ...]
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What happens to one row. `pk` None: it is new; `after` None: it goes."""

    identity: Identity
    pk: int | None
    revision: int
    before: dict[str, Json] | None
    after: dict[str, Json] | None


def replace_draft(
    *,
    actor: Actor,
    document: Mapping[str, Any],
    expected_revision: int | None = None,
    reason: str = "",
    dry_run: bool = False,
    based_on: int | None = None,
) -> Replacement:
    """Make the draft say exactly what `document` says; what the document lacks is removed.

    `expected_revision` is the draft's, when the caller read it before. `based_on` is the release that the document
    comes from. With `dry_run` nothing is written. Raises PolicyErrors, Conflict and NotPermitted; then nothing changed.
    """
    faults = validate(document)
    if faults:
        raise PolicyErrors(faults)
    parts = take_apart(normalise(document))
    with draft_locked(actor=actor) as state:
        require_revision(state, expected_revision)
        plan = [(home, _steps(home, parts.get(home, {}))) for home in ROW_MAPPINGS]
        changes = tuple(_change(home, step) for home, steps in plan for step in steps)
        arriving = _arriving(actor, plan)
        for home, steps in plan:
            _require(actor, home, steps, arriving)
        if dry_run:
            return Replacement(changes=changes, revision=state.changed_revision)
        for home, steps in reversed(plan):
            _remove(home, steps)
        for home, steps in plan:
            _write(actor, home, steps)
        if based_on is not None:
            state.based_on = based_on
            state.save(update_fields=["based_on"])
        if changes:
            record(actor=actor, changes=list(changes), reason=reason)
            raise_revision(state, actor=actor)
        return Replacement(changes=changes, revision=state.changed_revision)


def require_revision(state: DraftState, expected: int | None) -> None:
    """Raise Conflict unless the draft is at the revision that somebody saw; None: whatever it is."""
    if expected is not None and state.changed_revision != expected:
        raise Conflict(
            model="the",
            object="draft",
            expected=expected,
            current=state.changed_revision,
            by=state.changed_by,
            yours={"revision": expected},
            theirs={"revision": state.changed_revision},
        )


def _steps(home: RowMapping, wanted: Objects) -> list[_Step]:
    """What has to happen to the rows of one home."""
    steps: list[_Step] = []
    seen: set[Identity] = set()
    for identity, before, row in read_rows(home):
        seen.add(identity)
        after = wanted.get(identity)
        if after is None and not before and home.form in (Form.SINGLE, Form.PARTS):
            continue
        if before != after:
            steps.append(_Step(identity=identity, pk=row["pk"], revision=row["revision"], before=before, after=after))
    steps.extend(
        _Step(identity=identity, pk=None, revision=0, before=None, after=after)
        for identity, after in wanted.items()
        if identity not in seen
    )
    return steps


def _instance(actor: Actor, home: RowMapping, step: _Step) -> Versioned:
    ids = dict(zip(home.ids, step.identity, strict=False))
    now = datetime.now(tz=UTC)
    instance = home.model(**home.write(step.after or {}), **ids)
    instance.revision, instance.updated_by = step.revision + 1, actor.name
    instance.created_at = instance.updated_at = now
    if step.pk is not None:
        instance.pk = step.pk
    elif home.form is Form.SINGLE:
        instance.pk = 1
    return instance


def _arriving(actor: Actor, plan: list[tuple[RowMapping, list[_Step]]]) -> dict[str, Server]:
    """The servers that are new, by id: from them the reach of a grant to their tools is read."""
    made = (_instance(actor, home, step) for home, steps in plan for step in steps if step.before is None)
    return {one.slug: one for one in made if isinstance(one, Server)}


def _require(actor: Actor, home: RowMapping, steps: list[_Step], arriving: Mapping[str, Server]) -> None:
    """A grant must reach every row that changes, as it was and as it will be."""
    if actor.user is None:
        return
    for step in steps:
        action = "add" if step.before is None else "delete" if step.after is None else "change"
        for said in (step.before, step.after):
            if said is not None:
                side = _Step(identity=step.identity, pk=step.pk, revision=step.revision, before=None, after=said)
                instance = _instance(actor, home, side)
                if isinstance(instance, Tool) and instance.server_id in arriving:
                    instance.server = arriving[instance.server_id]
                actor.require(permission(action, home.model), instance)


def _remove(home: RowMapping, steps: list[_Step]) -> None:
    gone = [step.pk for step in steps if step.after is None]
    for start in range(0, len(gone), BATCH):
        home.model._default_manager.filter(pk__in=gone[start : start + BATCH]).delete()


def _write(actor: Actor, home: RowMapping, steps: list[_Step]) -> None:
    new = [_instance(actor, home, step) for step in steps if step.pk is None]
    changed = [_instance(actor, home, step) for step in steps if step.pk is not None and step.after is not None]
    home.model._default_manager.bulk_create(new, batch_size=BATCH)
    if changed:
        kept: set[str] = {"id", "created_at", *(column.removesuffix("_id") for column in home.ids)}
        columns = [field.name for field in home.model._meta.concrete_fields if field.name not in kept]
        home.model._default_manager.bulk_create(
            changed, batch_size=BATCH, update_conflicts=True, unique_fields=["id"], update_fields=columns
        )


def _change(home: RowMapping, step: _Step) -> RowChange:
    said: Mapping[str, Any] = step.after or step.before or {}
    return RowChange(
        action="created" if step.before is None else "deleted" if step.after is None else "changed",
        model=str(home.model._meta.label_lower),
        object=_object_id(home, step),
        name=str(said.get("name") or ""),
        before=step.before,
        after=step.after,
    )


def _object_id(home: RowMapping, step: _Step) -> str:
    """The same id that a row of this object gives itself."""
    ids = dict(zip(home.ids, step.identity, strict=False))
    return home.model(**home.write(step.after or step.before or {}), **ids).object_id

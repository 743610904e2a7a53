"""Authoring rows → document, exactly, in a number of queries that does not depend on how many rows there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Func, TextField

from accounts.models.authored import Versioned
from governance.engine.document.policy import PolicyDocument
from governance.models import DraftState
from governance.policy.document.canonical import normalise
from governance.policy.tables.objects import SINGLE, Identity, Objects, identity_of, put_together
from governance.policy.tables.row_mapping import ROW_MAPPING_OF, ROW_MAPPINGS, Form, RowMapping

WRITTEN_IN = Func(template="xmin::text", output_field=TextField())
"""The transaction that wrote a row: another one after every change, whoever makes it and whatever they change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The draft as one document, at one revision.

    `written_in` is the transaction that raised it: one that is undone leaves its revision to the next.
    """

    document: PolicyDocument
    revision: int
    written_in: str


def read_draft() -> Draft:
    """The draft and its revision, both of one moment: writers hold the draft's row, and this waits for them."""
    with transaction.atomic():
        DraftState.objects.get_or_create(pk=1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT changed_revision, xmin::text FROM governance_draftstate WHERE id = 1 FOR SHARE")
            revision, written_in = cursor.fetchone()
        parts = {home: read_objects(home) for home in ROW_MAPPINGS}
    return Draft(document=normalise(put_together(parts)), revision=revision, written_in=written_in)


def read_objects(home: RowMapping) -> Objects:
    """All objects of one home, by identity."""
    return {identity: record for identity, record, _ in read_rows(home)}


def read_rows(home: RowMapping) -> list[tuple[Identity, dict[str, Any], dict[str, Any]]]:
    """All rows of one home as (identity, record, {pk, revision}), ordered by key; one query.

    Two rows with the same identity are numbered as `take_apart` numbers them.
    """
    columns = list(dict.fromkeys((*home.ids, *home.columns.values())))
    found: dict[Identity, tuple[Identity, dict[str, Any], dict[str, Any]]] = {}
    for row in home.model._default_manager.order_by("pk").values("pk", "revision", *columns):
        record = home.read(row)
        identity = _identity(home, row, record)
        twin, count = identity, 1
        while twin in found:
            count += 1
            twin = (*identity, str(count))
        found[twin] = (twin, record, {"pk": row["pk"], "revision": row["revision"]})
    return list(found.values())


def object_of(instance: Versioned) -> dict[str, Any]:
    """One row in the policy's words: what history shows, and what the schema checks."""
    home = ROW_MAPPING_OF[type(instance)]
    return home.read(home.row(instance))


def _identity(home: RowMapping, row: dict[str, Any], record: dict[str, Any]) -> Identity:
    if home.form is Form.SINGLE:
        return SINGLE
    if home.ids:
        return tuple(str(row[column]) for column in home.ids)
    return identity_of(home, record)

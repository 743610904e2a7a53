"""From a body to the columns of a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.api.door.exchange import Problem
from governance.api.management.door.versions import META
from governance.api.management.objects.resources import Resource
from governance.policy.tables.object_checks import check_record
from governance.policy.tables.objects import SINGLE
from governance.policy.tables.row_mapping import Form


def split_body(resource: Resource, body: Mapping[str, Any], *, key: str | None) -> tuple[str, dict[str, Any], Any]:
    """The id, the record and the `meta` of a body. `key` is the id in the path: a body need not repeat it.

    Raises `Problem` 400 for an id that is missing, of another form, or not the path's.
    """
    record = dict(body)
    meta = record.pop(META, None)
    if resource.single:
        return "", record, meta
    in_record = resource.home.form is Form.LIST and not resource.numbered
    given = record.get("id") if in_record else record.pop("id", None)
    if resource.numbered:
        if given is not None and given != key:
            raise Problem(400, "field.value", "The number of this object is given by the server.", path="/id")
        return key or "", record, meta
    if given is None:
        given = key
        if in_record and key is not None:
            record["id"] = key
    if not isinstance(given, str):
        raise Problem(400, "field.missing", "This field is required, and a string.", path="/id")
    if key is not None and given != key:
        raise Problem(400, "field.value", "The id cannot be changed: rules, tokens and records name it.", path="/id")
    if resource.home.form is Form.NESTED and "/" not in given:
        raise Problem(400, "field.format", "A tool is named server/tool.", path="/id")
    return given, record, meta


def read_columns(resource: Resource, key: str, record: dict[str, Any]) -> dict[str, Any]:
    """The columns that say `record`. Raises PolicyErrors with its faults, `Problem` 400 for what stands elsewhere."""
    home = resource.home
    for inner in sorted(home.inner & record.keys()):
        raise Problem(400, "field.unknown", "These have a collection of their own.", path=f"/{inner}")
    return check_record(home, resource.identity(key) or SINGLE, record)

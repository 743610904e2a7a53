"""Is one object of the draft sound by itself: the one check behind the forms, the service and the management API.

What it refers to is looked at when the whole draft is reviewed: an object may be written before what it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError

from accounts.models.authored import Versioned
from governance.engine.call import Json
from governance.policy.checks.validate import check
from governance.policy.document.canonical import normalise
from governance.policy.document.errors import PolicyError, PolicyErrors
from governance.policy.document.node import path_step, planted
from governance.policy.tables.compiler import object_of
from governance.policy.tables.objects import SINGLE, Identity, put_together, take_apart
from governance.policy.tables.row_mapping import ROW_MAPPING_OF, Form, RowMapping

_KEY = re.compile(r"[A-Za-z_]+")


def check_record(home: RowMapping, identity: Identity, record: Mapping[str, Json]) -> dict[str, Any]:
    """The columns that say one object of the policy, in canonical form; `identity` as its home names objects.

    Raises PolicyErrors with every fault, by its path within the object: `subjects.roles[0]`, or the key that is
    lacking; empty for the object itself.
    """
    document = put_together({home: {identity: {**record}}})
    faults = check(planted(document), alone=True)
    if faults:
        prefix = _prefix(home, identity)
        raise PolicyErrors(_within(fault, prefix) for fault in faults)
    apart = take_apart(normalise(document))[home]
    # An object that says only defaults leaves nothing behind.
    return home.write(next(iter(apart.values()), {}))


def check_object(instance: Versioned) -> None:
    """Raise ValidationError with every fault of an authoring row, by column; put a sound one into canonical form."""
    home = ROW_MAPPING_OF[type(instance)]
    identity = tuple(str(getattr(instance, column)) for column in home.ids) or SINGLE
    try:
        columns = check_record(home, identity, object_of(instance))
    except PolicyErrors as refused:
        raise ValidationError(_by_column(home, refused.errors)) from None
    for column, value in columns.items():
        setattr(instance, column, value)


def _prefix(home: RowMapping, identity: Identity) -> str:
    """The path of an object in a document that holds nothing else."""
    steps: tuple[Any, ...]
    match home.form:
        case Form.SINGLE:
            steps = home.path
        case Form.LIST:
            steps = (*home.path, 0)
        case Form.NESTED:
            steps = (home.path[0], identity[0], home.path[1], identity[1])
        case _:
            steps = (*home.path, identity[0])
    return "".join(path_step(step) for step in steps).removeprefix(".")


def _within(fault: PolicyError, prefix: str) -> PolicyError:
    lacking = path_step(fault.lacks) if fault.lacks else ""
    return replace(fault, path=f"{fault.path.removeprefix(prefix)}{lacking}".removeprefix("."))


def _by_column(home: RowMapping, faults: Iterable[PolicyError]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for fault in faults:
        key = _KEY.match(fault.path)
        column = home.columns.get(key[0]) if key else None
        inside = fault.path[key.end() :].lstrip(".") if key and column else ""
        found.setdefault(column or "__all__", []).append(f"{inside}: {fault.message}" if inside else fault.message)
    return found

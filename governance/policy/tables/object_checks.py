"""Is one object of the draft sound by itself: what the schema says of its keys, with the fault at its column.

What it refers to is looked at when the whole draft is reviewed: an object may be written before what it names.
"""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError

from accounts.models.authored import Versioned
from governance.policy.checks.conditions import check_conditions
from governance.policy.checks.controls import check_detectors, check_hooks
from governance.policy.checks.entries import check_entries
from governance.policy.checks.structure import check_structure
from governance.policy.document.canonical import normalise
from governance.policy.document.errors import PolicyError
from governance.policy.document.node import path_step, planted
from governance.policy.schema.sections import POLICY
from governance.policy.tables.compiler import object_of
from governance.policy.tables.objects import SINGLE, put_together, take_apart
from governance.policy.tables.row_mapping import HOME_OF, Form, Home

_KEY = re.compile(r"\.?([A-Za-z_]+)")


def check_object(instance: Versioned) -> None:
    """Raise ValidationError with every fault of an authoring row, by column; put a sound one into canonical form."""
    home = HOME_OF[type(instance)]
    identity = tuple(str(getattr(instance, column)) for column in home.ids) or SINGLE
    document = put_together({home: {identity: object_of(instance)}})
    root = planted(document)
    errors: list[PolicyError] = []
    if check_structure(root, POLICY, errors):
        for check in (check_hooks, check_detectors, check_entries, check_conditions):
            check(root, errors)
    if errors:
        raise ValidationError(_by_column(home, prefix_of(home, identity), errors))
    for record in take_apart(normalise(document))[home].values():
        for column, value in home.write(record).items():
            setattr(instance, column, value)


def prefix_of(home: Home, identity: tuple[str, ...]) -> str:
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


def _by_column(home: Home, prefix: str, errors: list[PolicyError]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for error in errors:
        rest = error.path.removeprefix(prefix) if error.path.startswith(prefix) else ""
        key = _KEY.match(rest)
        column = home.columns.get(key[1], "__all__") if key else "__all__"
        inside = rest[key.end() :].lstrip(".") if key else ""
        found.setdefault(column, []).append(f"{inside}: {error.message}" if inside else error.message)
    return found

"""Where each key of a policy lives in the authoring tables.

A home joins one record of the schema with one model. Keys and columns have the same names, but for the few that
Python or Django keep for themselves, so a key added to the schema and forgotten here fails at import of a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import models

from accounts.models import Department, Group, Role
from accounts.models.authored import Versioned
from governance.engine.call import Json
from governance.engine.decision import LAYERS
from governance.models import (
    Agent,
    Binding,
    BlocklistEntry,
    BlocklistSettings,
    DataSource,
    Detector,
    DetectorSettings,
    Exemption,
    Hook,
    LayerMode,
    Plugin,
    PolicyPrincipal,
    PolicySettings,
    PolicyTest,
    RateLimits,
    Rule,
    Server,
    Skill,
    Tool,
)
from governance.policy.document.moments import moment, written
from governance.policy.schema.entities import SERVER, TOOL
from governance.policy.schema.sections import record_at
from governance.policy.schema.shapes import Many, Moment, Shape, Struct

RENAMED: Mapping[str, str] = {"id": "slug", "except": "excluded", "async": "asynchronous"}
"""Keys of the document whose column has another name."""


class Form(StrEnum):
    """How a home's objects stand in the document."""

    TABLE = "a mapping from id"
    LIST = "a list"
    SINGLE = "one object"
    PARTS = "one object with a fixed key for each"
    NESTED = "a mapping from id inside another mapping's objects"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowMapping:
    """One model and the record of the schema that it holds.

    `path` is where in the document; `inner` the keys of the record that have a home of their own; `ids` the columns
    that hold what the document writes outside the record (its id in a mapping).
    """

    model: type[Versioned]
    record: Struct
    form: Form
    path: tuple[str, ...]
    ids: tuple[str, ...] = ()
    inner: frozenset[str] = frozenset()
    columns: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Work out the column of every key."""
        keys = (key for key in self.record.fields if key not in self.inner)
        object.__setattr__(self, "columns", {key: RENAMED.get(key, key) for key in keys})

    @property
    def kind(self) -> str:
        """How records and history name objects of this home: the model's name."""
        return str(self.model._meta.model_name)

    def read(self, row: Mapping[str, Any]) -> dict[str, Json]:
        """The record that a row's columns say, without what is not set; canonical once normalised."""
        found: dict[str, Json] = {}
        for key, column in self.columns.items():
            value, spec = row[column], self.record.fields[key]
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            elif isinstance(value, str):
                value = str(value)
            if value is None or value == "" or (value == [] and _no_empty(spec.shape)):
                continue
            if value == spec.default and type(value) is type(spec.default):
                continue
            found[key] = written(value) if isinstance(value, datetime) else value
        return found

    def write(self, record: Mapping[str, Json]) -> dict[str, Any]:
        """The columns that say a canonical record; a key that is missing gets the column's default."""
        found: dict[str, Any] = {}
        for key, column in self.columns.items():
            if key in record:
                value: Any = record[key]
                found[column] = moment(value) if isinstance(self.record.fields[key].shape, Moment) else value
            else:
                found[column] = column_default(self.model, column)
        return found

    def row(self, instance: Versioned) -> dict[str, Any]:
        """An instance's columns, as `read` takes them."""
        return {column: getattr(instance, column) for column in self.columns.values()}


def column_default(model: type[Versioned], column: str) -> Any:
    """What a column holds when the document does not mention its key."""
    spec = model._meta.get_field(column)
    if isinstance(spec, models.Field):
        default = spec.get_default()
        return str(default) if isinstance(default, str) else default
    raise TypeError(f"{model.__name__}.{column} is no column")


def _no_empty(shape: Shape) -> bool:
    return isinstance(shape, Many) and not shape.empty


def _table(model: type[Versioned], *path: str, inner: frozenset[str] = frozenset()) -> RowMapping:
    return RowMapping(model=model, record=record_at(*path), form=Form.TABLE, path=path, ids=("slug",), inner=inner)


def _list(model: type[Versioned], *path: str) -> RowMapping:
    return RowMapping(model=model, record=record_at(*path), form=Form.LIST, path=path)


def _single(model: type[Versioned], path: str, inner: frozenset[str] = frozenset()) -> RowMapping:
    return RowMapping(model=model, record=record_at(path), form=Form.SINGLE, path=(path,), inner=inner)


ROW_MAPPINGS: tuple[RowMapping, ...] = (
    _table(Department, "departments"),
    _table(Group, "groups"),
    _table(Role, "roles"),
    _table(PolicyPrincipal, "principals"),
    _table(Agent, "agents"),
    RowMapping(
        model=Server, record=SERVER, form=Form.TABLE, path=("servers",), ids=("slug",), inner=frozenset({"tools"})
    ),
    RowMapping(model=Tool, record=TOOL, form=Form.NESTED, path=("servers", "tools"), ids=("server_id", "own_name")),
    _table(DataSource, "data_sources"),
    _table(Skill, "skills"),
    _table(Plugin, "plugins"),
    _list(Binding, "bindings"),
    _list(Rule, "rules"),
    _single(BlocklistSettings, "blocklist", frozenset({"entries"})),
    _list(BlocklistEntry, "blocklist", "entries"),
    _single(DetectorSettings, "detectors", frozenset({"own"})),
    _list(Detector, "detectors", "own"),
    _list(Exemption, "exemptions"),
    RowMapping(
        model=LayerMode, record=record_at("layers", LAYERS[0]), form=Form.PARTS, path=("layers",), ids=("layer",)
    ),
    _single(PolicySettings, "settings"),
    _single(RateLimits, "rate_limits"),
    _list(Hook, "hooks"),
    _list(PolicyTest, "tests"),
)
"""Every home, in an order in which rows can be written: a server before its tools."""

ROW_MAPPING_OF: Mapping[type[Versioned], RowMapping] = {home.model: home for home in ROW_MAPPINGS}
"""The home of each authoring model."""

"""The defaults of fields by the kind of object that a diff names."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from governance.engine.call import Json
from governance.policy.schema.sections import POLICY
from governance.policy.schema.shapes import Field, Many, Struct, Table


@lru_cache(maxsize=64)
def record_of(kind: str) -> Struct:
    """The shape of one object of a kind: `rules`, `tools`, `blocklist.entries`, `settings`."""
    path = ["servers", "tools"] if kind == "tools" else kind.split(".")
    record = POLICY
    for step in path:
        shape = record.fields[step].shape
        if isinstance(shape, Table | Many):
            shape = shape.of
        record = cast(Struct, shape)
    return cast(Struct, next(iter(record.fields.values())).shape) if kind == "layers" else record


def default_in(kind: str, field: str) -> Json:
    """The default of a field of one such object, `session.calls` for one inside a fixed record; None if it has none."""
    record = record_of(kind)
    found: Field | None = None
    for step in field.split("."):
        if found is not None:
            if isinstance(found.shape, Table):
                return found.shape.known.get(step)
            if not isinstance(found.shape, Struct):
                return None
            record = found.shape
        found = record.fields.get(step)
        if found is None:
            return None
    return found.default if found is not None else None

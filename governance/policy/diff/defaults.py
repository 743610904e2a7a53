"""The defaults of fields by the kind of object that a diff names."""

from __future__ import annotations

from functools import lru_cache

from governance.engine.call import Json
from governance.engine.decision import LAYERS
from governance.policy.schema.sections import record_at
from governance.policy.schema.shapes import Field, Struct, Table


@lru_cache(maxsize=64)
def record_of(kind: str) -> Struct:
    """The shape of one object of a kind: `rules`, `tools`, `blocklist.entries`, `settings`."""
    match kind:
        case "tools":
            return record_at("servers", "tools")
        case "layers":
            return record_at("layers", LAYERS[0])
        case _:
            return record_at(*kind.split("."))


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

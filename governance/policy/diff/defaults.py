"""The defaults of fields by the kind of object that a diff names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

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


def with_bursts(limits: Mapping[str, Any], beside: Mapping[str, Any]) -> dict[str, Any]:
    """A policy's rate limits with the burst of each class that one of two policies gives one of its own.

    A class without one has `burst_multiplier`, so that what it changes from and to can be compared.
    """
    named = {**beside.get("burst_multipliers", {}), **limits.get("burst_multipliers", {})}
    if not named:
        return dict(limits)
    default = limits.get("burst_multiplier", default_in("rate_limits", "burst_multiplier"))
    own = limits.get("burst_multipliers", {})
    return {**limits, "burst_multipliers": {name: own.get(name, default) for name in named}}

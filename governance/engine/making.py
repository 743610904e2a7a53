"""Decisions and layer results made fast.

A frozen dataclass sets each field through `object.__setattr__`; writing the slots themselves takes a third of the
time, and each call makes one decision and up to seven results. A test compares the fields here with the dataclasses'.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.engine.call import Json
from governance.engine.decision import LAYERS, Decision, LayerResult, Outcome


def _setters(cls: type) -> tuple[Any, ...]:
    return tuple(getattr(cls, name).__set__ for name in getattr(cls, "__slots__", ()))


_new = object.__new__
_FIELDS = _setters(Decision)
_LAYER, _OUTCOME, _NANOS, _EVIDENCE = _setters(LayerResult)
_NOTHING: Mapping[str, Json] = {}
_SKIPPED = {layer: LayerResult(layer=layer, outcome=Outcome.SKIPPED, evidence=_NOTHING) for layer in LAYERS}
_PASS, _FAIL, _SHADOW_FAIL = Outcome.PASS, Outcome.FAIL, Outcome.SHADOW_FAIL


def made(*values: Any) -> Decision:
    """A decision from the values of all its fields, in their order."""
    decision: Decision = _new(Decision)
    for write, value in zip(_FIELDS, values, strict=True):
        write(decision, value)
    return decision


def results(
    spent: Mapping[str, int], stopped: str, shadow_failed: set[str], evidence: Mapping[str, Mapping[str, Json]]
) -> tuple[LayerResult, ...]:
    """All seven results: nanoseconds of the layers that ran, which one stopped the call, which failed in shadow."""
    made_results = []
    for layer in LAYERS:
        nanos = spent.get(layer)
        if nanos is None:
            made_results.append(_SKIPPED[layer])
            continue
        one: LayerResult = _new(LayerResult)
        _LAYER(one, layer)
        _OUTCOME(one, _FAIL if layer == stopped else _SHADOW_FAIL if layer in shadow_failed else _PASS)
        _NANOS(one, nanos)
        _EVIDENCE(one, evidence.get(layer, _NOTHING))
        made_results.append(one)
    return tuple(made_results)

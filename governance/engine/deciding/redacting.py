"""Arguments with the values at given JSON pointers replaced by a placeholder."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from governance.engine.call import Json

PLACEHOLDER = "[redacted]"


def blank(arguments: dict[str, Json], pointers: Iterable[str]) -> dict[str, Json]:
    """A copy without the values at `pointers`; one that does not resolve raises KeyError, as nothing was redacted."""
    result: Any = arguments
    for pointer in pointers:
        steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
        if not steps:
            raise KeyError(pointer)
        result = _without(result, steps, pointer)
    return dict(result)


def _without(value: Any, steps: list[str], pointer: str) -> Any:
    if not steps:
        return PLACEHOLDER
    step, *rest = steps
    if isinstance(value, dict) and step in value:
        return {key: _without(inner, rest, pointer) if key == step else inner for key, inner in value.items()}
    if isinstance(value, list) and step.isascii() and step.isdigit() and int(step) < len(value):
        at = int(step)
        return [_without(inner, rest, pointer) if index == at else inner for index, inner in enumerate(value)]
    raise KeyError(pointer)

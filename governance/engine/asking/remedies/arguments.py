"""A call's arguments without what stands at a pointer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.engine.call import Json


def without(arguments: Mapping[str, Json], pointer: str) -> dict[str, Json]:
    """A copy without what the JSON pointer names; the same where it names nothing."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    left: Any = _left(dict(arguments), steps) if steps else {}
    return dict(left)


def movable(arguments: Mapping[str, Json], pointer: str) -> str:
    """The pointer, or that of the list which it leads into: without one item the others would move up."""
    value: Any = arguments
    steps = pointer.split("/")[1:]
    for at, step in enumerate(steps):
        if isinstance(value, list):
            return "/" + "/".join(steps[:at])
        value = value.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(value, Mapping) else None
    return pointer


def _left(value: Any, steps: list[str]) -> Any:
    step, *rest = steps
    if isinstance(value, Mapping):
        kept = {key: inner for key, inner in value.items() if rest or key != step}
        return {key: _left(inner, rest) if rest and key == step else inner for key, inner in kept.items()}
    if isinstance(value, list) and step.isascii() and step.isdigit():
        kept_items = [inner for index, inner in enumerate(value) if rest or index != int(step)]
        return [_left(inner, rest) if rest and index == int(step) else inner for index, inner in enumerate(kept_items)]
    return value

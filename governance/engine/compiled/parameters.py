"""A rule's `parameters`: JSON pointers that a call may, or may not, carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from governance.engine.call import Json
from governance.engine.conditions.argument_schema import pointer


def _steps(text: str) -> tuple[str, ...]:
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What a call may carry (`allow`, with everything below; None: anything) and may not carry (`deny`)."""

    allow: tuple[tuple[str, ...], ...] | None
    deny: tuple[tuple[str, ...], ...]

    @classmethod
    def parse(cls, allow: list[str] | None, deny: list[str] | None) -> Parameters:
        """Parameters from their pointers."""
        return cls(
            allow=None if allow is None else tuple(map(_steps, allow)),
            deny=tuple(map(_steps, deny or ())),
        )

    def violation(self, arguments: Mapping[str, Json]) -> str | None:
        """The pointer of the first argument that the call may not carry, or None.

        What a call carries for `allow` are its leaves, empty containers included, so that a container that holds
        only what is allowed is allowed itself.
        """
        for steps in self.deny:
            if carries(arguments, steps):
                return pointer(steps)
        if self.allow is not None:
            for leaf in _leaves(arguments, ()):
                if not any(leaf[: len(steps)] == steps for steps in self.allow):
                    return pointer(leaf)
        return None


def carries(value: Any, steps: tuple[str, ...]) -> bool:
    """Whether the pointer resolves in `value`, even to null."""
    for step in steps:
        if isinstance(value, Mapping):
            if step not in value:
                return False
            value = value[step]
        elif isinstance(value, list):
            if not (step.isascii() and step.isdigit()) or (step[0] == "0" and step != "0") or int(step) >= len(value):
                return False
            value = value[int(step)]
        else:
            return False
    return True


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Mapping) and (value or not path):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, str(index)))
    else:
        yield path

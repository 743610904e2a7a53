"""Constants of a condition that can never be evaluated: a bad pattern, duration, date or time zone, a division by zero.

Such a condition would be unevaluable at every call: a deny that always matches, an allow that never does. What a call
makes of constants alone is worked out by the runtime itself when the condition is saved; so is a method that has
nothing but constants beside what it is called on, on a sample.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from governance.engine.conditions.tree import CALL, ID, LIST, LITERAL, Tree, inner
from governance.engine.conditions.wire import Fields, encoded, fields, number, text

_STRING = 6  # the field of a literal
_ZONED = re.compile(r"get[A-Z]\w*")
Evaluate = Callable[[bytes], str | None]


def constant_faults(serialized: bytes, evaluate: Evaluate) -> Iterator[tuple[int, str]]:
    """Each call of a serialized checked expression that fails for its constants: (offset in the source, message).

    `evaluate` says what is wrong with a serialized expression that has no variables, None where it has a value.
    """
    tree = Tree(serialized)
    offsets = tree.offsets()
    for node in _calls(fields(tree.root)):
        tried = _tried(node)
        if tried is None:
            continue
        fault = evaluate(tree.with_root(encoded(tried)))
        if fault is not None:
            yield offsets.get(number(node, ID), 0), f"can never be evaluated: {_told(fault)}"


def _tried(call: Fields) -> Fields | None:
    """The call where it is constant, or with a sample for what it is called on; None where neither is so."""
    parts = fields(call[CALL][0])
    if not all(_is_constant(fields(argument)) for argument in parts.get(3, ())):
        return None
    if 1 not in parts or _is_constant(fields(parts[1][0])):
        return call if 1 in parts or 3 in parts else None
    sample = _sample(text(parts, 2)) if 3 in parts else None
    return None if sample is None else {**call, CALL: [encoded({**parts, 1: [encoded(sample)]})]}


def _sample(method: str) -> Fields | None:
    """Something that the method can be called on: a text for patterns, a moment for time zones."""
    if method == "matches":
        return _text("")
    if _ZONED.fullmatch(method):
        moment = _text("2026-01-01T00:00:00Z")
        return {CALL: [encoded({2: [b"timestamp"], 3: [encoded(moment)]})]}
    return None


def _text(value: str) -> Fields:
    return {LITERAL: [encoded({_STRING: [value.encode()]})]}


def _is_constant(node: Fields) -> bool:
    if CALL in node:
        call = fields(node[CALL][0])
        parts = [*call.get(1, ()), *call.get(3, ())]
        return bool(parts) and all(_is_constant(fields(part)) for part in parts)
    if LIST in node:
        return all(_is_constant(fields(member)) for member in fields(node[LIST][0]).get(1, ()))
    return LITERAL in node


def _calls(node: Fields) -> Iterator[Fields]:
    """Every call, innermost first, so that the first fault stands where it arises."""
    for part in inner(node):
        yield from _calls(part)
    if CALL in node:
        yield node


def _told(fault: str) -> str:
    """The runtime's words without the name of its status."""
    return re.sub(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$", "", fault)

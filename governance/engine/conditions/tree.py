"""CEL's checked syntax tree as it is serialized (`cel.expr.CheckedExpr`): the few field numbers that are needed."""

from __future__ import annotations

from collections.abc import Iterator

from governance.engine.conditions.wire import Fields, encoded, fields, number

ID, LITERAL, IDENT, SELECT, CALL, LIST, STRUCT, LOOP = range(2, 10)
"""Fields of an expression: its id, and the kinds of which it is one."""

EXPRESSIONS = {SELECT: (1,), CALL: (1, 3), LIST: (1,), LOOP: (2, 4, 5, 6, 7)}
"""Which fields of each kind hold expressions; an object's stand in its entries."""

ENTRIES = 2
ENTRY = (3, 4)
"""Where a struct holds its entries, and an entry its key and value."""


class Tree:
    """A serialized checked expression, taken apart. Raises ValueError, KeyError or IndexError for other bytes."""

    def __init__(self, serialized: bytes) -> None:
        self._outer = fields(serialized)
        self._checked = fields(self._outer[2][0])
        self.root: bytes = self._checked[4][0]

    def with_root(self, root: bytes) -> bytes:
        """The same serialized with another expression in its place."""
        return encoded({**self._outer, 2: [encoded({**self._checked, 4: [root]})]})

    def types(self) -> dict[int, bytes]:
        """The serialized type of each expression by its id."""
        return {number(pair, 1): pair.get(2, [b""])[0] for pair in map(fields, self._checked.get(3, ()))}

    def overloads(self) -> dict[int, set[str]]:
        """The overloads that each call may resolve to, by its id."""
        found = {}
        for pair in map(fields, self._checked.get(2, ())):
            reference = fields(pair.get(2, [b""])[0])
            found[number(pair, 1)] = {bytes(name).decode() for name in reference.get(3, ())}
        return found

    def offsets(self) -> dict[int, int]:
        """The place in the source of each expression by its id."""
        return {number(pair, 1): number(pair, 2) for pair in map(fields, fields(self._checked[5][0]).get(4, ()))}


def inner(node: Fields) -> Iterator[Fields]:
    """The expressions directly inside this one."""
    for kind, places in EXPRESSIONS.items():
        if kind in node:
            parts = fields(node[kind][0])
            yield from (fields(part) for place in places for part in parts.get(place, ()))
    if STRUCT in node:
        for entry in map(fields, fields(node[STRUCT][0]).get(ENTRIES, ())):
            yield from (fields(part) for place in ENTRY for part in entry.get(place, ()))

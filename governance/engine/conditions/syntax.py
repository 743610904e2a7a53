"""The checked syntax tree of a CEL expression, and what in it would not be bounded.

The runtime bounds iterations (10,000 an evaluation) but neither memory nor the work of one step, so this walks the
tree that the runtime itself checked: no spelling of the source can hide a macro or an operator from it. The tree
comes as the protocol buffer `cel.expr.CheckedExpr`, of which the few fields needed are read here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from governance.engine.conditions.tree import CALL, IDENT, LIST, LITERAL, LOOP, SELECT, Tree, inner
from governance.engine.conditions.wire import Fields, fields, number, text

NUMERIC_ADDITIONS = frozenset(
    {
        "add_int64",
        "add_uint64",
        "add_double",
        "add_duration_duration",
        "add_duration_timestamp",
        "add_timestamp_duration",
    }
)
SMALL = frozenset({"principal", "agent", "entity", "call", "now"})
"""Variables whose size no caller chooses."""


class UnboundedError(ValueError):
    """The expression could take time or memory out of all proportion. `offset` is the place in the source."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(slots=True, kw_only=True)
class Shape:
    """What an expression does, as far as its cost and its checks depend on it.

    `depth` is how deep loops nest; `filters` says that one builds a list; `rescans` that a loop's body reads what it
    does not iterate over; `paths` are the members of `args` it reads and `members` those of the other variables, as
    (variable, path, offset); a path ends where it is no longer constant.
    """

    depth: int = 0
    filters: bool = False
    rescans: bool = False
    paths: list[tuple[tuple[str, ...], int]] = field(default_factory=list)
    members: list[tuple[str, str, int]] = field(default_factory=list)


def shape_of(serialized: bytes) -> Shape:
    """The shape of a serialized checked expression; raises UnboundedError."""
    tree = Tree(serialized)
    walk = _Walk(overloads=tree.overloads(), positions=tree.offsets())
    walk.expression(fields(tree.root), (), 0)
    return walk.shape


@dataclass(slots=True, kw_only=True)
class _Walk:
    overloads: dict[int, set[str]]
    positions: dict[int, int]
    shape: Shape = field(default_factory=Shape)

    def expression(self, node: Fields, loops: tuple[frozenset[str], ...], depth: int) -> None:
        if LOOP in node:
            self.loop(node, loops, depth)
            return
        if depth and CALL in node:
            call = fields(node[CALL][0])
            if text(call, 2) == "_+_" and not self.overloads.get(number(node, 2), {"?"}) <= NUMERIC_ADDITIONS:
                raise UnboundedError(
                    "`+` on strings or lists, or on values of unknown type, is refused inside all, exists, "
                    "exists_one and filter; convert numbers with int() or double()",
                    self.offset(node),
                )
        if IDENT in node:
            self.identifier(text(fields(node[IDENT][0]), 1), loops)
        self.path(node, loops)
        for part in inner(node):
            self.expression(part, loops, depth)

    def identifier(self, name: str, loops: tuple[frozenset[str], ...]) -> None:
        """A loop that reads a variable that is not its own reads it again in each step."""
        if loops and name not in SMALL and name not in loops[-1]:
            self.shape.rescans = True

    def loop(self, node: Fields, loops: tuple[frozenset[str], ...], depth: int) -> None:
        loop = fields(node[LOOP][0])
        names = frozenset(filter(None, (text(loop, 1), text(loop, 8), text(loop, 3))))
        for part in (2, 4, 7):
            own = loops if part != 7 else (*loops, names)
            self.expression(fields(loop[part][0]), own, depth)
        self.shape.depth = max(self.shape.depth, depth + 1)
        step = fields(loop[6][0])
        built = _appended(step, text(loop, 3))
        if built is not None:
            condition, element = built
            if condition is None or text(fields(element.get(IDENT, [b""])[0]), 1) != text(loop, 1):
                raise UnboundedError("`map` is refused: its result has no bound", self.offset(node))
            self.shape.filters = True
            self.expression(condition, (*loops, names), depth + 1)
            return
        for part in (5, 6):
            self.expression(fields(loop[part][0]), (*loops, names), depth + 1)

    def path(self, node: Fields, loops: tuple[frozenset[str], ...]) -> None:
        """Note `args.a.b`, `args["a"]` and `principal.id`, from their outermost member."""
        steps: list[str] = []
        at = node
        while True:
            step = _member(at)
            if step is None:
                break
            at, name = step
            steps.append(name)
        if not steps or IDENT not in at:
            return
        variable = text(fields(at[IDENT][0]), 1)
        if any(variable in names for names in loops):
            return
        if variable == "args":
            self.shape.paths.append((tuple(reversed(steps)), self.offset(node)))
        elif variable in SMALL:
            self.shape.members.append((variable, steps[-1], self.offset(node)))

    def offset(self, node: Fields) -> int:
        return self.positions.get(number(node, 2), 0)


def _member(node: Fields) -> tuple[Fields, str] | None:
    """The operand and the constant member name of a select or an index with a string, or None."""
    if SELECT in node:
        select = fields(node[SELECT][0])
        return fields(select[1][0]), text(select, 2)
    if CALL in node:
        call = fields(node[CALL][0])
        if text(call, 2) == "_[_]" and len(call.get(3, ())) == 2:
            operand, index = (fields(item) for item in call[3])
            if LITERAL in index:
                constant = fields(index[LITERAL][0])
                if 6 in constant:
                    return operand, text(constant, 6)
    return None


def _appended(step: Fields, accumulator: str) -> tuple[Fields | None, Fields] | None:
    """(condition or None, element) where the loop's step appends one element to its accumulator: filter and map."""
    condition: Fields | None = None
    if CALL in step:
        call = fields(step[CALL][0])
        if text(call, 2) == "_?_:_":
            condition, step = fields(call[3][0]), fields(call[3][1])
            call = fields(step[CALL][0]) if CALL in step else {}
        if text(call, 2) == "_+_" and len(call.get(3, ())) == 2:
            left, right = (fields(item) for item in call[3])
            if IDENT in left and LIST in right and text(fields(left[IDENT][0]), 1) == accumulator:
                elements = fields(right[LIST][0]).get(1, [])
                if len(elements) == 1:
                    return condition, fields(elements[0])
    return None

"""Equality that does not mix types: `==`, `!=` and `in` between values of different types cannot be evaluated.

The runtime's own equality says that 500 and "500" are different and leaves it at that: a deny slips, and an allow with
`!=` widens. So each comparison whose types are not known when it is compiled is rewritten in the checked syntax tree:

    a == b    becomes    a == b ? true : type(a) == type(b) ? false : a < b ? false : false
    a in l    becomes    l.exists(e, e == a), with that `==`; or, where the members' one type is known,
                         a in l ? true : type(a) == TYPE ? false : a < SAMPLE ? false : false

Operands that take work are bound to a name first, so that none is worked out twice.

`<` is an error between types that do not compare, which is what is wanted, and holds across the kinds of numbers. A
comparison with a literal `null` stays as it is: that is how a value is asked whether it is there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from governance.engine.conditions.tree import (
    CALL,
    ENTRIES,
    ENTRY,
    EXPRESSIONS,
    ID,
    IDENT,
    LIST,
    LITERAL,
    LOOP,
    SELECT,
    STRUCT,
    Tree,
)
from governance.engine.conditions.wire import Fields, encoded, fields, number, text

_NULL, _BOOL, _INT, _STRING = 1, 2, 3, 6  # fields of a literal
_EQUAL, _UNEQUAL, _LESS, _CHOICE, _NOT, _OR, _IN = "_==_", "_!=_", "_<_", "_?_:_", "!_", "_||_", "@in"
_MEMBER, _FOUND, _LEFT, _RIGHT = "@member", "@found", "@left", "@right"
_SAMPLES: dict[int, Fields] = {1: {_BOOL: [0]}, 2: {_INT: [0]}, 5: {_STRING: [b""]}}
"""A literal of each primitive type that a policy compares with: CEL's numbers of BOOL, INT64 and STRING."""

_OURS = 1 << 20
"""The id of what is put in: an expression's own count from 1, and it has at most some thousand characters."""


def strict(serialized: bytes) -> bytes | None:
    """The serialized checked expression with strict comparisons; None where it has none that could mix types.

    Raises ValueError, KeyError or IndexError for bytes that are no checked expression.
    """
    tree = Tree(serialized)
    changed = _Rewriting(tree).expression(tree.root)
    return None if changed == tree.root else tree.with_root(changed)


class _Rewriting:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    @cached_property
    def _types(self) -> dict[int, bytes]:
        return self._tree.types()

    def expression(self, message: bytes) -> bytes:
        """The expression with every comparison in it made strict, innermost first."""
        node = fields(message)
        if IDENT in node or LITERAL in node:
            return message
        changed = self._inside(node)
        if CALL not in changed:
            return encoded(changed) if changed is not node else message
        call = fields(changed[CALL][0])
        function, operands = text(call, 2), call.get(3, ())
        if function not in (_EQUAL, _UNEQUAL, _IN) or len(operands) != 2 or not self._could_mix(function, *operands):
            return encoded(changed) if changed is not node else message
        return self._strict(function, *operands)

    def _inside(self, node: Fields) -> Fields:
        for kind, places in EXPRESSIONS.items():
            if kind in node:
                inner = fields(node[kind][0])
                new = self._parts(inner, places, self.expression)
                return node if new is inner else {**node, kind: [encoded(new)]}
        if STRUCT in node:
            struct = fields(node[STRUCT][0])
            new = self._parts(struct, (ENTRIES,), self._entry)
            return node if new is struct else {**node, STRUCT: [encoded(new)]}
        return node

    def _entry(self, message: bytes) -> bytes:
        entry = fields(message)
        new = self._parts(entry, ENTRY, self.expression)
        return message if new is entry else encoded(new)

    @staticmethod
    def _parts(message: Fields, places: tuple[int, ...], change: Callable[[bytes], bytes]) -> Fields:
        new = {place: [change(part) for part in message[place]] for place in places if place in message}
        return message if all(new[place] == message[place] for place in new) else {**message, **new}

    # --- what is known of the types ----------------------------------------------------------------------------------
    def _could_mix(self, function: str, left: bytes, right: bytes) -> bool:
        if function == _IN:
            item, held = self._type(left), self._type(right)
            return item is None or held is None or self._element(right) != item
        if _is_null(left) or _is_null(right):
            return False
        return self._type(left) is None or self._type(left) != self._type(right)

    def _type(self, message: bytes) -> bytes | None:
        """The type as CEL serializes it, None where it is open or an expression of ours stands there."""
        known = self._types.get(number(fields(message), ID))
        return None if not known or 1 in fields(known) else known

    def _element(self, message: bytes) -> bytes | None:
        """The one type of a list's members or an object's keys, None where it is open."""
        known = fields(self._type(message) or b"")
        inner = fields(known.get(6, known.get(7, [b""]))[0]).get(1, [b""])[0]
        return None if not inner or 1 in fields(inner) else inner

    def _strict(self, function: str, left: bytes, right: bytes) -> bytes:
        """The comparison; operands that are not cheap to read again are read once, by name."""
        element = self._element(right) if function == _IN else None
        named = {name: part for name, part in ((_LEFT, left), (_RIGHT, right)) if not _is_cheap(part)}
        left, right = (_ident(name) if name in named else part for name, part in ((_LEFT, left), (_RIGHT, right)))
        if function == _IN:
            made = _member(left, right, element)
        else:
            made = _equal(left, right) if function == _EQUAL else _call(_NOT, _equal(left, right))
        for name, part in named.items():
            made = _let(name, part, made)
        return made


# --- what is put in their place --------------------------------------------------------------------------------------
def _equal(left: bytes, right: bytes) -> bytes:
    return _call(_CHOICE, _call(_EQUAL, left, right), _TRUE, _comparable(left, right))


def _member(item: bytes, held: bytes, element: bytes | None) -> bytes:
    sample = _SAMPLES.get(number(fields(element), 3)) if element is not None else None
    if sample is not None:
        return _call(_CHOICE, _call(_IN, item, held), _TRUE, _comparable(item, _node({LITERAL: [encoded(sample)]})))
    found = _ident(_FOUND)
    step = _call(_OR, found, _equal(_ident(_MEMBER), item))
    return _loop(over=held, item=_MEMBER, held=_FOUND, start=_FALSE, goes_on=_TRUE, step=step, result=found)


def _comparable(left: bytes, right: bytes) -> bytes:
    """False; an error where the types do not compare."""
    alike = _call(_EQUAL, _call("type", left), _call("type", right))
    return _call(_CHOICE, alike, _FALSE, _call(_CHOICE, _call(_LESS, left, right), _FALSE, _FALSE))


def _let(name: str, value: bytes, then: bytes) -> bytes:
    """`then` with `name` standing for `value`: a loop over nothing, as the language's own `bind` is one."""
    over, held = _node({LIST: [b""]}), _ident(name)
    return _loop(over=over, item="@none", held=name, start=value, goes_on=_FALSE, step=held, result=then)


def _loop(*, over: bytes, item: str, held: str, start: bytes, goes_on: bytes, step: bytes, result: bytes) -> bytes:
    parts = {1: [item.encode()], 2: [over], 3: [held.encode()], 4: [start], 5: [goes_on], 6: [step], 7: [result]}
    return _node({LOOP: [encoded(parts)]})


def _call(function: str, *operands: bytes) -> bytes:
    return _node({CALL: [encoded({2: [function.encode()], 3: list(operands)})]})


def _ident(name: str) -> bytes:
    return _node({IDENT: [encoded({1: [name.encode()]})]})


def _node(content: Fields) -> bytes:
    return encoded({ID: [_OURS], **content})


_TRUE, _FALSE = (_node({LITERAL: [encoded({_BOOL: [value]})]}) for value in (1, 0))


def _is_cheap(message: bytes) -> bool:
    """Whether reading it again costs next to nothing: literals, a variable, or members of one."""
    node = fields(message)
    while SELECT in node:
        node = fields(fields(node[SELECT][0])[1][0])
    if LIST in node:
        return all(LITERAL in fields(member) for member in fields(node[LIST][0]).get(1, ()))
    return LITERAL in node or IDENT in node


def _is_null(message: bytes) -> bool:
    return _NULL in fields(fields(message).get(LITERAL, [b""])[0])

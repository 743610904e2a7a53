"""A JSON value as one text: every string leaf decoded, with its key before it, and a way back to where it stood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from governance.engine.call import Json
from governance.engine.detection.reading.names import SecretName, classify

# Between two leaves. It is white space to no pattern that matters, it ends a word, and it survives every view, so that
# the number of separators before a match tells which leaf the match is in.
SEPARATOR = "\n\x1e\n"
MARK = "\x1e"
LONGEST_KEY = 128  # characters of a key that a pointer repeats
_CARRIERS = ("name", "key", "header", "variable", "field", "parameter", "Name", "Key", "Header")
_INHERIT = frozenset({"value", "values", "data", "plain", "plaintext", "raw", "current", "default", "content", "text"})


@dataclass(slots=True)
class Leaves:
    """The parts of a value in the order that they were met.

    `parts[n]` is `key: "value"`, the bare value for a list item, or `key:` for a key whose value is a container.
    `strings` are the string values alone. `deep` is True where nesting went past the bound.
    """

    parts: list[str] = field(default_factory=list)
    strings: list[str] = field(default_factory=list)
    deep: bool = False

    def text(self) -> str:
        """All parts as one text. A separator that a part itself holds becomes a space, so that the count stays true."""
        parts = self.parts
        joined = SEPARATOR.join(parts)
        if joined.count(MARK) != max(0, len(parts) - 1):
            joined = SEPARATOR.join([part.replace(MARK, " ") for part in parts])
        return joined


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one part stands: the keys and indices that lead to it, and how many characters of it are its own key."""

    steps: tuple[str | int, ...]
    key_length: int


def gather(value: Json | Mapping[str, Json], *, depth: int) -> Leaves:
    """Walk a value; `depth` is how many containers may stand inside each other."""
    leaves = Leaves()
    if isinstance(value, str):
        leaves.parts.append(value)
        leaves.strings.append(value)
    else:
        _walk(dict(value) if isinstance(value, Mapping) else value, leaves, depth)
    return leaves


def _walk(value: object, leaves: Leaves, depth: int) -> None:
    if depth == 0:
        leaves.deep = True
        return
    part, string = leaves.parts.append, leaves.strings.append
    if isinstance(value, dict):
        for key, item in value.items():
            kind = type(item)
            if kind is str:
                part(f'{key}: "{item}"')
                string(item)
            elif kind is dict or kind is list or kind is tuple:
                part(f"{key}:")
                _walk(item, leaves, depth - 1)
            else:
                part(f"{key}: {item}")
    elif isinstance(value, (list, tuple)):
        for item in value:
            kind = type(item)
            if kind is str:
                part(item)
                string(item)
            elif kind is dict or kind is list or kind is tuple:
                _walk(item, leaves, depth - 1)


@dataclass(frozen=True, slots=True)
class Named:
    """A value whose key, or the name beside it, says that it is secret."""

    part: int
    name: SecretName
    value: str


def named(value: Json | Mapping[str, Json], *, depth: int) -> list[Named]:
    """Every leaf under a secret name, in the numbering of `gather`; numbers and texts, not booleans."""
    found: list[Named] = []
    number = 0

    def visit(node: object, name: SecretName | None, depth: int) -> None:
        nonlocal number
        if depth == 0:
            return
        if isinstance(node, Mapping):
            carried = _carried_name(node) if "value" in node else None
            for key, item in node.items():
                own = classify(key)
                if own is None and (name is not None or carried is not None):
                    own = carried if key == "value" and carried is not None else name if key in _INHERIT else None
                if own is not None and not isinstance(item, (dict, list, tuple, bool)) and item is not None:
                    found.append(Named(number, own, str(item)))
                number += 1
                if isinstance(item, (dict, list, tuple)):
                    visit(item, own, depth - 1)
        elif isinstance(node, (list, tuple)):
            for item in node:
                if isinstance(item, str):
                    if name is not None:
                        found.append(Named(number, name, item))
                    number += 1
                elif isinstance(item, (dict, list, tuple)):
                    visit(item, name, depth - 1)

    visit(value, None, depth)
    return found


def leaf_numbers(value: Json | Mapping[str, Json], *, depth: int) -> list[int]:
    """The parts of the string values, in their order: which leaf each of `Leaves.strings` is."""
    found: list[int] = []
    number = 0

    def visit(node: object, depth: int) -> None:
        nonlocal number
        if depth == 0:
            return
        for item in node.values() if isinstance(node, Mapping) else node if isinstance(node, (list, tuple)) else ():
            if isinstance(item, str):
                found.append(number)
            if isinstance(node, Mapping) or isinstance(item, str):
                number += 1
            if isinstance(item, (dict, list, tuple)):
                visit(item, depth - 1)

    visit(value, depth)
    return found


def _carried_name(value: Mapping[str, object]) -> SecretName | None:
    """`{name: API_KEY, value: …}`: the name stands beside the value and not above it."""
    for carrier in _CARRIERS:
        name = value.get(carrier)
        if isinstance(name, str) and len(name) <= 128:
            return classify(name)
    return None


def places(value: Json | Mapping[str, Json], wanted: set[int], *, depth: int) -> dict[int, Place]:
    """The places of the wanted parts: the same walk again, only when something was found."""
    found: dict[int, Place] = {}
    number = 0

    def visit(node: object, steps: tuple[str | int, ...], depth: int) -> None:
        nonlocal number
        if depth == 0:
            return
        if isinstance(node, Mapping):
            for key, item in node.items():
                if number in wanted:
                    found[number] = Place(steps=(*steps, key), key_length=len(key))
                number += 1
                if isinstance(item, (dict, list, tuple)):
                    visit(item, (*steps, key), depth - 1)
        elif isinstance(node, (list, tuple)):
            for index, item in enumerate(node):
                if isinstance(item, str):
                    if number in wanted:
                        found[number] = Place(steps=(*steps, index), key_length=0)
                    number += 1
                elif isinstance(item, (dict, list, tuple)):
                    visit(item, (*steps, index), depth - 1)

    if isinstance(value, str):
        return {0: Place(steps=(), key_length=0)}
    visit(value, (), depth)
    return found


def pointer(value: Json | Mapping[str, Json], steps: tuple[str | int, ...], hidden: frozenset[str]) -> str:
    """A JSON pointer (RFC 6901) to what the steps lead to.

    A key in `hidden`, one too long to be a name, and one that looks like our own placeholder are named by their
    position in their object, `[key:3]`: the pointer tells nothing of them and still leads there.
    """
    out: list[str] = []
    node: object = value
    for step in steps:
        if isinstance(step, str) and isinstance(node, Mapping):
            out.append(_segment(step, node, hidden))
            node = node.get(step)
        elif isinstance(node, (list, tuple)) and isinstance(step, int):
            out.append(str(step))
            node = node[step]
    return "".join(f"/{segment}" for segment in out)


def segments(value: Mapping[str, object]) -> list[tuple[str, tuple[str, str]]]:
    """Each key of an object with the two segments that may stand for it in a pointer: by name, by position."""
    return [(key, (escape(key), f"[key:{position}]")) for position, key in enumerate(value)]


def escape(key: str) -> str:
    """A key as a segment of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def _segment(key: str, holder: Mapping[str, object], hidden: frozenset[str]) -> str:
    if key in hidden or len(key) > LONGEST_KEY or key.startswith("[key:"):
        return f"[key:{list(holder).index(key)}]"
    return escape(key)

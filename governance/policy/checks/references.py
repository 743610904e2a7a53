"""Does everything that a policy names exactly exist in it, and does every id stand once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from governance.engine.call import EntityKind
from governance.policy.checks.structure import shown
from governance.policy.document.entity_patterns import TABLES, BadSelector, parse_selector
from governance.policy.document.errors import PolicyError
from governance.policy.document.merge import place
from governance.policy.document.node import Node
from governance.policy.schema.sections import POLICY
from governance.policy.schema.shapes import Either, Many, Reference, Selector, Shape, Struct, Table

LISTED = ("hooks", "rules")
"""What is referred to and stands in a list rather than in a mapping."""


class Index:
    """The ids of one policy, by the key they stand under, and its entities by kind."""

    def __init__(self, root: Node) -> None:
        self.ids: dict[str, set[str]] = {key: set(root.entries(key)) for key in POLICY.fields}
        for key in LISTED:
            self.ids[key] = {name for item in root.items(key) if (name := item.text("id")) is not None}
        self.entities: dict[EntityKind, set[str]] = {kind: set(self.ids[key]) for key, kind in TABLES.items()}
        self.entities[EntityKind.TOOL] = {
            f"{server}/{tool}" for server, node in root.entries("servers").items() for tool in node.entries("tools")
        }

    def holds(self, kind: str | None, entity: str) -> bool:
        """Whether there is such an entity, of any kind where `kind` is None."""
        kinds = tuple(self.entities) if kind is None else (EntityKind(kind),)
        return any(entity in self.entities[one] for one in kinds)


def check_references(root: Node, errors: list[PolicyError]) -> None:
    """Append every exact reference to what does not exist, and every id that stands twice."""
    index = Index(root)
    for node, shape in walk(root, POLICY):
        if isinstance(shape, Reference):
            if shape.must_exist and isinstance(node.content, str) and node.content not in index.ids[shape.to]:
                errors.append(node.error(f"{shown(node.content)} is not among the policy's {shape.to}"))
        elif isinstance(shape, Selector):
            _selector(node, shape, index, errors)
        elif isinstance(shape, Many) and shape.key:
            _twice(node, shape, errors)


def _selector(node: Node, shape: Selector, index: Index, errors: list[PolicyError]) -> None:
    if not shape.must_exist or not isinstance(node.content, str):
        return
    try:
        selector = parse_selector(node.content)
    except BadSelector:
        return
    if selector.literal and not index.holds(selector.kind, selector.glob):
        errors.append(node.error(f"{shown(node.content)} is not among the policy's entities"))


def _twice(node: Node, shape: Many, errors: list[PolicyError]) -> None:
    keys = shape.key[:1] if shape.distinct else shape.key
    seen: dict[tuple[str, ...], Node] = {}
    for item in node.content if isinstance(node.content, list) else []:
        if not isinstance(item.content, dict):
            continue
        found = tuple(str(part.plain()) if (part := item.get(key)) is not None else "" for key in keys)
        if shape.distinct and not found[0]:
            continue
        if found in seen:
            name = f"{keys[0]} {shown(found[0])} is used twice" if shape.distinct else "is said twice"
            where = item.get(keys[0]) or item
            errors.append(where.error(f"{name}; the first stands at {place(seen[found])}"))
        else:
            seen[found] = item


def walk(node: Node, shape: Shape) -> Iterator[tuple[Node, Shape]]:
    """Every node that has the form of its shape, with it, from the top; what the schema does not know is left out."""
    if isinstance(shape, Either):
        if isinstance(node.content, dict):
            yield from walk(node, shape.record)
        return
    yield node, shape
    if isinstance(node.content, dict):
        for key, child in node.content.items():
            of = _shape_of(shape, key)
            if of is not None:
                yield from walk(child, of)
    elif isinstance(node.content, list) and isinstance(shape, Many):
        for child in node.content:
            yield from walk(child, shape.of)


def _shape_of(shape: Shape, key: str) -> Shape | None:
    if isinstance(shape, Struct):
        field = shape.fields.get(key)
        return None if field is None else field.shape
    return shape.of if isinstance(shape, Table) else None


def check_cycles(edges: Mapping[str, str], report: Callable[[str, list[str]], None]) -> None:
    """Call `report(start, cycle)` once for each cycle among single-successor edges."""
    done: set[str] = set()
    for start in edges:
        trail: list[str] = []
        step: str | None = start
        while step is not None and step not in done and step not in trail:
            trail.append(step)
            step = edges.get(step)
        if step is not None and step in trail:
            cycle = trail[trail.index(step) :]
            report(cycle[0], [*cycle, cycle[0]])
        done.update(trail)

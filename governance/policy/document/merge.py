"""Several files of one policy made one, by key; what two of them say is an error that names both places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from governance.policy.document.errors import PolicyError
from governance.policy.document.node import Node
from governance.policy.schema.sections import POLICY
from governance.policy.schema.shapes import Many, Shape, Struct, Table


def merge(trees: Sequence[Node]) -> tuple[Node, list[PolicyError]]:
    """One tree that holds everything of `trees`, each node still at its own place, and what is said twice.

    Records and tables merge key by key, lists of objects are joined, anything else may stand in one file only.
    `toolgate` may stand in each.
    """
    errors: list[PolicyError] = []
    whole = trees[0]
    for tree in trees[1:]:
        whole = _merged(POLICY, whole, tree, errors)
    return whole, errors


def _merged(shape: Shape, first: Node, second: Node, errors: list[PolicyError]) -> Node:
    if isinstance(first.content, dict) and isinstance(second.content, dict) and isinstance(shape, Struct | Table):
        content = dict(first.content)
        for key, node in second.content.items():
            if key not in content:
                content[key] = node
            elif key == "toolgate":
                if content[key].content != node.content:
                    errors.append(node.error(f"differs from {place(content[key])}"))
            elif isinstance(shape, Struct) and key in shape.fields:
                content[key] = _merged(shape.fields[key].shape, content[key], node, errors)
            else:
                errors.append(node.error(f"is a duplicate of {key}; the first stands at {place(content[key])}"))
        return replace(first, content=content)
    joined = isinstance(shape, Many) and shape.key
    if joined and isinstance(first.content, list) and isinstance(second.content, list):
        return replace(first, content=[*first.content, *second.content])
    errors.append(second.error(f"is said twice; the first stands at {place(first)}"))
    return first


def place(node: Node) -> str:
    """Where a node stands, for an error about another one."""
    return f"{node.file}:{node.line}" if node.file else node.path

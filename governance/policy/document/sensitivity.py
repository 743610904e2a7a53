"""How sensitive an entity is in effect: its own level, or that of what a call to it touches in any case."""

from __future__ import annotations

from governance.engine.call import EntityKind
from governance.engine.compiled.entity import CONFIDENTIAL, INTERNAL, SENSITIVITIES
from governance.policy.document.entity_patterns import TABLES
from governance.policy.document.node import Node


def level(node: Node | None) -> int:
    """The rank of a node's own `sensitivity`; internal where it says nothing or nothing known."""
    word = node.text("sensitivity") if node is not None else None
    return SENSITIVITIES.index(word) if word in SENSITIVITIES else INTERNAL


def confidential_entities(root: Node) -> list[tuple[EntityKind, str]]:
    """Every entity of a policy that is confidential or above, or whose use touches one that is.

    A tool is as sensitive as its server and the data sources that it declares.
    """
    found: list[tuple[EntityKind, str]] = []
    for key, kind in TABLES.items():
        for name, node in root.entries(key).items():
            own = level(node)
            if own >= CONFIDENTIAL:
                found.append((kind, name))
            if kind is not EntityKind.SERVER:
                continue
            for tool, fields in node.entries("tools").items():
                declared = [
                    level(root.get("data_sources", source.content))
                    for source in fields.items("data_sources")
                    if isinstance(source.content, str)
                ]
                if max(own, level(fields), *declared, 0) >= CONFIDENTIAL:
                    found.append((EntityKind.TOOL, f"{name}/{tool}"))
    return found

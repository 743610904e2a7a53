"""Are the blocklist's own entries ones that can be compiled, and do they do what their examples say."""

from __future__ import annotations

from governance.engine.blocking.examples import entry_problems
from governance.policy.checks.structure import check_structure
from governance.policy.document.errors import PolicyError
from governance.policy.document.node import Node
from governance.policy.schema.sections import record_at


def check_entries(root: Node, errors: list[PolicyError]) -> None:
    """Append why an entry cannot be used; those that have not the shape of one are reported elsewhere."""
    shape = record_at("blocklist", "entries")
    for entry in root.items("blocklist", "entries"):
        if not check_structure(entry, shape, []):
            continue
        pointer = entry.get("pointer")
        if pointer is not None and entry.text("kind") != "argument":
            errors.append(pointer.error(f"means nothing for the kind {entry.text('kind')}"))
        for problem in entry_problems(entry.plain()):
            errors.append((entry.get("pattern") or entry).error(problem))

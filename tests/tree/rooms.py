"""The layers contract over all our packages at once, and exhaustive: whatever stands in none of its layers breaks it.

import-linter's own is exhaustive only within one container; ours order the rooms of four packages among each other.
"""

from __future__ import annotations

from grimp import ImportGraph
from importlinter.contracts.layers import LayersContract
from importlinter.domain.contract import ContractCheck

ROOTS = ("config", "governance", "accounts", "audit")


class RoomsContract(LayersContract):
    """Layers from top to bottom; each package, and each package and module in it, is named in one of them."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Check the directions, then that nothing was left out."""
        checked = super().check(graph, verbose)
        named = {tail.name for layer in self.layers for tail in layer.module_tails}  # type: ignore[attr-defined]
        left_out = {
            room for root in ROOTS if root not in named for room in graph.find_children(root) if room not in named
        }
        checked.metadata["undeclared_modules"] |= left_out
        checked.kept = checked.kept and not left_out
        return checked

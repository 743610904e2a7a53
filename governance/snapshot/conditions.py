"""Do the conditions of rules compile, and do they fit the schemas of the tools that they are about."""

from __future__ import annotations

from governance.snapshot.errors import PolicyError
from governance.snapshot.node import Node


def check_conditions(root: Node, errors: list[PolicyError]) -> None:
    """Append each condition's fault at its column."""

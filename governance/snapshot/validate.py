"""Is a policy sound: every fault of it at once, each at its place."""

from __future__ import annotations

from governance.snapshot.canonical import normalise
from governance.snapshot.conditions import check_conditions
from governance.snapshot.control_constraints import check_detectors, check_hooks, check_layers, check_tests
from governance.snapshot.entity_constraints import check_bindings, check_entities, check_people
from governance.snapshot.entries import check_entries
from governance.snapshot.errors import PolicyError
from governance.snapshot.node import Node, planted
from governance.snapshot.references import Index, check_references
from governance.snapshot.rule_constraints import check_rules
from governance.snapshot.schema import POLICY
from governance.snapshot.sensitivity import confidential_entities
from governance.snapshot.shapes import Document
from governance.snapshot.structure import check_structure

__all__ = ["check", "normalise", "validate"]


def validate(document: Document) -> list[PolicyError]:
    """Everything that is wrong with a document, by path; `normalise` may be used on one that has no error."""
    return check(planted(document))


def check(root: Node) -> list[PolicyError]:
    """Everything that is wrong with a policy as it was written, each fault at its file and line.

    What a part refers to is checked even where another part has faults, so that one reading tells all.
    """
    errors: list[PolicyError] = []
    check_structure(root, POLICY, errors)
    if not isinstance(root.content, dict):
        return errors
    check_references(root, Index(root), errors)
    check_rules(root, confidential_entities(root), errors)
    check_entities(root, errors)
    check_people(root, errors)
    check_bindings(root, errors)
    check_layers(root, errors)
    check_hooks(root, errors)
    check_detectors(root, errors)
    check_entries(root, errors)
    check_tests(root, errors)
    check_conditions(root, errors)
    return errors

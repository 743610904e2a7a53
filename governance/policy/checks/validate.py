"""Is a policy sound: every fault of it at once, each at its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.engine.document.policy import PolicyDocument
from governance.policy.checks.conditions import check_conditions
from governance.policy.checks.controls import check_detectors, check_hooks, check_layers, check_tests
from governance.policy.checks.entities import check_bindings, check_entities, check_people
from governance.policy.checks.entries import check_entries
from governance.policy.checks.references import Index, check_references
from governance.policy.checks.rules import check_rules
from governance.policy.checks.structure import check_structure
from governance.policy.document.canonical import normalise
from governance.policy.document.errors import PolicyError, PolicyErrors
from governance.policy.document.node import Node, planted
from governance.policy.document.sensitivity import confidential_entities
from governance.policy.schema.sections import POLICY

__all__ = ["check", "checked", "normalise", "validate"]


def validate(document: Mapping[str, Any]) -> list[PolicyError]:
    """Everything that is wrong with a document, by path; `normalise` may be used on one that has no error."""
    return check(planted(document))


def checked(document: Mapping[str, Any]) -> PolicyDocument:
    """The document as a release holds it: canonical, without principals. Raises `PolicyErrors` for an unsound one."""
    faults = validate(document)
    if faults:
        raise PolicyErrors(faults)
    canonical = normalise(document)
    canonical.pop("principals", None)
    return canonical


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

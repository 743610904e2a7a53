"""Is a policy sound: every fault of it at once, each at its place. The one order in which it is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from governance.engine.document.policy import PolicyDocument
from governance.policy.checks.conditions import check_conditions
from governance.policy.checks.controls import (
    check_detectors,
    check_exemptions,
    check_hooks,
    check_layers,
    check_tests,
)
from governance.policy.checks.entities import check_bindings, check_entities, check_people, check_rate_classes
from governance.policy.checks.entries import check_entries
from governance.policy.checks.references import check_references
from governance.policy.checks.rules import check_rules
from governance.policy.checks.structure import check_structure
from governance.policy.document.canonical import normalise, without_principals
from governance.policy.document.errors import PolicyError, PolicyErrors
from governance.policy.document.node import Node, planted
from governance.policy.schema.sections import POLICY

__all__ = ["check", "checked", "normalise", "validate"]

Check = Callable[[Node, list[PolicyError]], None]

_OF_THE_WHOLE: tuple[Check, ...] = (check_references, check_rate_classes)
"""What only a whole policy can be held to: that everything in it which is named exists."""

_OF_EACH: tuple[Check, ...] = (
    check_rules,
    check_entities,
    check_people,
    check_bindings,
    check_exemptions,
    check_layers,
    check_hooks,
    check_detectors,
    check_entries,
    check_tests,
    check_conditions,
)
"""What an object must keep to by itself, and beside the others as far as they are there."""


def validate(document: Mapping[str, Any]) -> list[PolicyError]:
    """Everything that is wrong with a document, by path; `normalise` may be used on one that has no error."""
    return check(planted(document))


def checked(document: Mapping[str, Any]) -> PolicyDocument:
    """The document as a release holds it: canonical, without principals. Raises `PolicyErrors` for an unsound one."""
    faults = validate(document)
    if faults:
        raise PolicyErrors(faults)
    return without_principals(normalise(document))


def check(root: Node, *, alone: bool = False) -> list[PolicyError]:
    """Everything that is wrong with a policy as it was written, each fault at its file and line.

    What a part refers to is checked even where another part has faults, so that one reading tells all. `alone` says
    that the policy is one object of a draft, which may be written before what it names.
    """
    errors: list[PolicyError] = []
    check_structure(root, POLICY, errors)
    if not isinstance(root.content, dict):
        return errors
    for held in _OF_EACH if alone else (*_OF_THE_WHOLE, *_OF_EACH):
        held(root, errors)
    return errors

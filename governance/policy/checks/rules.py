"""What a rule must keep to beyond its shape."""

from __future__ import annotations

from governance.engine.call import EntityKind
from governance.engine.compiled.pattern import Pattern
from governance.policy.document.entity_patterns import BadSelector, parse_selector
from governance.policy.document.errors import PolicyError
from governance.policy.document.moments import moment
from governance.policy.document.node import Node
from governance.policy.document.sensitivity import confidential_entities
from governance.policy.schema.rules import SUBJECTS

PEOPLE = frozenset(SUBJECTS.fields) - {"agents"}
"""Kinds of subject that are read from the principal; an allow names at least one."""


def check_rules(root: Node, errors: list[PolicyError]) -> None:
    """Append what is wrong with each rule; one on what is confidential in this policy demands a justification."""
    confidential = confidential_entities(root)
    exact = frozenset(confidential)
    for rule in root.items("rules"):
        effect = rule.text("effect")
        _subjects(rule, effect, errors)
        _window(rule, errors)
        _justification(rule, effect, confidential, exact, errors)
        approval = rule.get("approval")
        if approval is not None:
            if effect in ("allow", "deny"):
                errors.append(approval.error(f"only an ask has an approval, and this rule says {effect}"))
            _approval(approval, errors)
        skip = rule.get("skip_client_prompt")
        if skip is not None and skip.content is True and effect in ("deny", "ask"):
            errors.append(skip.error(f"only an allow may skip a client's prompt, and this rule says {effect}"))


def _subjects(rule: Node, effect: str | None, errors: list[PolicyError]) -> None:
    subjects = rule.get("subjects")
    if subjects is None or not isinstance(subjects.content, dict):
        return
    named = {key for key, node in subjects.content.items() if node.content is not False}
    if not named:
        errors.append(subjects.error("names nobody; write everyone: true for everybody"))
    elif effect == "allow" and not named & PEOPLE:
        errors.append(subjects.error("an allow names people too; an agent alone is no source of rights"))


def _window(rule: Node, errors: list[PolicyError]) -> None:
    start, end = rule.text("valid_from"), rule.text("valid_until")
    if start is None or end is None:
        return
    try:
        empty = moment(start) >= moment(end)
    except ValueError:
        return
    if empty:
        where = rule.get("valid_until") or rule
        errors.append(where.error("is not after valid_from, so the rule would never be in force"))


def _justification(
    rule: Node,
    effect: str | None,
    confidential: list[tuple[EntityKind, str]],
    exact: frozenset[tuple[EntityKind, str]],
    errors: list[PolicyError],
) -> None:
    if (rule.text("justification") or "").strip():
        return
    if effect in ("deny", "ask"):
        errors.append(rule.lacks("justification", f"every {effect} has one, since it needs a reason"))
        return
    for item in rule.items("entities"):
        try:
            selector = parse_selector(str(item.content))
        except BadSelector:
            continue
        met = _first(selector, confidential, exact)
        if met is not None:
            kind, name = met
            errors.append(rule.lacks("justification", f"{kind.value}:{name} is confidential or above"))
            return


def _first(
    selector: Pattern, confidential: list[tuple[EntityKind, str]], exact: frozenset[tuple[EntityKind, str]]
) -> tuple[EntityKind, str] | None:
    """The first confidential entity that a selector covers; exact tools are looked up rather than searched."""
    if selector.literal and selector.kind == EntityKind.TOOL:
        return (EntityKind.TOOL, selector.glob) if (EntityKind.TOOL, selector.glob) in exact else None
    return next(((kind, name) for kind, name in confidential if selector.matches(kind, name)), None)


def _approval(approval: Node, errors: list[PolicyError]) -> None:
    duration, four_eyes = approval.get("for_a_time"), approval.get("four_eyes")
    if duration is not None and duration.content != 0 and four_eyes is not None and four_eyes.content is True:
        errors.append(duration.error("an approval under four eyes is for once only"))

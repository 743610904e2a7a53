"""One rule and one call: each part of the rule with its value."""

from __future__ import annotations

import re
from dataclasses import dataclass

from governance.engine.compiled.index import Bucket
from governance.engine.compiled.rule import Rule
from governance.engine.compiled.standing import Standing, grants, restricts
from governance.engine.conditions.condition import ConditionError, compile_condition
from governance.engine.deciding.verdict import View
from governance.engine.decision import Effect

_TOKENS = re.compile(
    r"""[rRbB]{0,2}(?:"{3}.*?"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|&&|\|\||[()\[\]{}?]""", re.S
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a condition with its value; None where it cannot be evaluated."""

    source: str
    value: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """One rule that names the entity, and how each of its parts turns out for this call.

    `subjects` counts `except` in; `window` is its validity; `parameters` is the refused pointer or None; `condition`
    is the value as a whole (None: cannot be evaluated; True without one).
    """

    rule: str
    effect: Effect
    shadow: bool
    matches: bool
    subjects: bool
    window: bool
    parameters: str | None
    condition: bool | None
    parts: tuple[Part, ...]


def condition_parts(source: str) -> tuple[str, ...]:
    """The operands of the outermost `&&` or `||` of a condition; the condition itself where there is none."""
    return split_condition(source)[1]


def split_condition(source: str) -> tuple[str, tuple[str, ...]]:
    """The outermost operator of a condition, `&&` where there is none, and its operands."""
    depth, cuts, ternary = 0, {"&&": [0], "||": [0]}, False
    for token in _TOKENS.finditer(source):
        text = token[0]
        if text in ("(", "[", "{"):
            depth += 1
        elif text in (")", "]", "}"):
            depth -= 1
        elif text == "?" and depth == 0:
            ternary = True
        elif text in cuts and depth == 0:
            cuts[text] += [token.start(), token.end()]
    if ternary:
        return "&&", (source,)
    # `||` binds weaker, so it is the outermost one where both stand at the same depth.
    operator = "||" if len(cuts["||"]) > 1 else "&&"
    places = [*cuts[operator], len(source)]
    return operator, tuple(source[at:to].strip() for at, to in zip(places[::2], places[1::2], strict=True))


def named_rules(buckets: tuple[Bucket, ...]) -> list[Rule]:
    """The rules of these buckets, whomever they mean, without repeats."""
    found = {rule.id: rule for bucket in buckets for rules in bucket.values() for rule in rules}
    return list(found.values())


def means(rule: Rule, standing: Standing) -> bool:
    """Whether a rule means this caller, at the own tier or at the lowered one."""
    tiers = (False, True) if standing.lowers else (False,)
    meant = grants if rule.effect is Effect.ALLOW else restricts
    return any(meant(rule, standing, lowered=lowered) for lowered in tiers)


def consider(rule: Rule, subjects: bool, view: View, standing: Standing, now: float) -> Considered:
    """How a rule turns out for a call; `subjects` says whether it means the caller."""
    violation = view.violation(rule)
    condition = view.value(rule, lowered=standing.lowers)
    window = rule.in_force(now)
    if rule.effect is Effect.ALLOW:
        holds = violation is None and condition is True
    else:
        holds = (rule.parameters is None or violation is not None) and condition is not False
    parts: list[Part] = []
    if rule.condition is not None:
        for source in condition_parts(rule.condition.source):
            parts.append(Part(source=source, value=_value(source, view, standing)))
    return Considered(
        rule=rule.id,
        effect=rule.effect,
        shadow=rule.shadow,
        matches=subjects and window and holds,
        subjects=subjects,
        window=window,
        parameters=violation,
        condition=condition,
        parts=tuple(parts),
    )


def _value(source: str, view: View, standing: Standing) -> bool | None:
    try:
        return compile_condition(source).value(view.activation(lowered=standing.lowers))
    except ConditionError:
        return None

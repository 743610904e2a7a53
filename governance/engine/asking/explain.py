"""Why a call is decided as it is: each layer, the rules considered part by part, and what would have to change."""

from __future__ import annotations

import re
from dataclasses import dataclass

from governance.engine.call import Call
from governance.engine.compiled.index import Bucket
from governance.engine.compiled.rule import Rule
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.compiled.standing import Standing, grants, restricts
from governance.engine.conditions.condition import ConditionError, compile_condition
from governance.engine.deciding.driver import StandIn, run
from governance.engine.deciding.pipeline import decide
from governance.engine.deciding.verdict import View
from governance.engine.decision import Decision, Effect
from governance.engine.principal import Caller
from governance.engine.world import World

MOST_RULES = 200
"""Rules that one explanation shows; those that mean the caller come first."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """The nearest change that would make the call pass: where, in words, and the rule that it is about."""

    path: str
    fix: str
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The decision, the rules considered (`omitted` more were left out) and the nearest change, None for an allow.

    Buckets are taken as fresh and hooks as passing: an explanation spends and runs nothing.
    """

    decision: Decision
    considered: tuple[Considered, ...]
    omitted: int
    nearest: Remedy | None


def explain(snapshot: Snapshot, world: World, caller: Caller, call: Call, *, now: float) -> Explanation:
    """Explain one call without any effect."""
    decision = run(decide(snapshot, world, caller, call, now=now), StandIn())
    considered: list[Considered] = []
    omitted = 0
    entity = snapshot.entity(call.kind, call.entity)
    if entity is not None:
        standing = snapshot.standing(caller, call.labels.agent_id, world.directory)
        extra = {*snapshot.touched_sources(call), *call.data_sources} if call.kind == "tool" else set()
        known = {source for source in extra if ("data_source", source) in snapshot.entities}
        plan = snapshot.plan(entity, tuple(sorted(known.difference(entity.data_sources))))
        view = View(call, caller, standing, plan, now)
        rules = _named((*plan.restricting, *(bucket for _, buckets in plan.owning for bucket in buckets)))
        meant = [(rule, _means(rule, standing)) for rule in rules]
        meant.sort(key=lambda pair: (not pair[1], pair[0].order))
        omitted = max(0, len(meant) - MOST_RULES)
        considered = [_consider(rule, means, view, standing, now) for rule, means in meant[:MOST_RULES]]
    return Explanation(
        decision=decision,
        considered=tuple(considered),
        omitted=omitted,
        nearest=_nearest(decision, considered),
    )


def condition_parts(source: str) -> tuple[str, ...]:
    """The operands of the outermost `&&` or `||` of a condition; the condition itself where there is none."""
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
        return (source,)
    # `||` binds weaker, so it is the outermost one where both stand at the same depth.
    operator = "||" if len(cuts["||"]) > 1 else "&&"
    places = [*cuts[operator], len(source)]
    return tuple(source[at:to].strip() for at, to in zip(places[::2], places[1::2], strict=True))


def _named(buckets: tuple[Bucket, ...]) -> list[Rule]:
    found = {rule.id: rule for bucket in buckets for rules in bucket.values() for rule in rules}
    return list(found.values())


def _means(rule: Rule, standing: Standing) -> bool:
    tiers = (False, True) if standing.lowers else (False,)
    means = grants if rule.effect is Effect.ALLOW else restricts
    return any(means(rule, standing, lowered=lowered) for lowered in tiers)


def _consider(rule: Rule, subjects: bool, view: View, standing: Standing, now: float) -> Considered:
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


def _nearest(decision: Decision, considered: list[Considered]) -> Remedy | None:
    """For a missing allow the rule with the fewest parts that do not hold; else what decided, undone."""
    if decision.effect is Effect.ALLOW:
        return None
    if decision.code == "rule.none":
        allows = [one for one in considered if one.effect is Effect.ALLOW and not one.shadow and not one.matches]
        if not allows:
            return Remedy(path="rules", fix="No rule allows this entity: add an allow rule that names it.")
        best = min(allows, key=lambda one: (len(_failing(one)), one.rule))
        return Remedy(path=f"rules/{best.rule}", fix="; ".join(_failing(best)), rule=best.rule)
    if decision.code in ("rule.deny", "approval.required"):
        blocking = next((one for one in considered if one.rule == decision.rule), None)
        fix = "Write an exception for the caller on this rule"
        if blocking is not None and blocking.parameters is not None:
            fix = f"Leave out {blocking.parameters}, or write an exception on this rule"
        elif blocking is not None and blocking.parts:
            true = [part.source for part in blocking.parts if part.value is not False]
            fix = f"Change the call so that this no longer holds: {'; '.join(true)}"
        return Remedy(path=f"rules/{decision.rule}", fix=fix + ".", rule=decision.rule)
    if decision.detail is not None:
        detail = decision.detail
        return Remedy(path=detail.path, fix=f"{detail.fix} Required: {detail.required}, actual: {detail.actual}.")
    return Remedy(path=decision.layer or "", fix=decision.reason, rule=decision.rule)


def _failing(one: Considered) -> list[str]:
    failing: list[str] = []
    if not one.subjects:
        failing.append("name the caller in the rule's subjects, or give the caller what they ask for")
    if not one.window:
        failing.append("call within the rule's validity, or extend it")
    if one.parameters is not None:
        failing.append(f"leave out {one.parameters}")
    if one.condition is not True:
        parts = [part.source for part in one.parts if part.value is not True]
        failing.append("make this hold: " + "; ".join(parts or ["the rule's condition"]))
    return failing

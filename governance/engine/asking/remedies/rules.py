"""What undoes a denial by the rules: one that matches, or none that allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from governance.engine.asking.considered import Considered, consider, means, named_rules, split_condition
from governance.engine.asking.posed_caller import DESCRIBED
from governance.engine.asking.remedies.arguments import movable, without
from governance.engine.asking.remedies.step import Step, Tried, named
from governance.engine.asking.trial import Trial
from governance.engine.compiled.compilation import compile_rule
from governance.engine.compiled.entity import Entity
from governance.engine.compiled.rule import Rule, Subjects
from governance.engine.compiled.standing import Person, Standing
from governance.engine.deciding.run import Run
from governance.engine.deciding.verdict import View, verdict
from governance.engine.decision import Decision
from governance.engine.document.rules import RuleFields, SubjectFields
from governance.engine.principal import Principal, PrincipalKind, Tier

MOST_ALLOWS = 200
"""Allow rules that are weighed against each other; those that mean the caller come first."""


def spare(trial: Trial, decision: Decision) -> Tried:
    """For `rule.deny`: the refused argument left out, the condition made not to hold, an exception on the rule."""
    rule = _rule(trial, decision)
    run, view = _viewed(trial)
    pointer = view.violation(rule)
    if pointer is not None and _fits_without(trial, pointer := movable(trial.call.arguments, pointer)):
        step = Step(path="arguments", of=pointer, fix=f"Leave out the argument {pointer}", rule=rule.id)
        return step, _leave_out(pointer)
    assert run.standing is not None
    said = _no_longer(consider(rule, True, view, run.standing, trial.now), rule)
    exception, apply = _except(rule, run.standing)
    ways = [*([said] if said else []), exception.fix]
    return replace(exception, fix="; or ".join(ways)), apply


def approve(trial: Trial, decision: Decision) -> Tried:
    """For `approval.required`: somebody approves it, or what asks does not match."""
    asking = [one for one in decision.asks if one.startswith("rule:")]
    if not asking:
        fix = f"Ask for the approval that the hook '{decision.rule}' wants"
        return Step(path="approval", of=str(decision.rule), fix=fix), None
    name = asking[0].partition(":")[2]
    rule = next(one for one in trial.snapshot.rules if one.id == name)
    run, view = _viewed(trial)
    assert run.standing is not None
    fix = f"Ask for the approval that the rule '{name}' wants"
    said = _no_longer(consider(rule, True, view, run.standing, trial.now), rule)
    other = f"; or {said[0].lower()}{said[1:]}" if said else ""
    return Step(path="approval", of=name, fix=fix + other, rule=name), None


def allow(trial: Trial, decision: Decision) -> Tried:
    """For `rule.none`: the allow rule that is nearest to matching made to match, else a new one."""
    run, view = _viewed(trial)
    plan, standing = run.plan, run.standing
    assert plan is not None
    assert standing is not None
    entity = verdict(standing, plan, view, trial.now).ungranted
    assert entity is not None
    rules = named_rules(tuple(bucket for one, buckets in plan.owning if one is entity for bucket in buckets))
    meant = sorted(((rule, means(rule, standing)) for rule in rules if not rule.shadow), key=lambda one: not one[1])
    ways = [
        way
        for rule, subjects in meant[:MOST_ALLOWS]
        if (way := _open(rule, consider(rule, subjects, view, standing, trial.now), trial, standing)) is not None
    ]
    if not ways:
        return _new_rule(trial, standing, entity)
    _, _, step, apply = min(ways, key=lambda way: way[:2])
    return step, apply


_Way = tuple[int, str, Step, Callable[[Trial], None] | None]


def _open(rule: Rule, one: Considered, trial: Trial, standing: Standing) -> _Way | None:
    """The first step towards an allow rule that matches, with how many there are; None where no step leads there."""
    moves: list[Tried] = []
    if not one.subjects:
        found = _let_in(rule, standing)
        if found is None:
            return None
        moves += found
    if not one.window:
        fix = f"The rule '{rule.id}' is not in force now: extend its validity"
        moves.append(
            (
                Step(path="rule.validity", of=rule.id, fix=fix, rule=rule.id),
                lambda tried: tried.rule_with(replace(rule, valid_from=float("-inf"), valid_until=float("inf"))),
            )
        )
    if one.parameters is not None:
        pointer = movable(trial.call.arguments, one.parameters)
        if not _fits_without(trial, pointer):
            return None
        step = Step(path="arguments", of=pointer, fix=f"Leave out the argument {pointer}", rule=rule.id)
        moves.append((step, _leave_out(pointer)))
    if one.condition is not True and rule.condition is not None:
        operator, _ = split_condition(rule.condition.source)
        parts = [part.source for part in one.parts if part.value is not True] or [rule.condition.source]
        what = (
            "Make this hold" if len(parts) == 1 else "Make these hold" if operator == "&&" else "Make one of these hold"
        )
        moves.append((Step(path=f"rules/{rule.id}", of=rule.id, fix=f"{what}: {'; '.join(parts)}", rule=rule.id), None))
    if not moves:
        return None  # it matches; what is missing lies elsewhere
    return len(moves), rule.id, *moves[0]


def _let_in(rule: Rule, standing: Standing) -> list[Tried] | None:
    """What makes a rule's subjects name everybody in the call; None where there is no simple way."""
    subjects = rule.subjects
    if not subjects.people:
        return None
    moves: list[Tried] = []
    if subjects.agents is not None and not (standing.signed and standing.agent_ids <= subjects.agents):
        if not standing.signed:
            return None
        agents = sorted(standing.agent_ids - subjects.agents)
        fix = f"Name the agent {_all(agents)} in the rule '{rule.id}'"
        step = Step(path="rule.subjects.agents", of=rule.id, value=[*agents], fix=fix, rule=rule.id)
        moves.append((step, _with_subjects(rule, agents=subjects.agents | frozenset(agents))))
    for one in standing.people:
        if rule.excepted is not None and rule.excepted.names(one.principal, one.held, one.own):
            return None
        found = _give(rule, one)
        if found is None:
            return None
        moves += found
    return moves


def _give(rule: Rule, one: Person) -> list[Tried] | None:
    """What lets one principal be named by a rule: membership first, its own name where the rule goes by names."""
    who, subjects = one.principal, rule.subjects
    moves: list[Tried] = []
    if subjects.tiers is not None and not {one.own, one.lowered} <= subjects.tiers:
        return None
    if subjects.users is not None and who.id not in subjects.users:
        if not _has_name(who):
            return None
        fix = f"Name '{who.id}' in the rule '{rule.id}'"
        step = Step(path="rule.subjects.users", of=rule.id, value=[who.id], fix=fix, rule=rule.id)
        moves.append((step, _with_subjects(rule, users=subjects.users | {who.id})))
    for kind, wanted, held in (
        ("roles", subjects.roles, one.roles),
        ("groups", subjects.groups, who.groups),
        ("departments", subjects.departments, who.departments),
    ):
        if wanted is None or not wanted.isdisjoint(held):
            continue
        if who.kind is PrincipalKind.ANONYMOUS or (kind == "roles" and not wanted.isdisjoint(one.held)):
            return None  # nobody gives anything to anonymous; a role that is held and not reached wants another tier
        moves.append(_join(rule, who, kind, sorted(wanted)))
    return moves


def _join(rule: Rule, who: Principal, kind: str, names: list[str]) -> Tried:
    among = " or ".join(f"'{name}'" for name in names)
    fix = f"Give '{who.id}' the {kind.removesuffix('s')} {among}, which the rule '{rule.id}' asks for"
    step = Step(path=f"principal.{kind}", of=who.id, value=names[0], fix=fix, rule=rule.id)

    return step, lambda tried: tried.person_with(who.id, add={kind: names[0]})


def _new_rule(trial: Trial, standing: Standing, entity: Entity) -> Tried:
    people = [one.principal for one in standing.people]
    subjects: SubjectFields = {"users": sorted({one.id for one in people})}
    who = _all(subjects["users"])
    if not all(map(_has_name, people)):
        least = Tier(min(one.lowered for one in standing.people)).word
        subjects, who = {"min_tier": least}, f"the tier '{least}' and above"  # type: ignore[typeddict-item]
    taken = {rule.id for rule in trial.snapshot.rules}
    name = next(name for name in ("let-in", *(f"let-in-{n}" for n in range(2, len(taken) + 3))) if name not in taken)
    raw: RuleFields = {
        "id": name, "effect": "allow", "subjects": subjects, "entities": [f"{entity.kind}:{entity.id}"],
        "justification": "…",
    }  # fmt: skip
    order = max((rule.order for rule in trial.snapshot.rules), default=0) + 1
    fix = f"No rule can allow this as things are: add an allow rule for {who} on {named(entity.kind, entity.id)}"
    step = Step(path="rules", of=name, value={**raw}, fix=fix)  # type: ignore[dict-item]
    return step, lambda tried: tried.rule_with(compile_rule(raw, order))


def _except(rule: Rule, standing: Standing) -> Tried:
    """An exception for everybody in the call on a deny."""
    people = [one.principal for one in standing.people]
    names = sorted({one.id for one in people})
    excepted = rule.excepted or Subjects()
    others = (excepted.groups, excepted.roles, excepted.departments, excepted.tiers, excepted.agents)
    if not all(map(_has_name, people)) or excepted.everyone or any(other is not None for other in others):
        fix = f"Narrow the rule '{rule.id}' so that it does not mean this caller, or take it away"
        return Step(path="rule.subjects", of=rule.id, fix=fix, rule=rule.id), None
    fix = f"Except {_all(names)} from the rule '{rule.id}'"
    step = Step(path="rule.except.users", of=rule.id, value=[*names], fix=fix, rule=rule.id)
    users = (excepted.users or frozenset()) | frozenset(names)
    return step, lambda tried: tried.rule_with(replace(_of(tried, rule), excepted=replace(excepted, users=users)))


def _no_longer(one: Considered, rule: Rule) -> str:
    """How the call would have to differ for a condition not to hold; empty without one."""
    if rule.condition is None:
        return ""
    operator, _ = split_condition(rule.condition.source)
    parts = [part for part in one.parts if part.value is not False]
    several = "one of these no longer holds" if operator == "&&" else "none of these holds"
    some = "this no longer holds" if len(parts) == 1 else several
    open_ = " (what cannot be evaluated counts as holding)" if any(part.value is None for part in parts) else ""
    return f"Change the call so that {some}: {'; '.join(part.source for part in parts)}{open_}"


def _with_subjects(rule: Rule, **changes: frozenset[str]) -> Callable[[Trial], None]:
    def apply(tried: Trial) -> None:
        current = _of(tried, rule)
        tried.rule_with(replace(current, subjects=replace(current.subjects, **changes)))  # type: ignore[arg-type]

    return apply


def _leave_out(pointer: str) -> Callable[[Trial], None]:
    return lambda tried: tried.call_with(arguments=without(tried.call.arguments, pointer))


def _fits_without(trial: Trial, pointer: str) -> bool:
    """Whether the tool's schema takes the arguments without what the pointer names."""
    plan = trial.resolved().plan
    schema = plan.entity.schema if plan is not None else None
    return schema is None or schema.fault(without(trial.call.arguments, pointer)) is None


def _viewed(trial: Trial) -> tuple[Run, View]:
    run = trial.resolved()
    assert run.plan is not None
    assert run.standing is not None
    return run, View(trial.call, trial.caller, run.standing, run.plan, trial.now)


def _rule(trial: Trial, decision: Decision) -> Rule:
    return next(one for one in trial.snapshot.rules if one.id == decision.rule)


def _of(trial: Trial, rule: Rule) -> Rule:
    return next(one for one in trial.snapshot.rules if one.id == rule.id)


def _has_name(who: Principal) -> bool:
    return who.kind is not PrincipalKind.ANONYMOUS and who.id != DESCRIBED


def _all(names: list[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)

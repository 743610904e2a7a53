"""Layer 1: principal and agent known, entity known, boundaries met, schema holds, rules allow."""

from __future__ import annotations

from governance.engine.call import Door, Json
from governance.engine.compiled.entity import Entity
from governance.engine.compiled.rule import Rule
from governance.engine.compiled.standing import Standing
from governance.engine.conditions.argument_schema import allowed_steps
from governance.engine.conditions.assertions import ArgumentCostError
from governance.engine.conditions.condition import measured
from governance.engine.deciding.answer import UNKNOWN_REASON
from governance.engine.deciding.boundaries import Fault, admits, fault
from governance.engine.deciding.run import Run, Stop
from governance.engine.deciding.verdict import Verdict, View, verdict
from governance.engine.deciding.visibility import visible
from governance.engine.decision import Detail, Effect

NAME = "scope"
MAX_LINKS = 8
"""Links of a delegation chain."""


def check(run: Run) -> Stop | None:
    """The checks in the order of their codes."""
    standing = run.standing
    assert standing is not None
    stop = _caller(run, standing)
    if stop is not None:
        return stop
    if run.plan is None or run.strangers:
        return Stop(NAME, "entity.unknown", UNKNOWN_REASON, masked=True)
    return _entity(run, standing) or _schema(run, run.plan.entity) or _rules(run, standing)


def _caller(run: Run, standing: Standing) -> Stop | None:
    for one in standing.people:
        if not one.principal.known:
            return Stop(NAME, "principal.unknown", "The principal is not known.")
    for one in standing.people:
        if not one.principal.active:
            return Stop(NAME, "principal.inactive", "The principal is not active.")
    if len(run.caller.chain) > MAX_LINKS:
        return Stop(NAME, "agent.bound", f"A delegation chain has at most {MAX_LINKS} links.")
    if standing.unknown_agent is not None:
        return Stop(NAME, "agent.unknown", "The agent is not known.")
    if run.caller.agent is None and _agent_required(run):
        # Whether a server asks for an agent is told only to those for whom the server exists.
        return Stop(NAME, "agent.unknown", "A token used here must carry an agent.", masked=_hidden(run, standing))
    for agent in standing.agents:
        if not agent.bound.enabled or agent.orphaned:
            return Stop(NAME, "agent.disabled", "The agent is disabled.", rule=agent.bound.id)
    return None


def _agent_required(run: Run) -> bool:
    if run.call.door is Door.HOOK:
        return True
    return run.call.door is Door.MCP and (run.plan is None or run.plan.entity.agent_required)


def _entity(run: Run, standing: Standing) -> Stop | None:
    plan = run.plan
    assert plan is not None
    if _audience_matters(run) and plan.entity.audience is not None and run.caller.audience != plan.entity.audience:
        first = fault(plan.touched, standing)
        if first is not None and first.code == "entity.disabled":
            return _stop(run, standing, first)
        detail = Detail(path="token.aud", required=plan.entity.audience, fix="Ask for a token with this audience.")
        return Stop(
            NAME,
            "audience.mismatch",
            "The token is for another audience.",
            detail=detail,
            masked=_hidden(run, standing),
        )
    for entity in plan.touched:
        if not admits(entity.profile, standing):
            found = fault(plan.touched, standing)
            assert found is not None
            return _stop(run, standing, found)
    for agent in standing.agents:
        if not agent.bound.covers(plan.entity):
            found = fault(plan.touched, standing)
            assert found is not None
            return _stop(run, standing, found)
    return None


def _audience_matters(run: Run) -> bool:
    """At the MCP door always; in a policy test where the test gives an audience."""
    return run.call.door is Door.MCP or (run.call.door is Door.TEST and run.caller.audience is not None)


def _stop(run: Run, standing: Standing, found: Fault) -> Stop:
    run.note(NAME, "entity", f"{found.entity.kind}:{found.entity.id}")
    run.note(NAME, "path", found.path)
    return Stop(
        NAME,
        found.code,
        _REASONS[found.code],
        detail=Detail(path=found.path, required=found.required, actual=found.actual, fix=found.fix),
        masked=_hidden(run, standing, found.entity),
    )


_REASONS = {
    "entity.disabled": "The entity is disabled.",
    "scope.insufficient": "The caller's tier or kind does not suffice.",
    "department.outside": "The caller is outside the entity's departments.",
    "sensitivity.exceeded": "The entity is more sensitive than the caller may reach.",
    "agent.bound": "The agent's bounds do not include this.",
}


def _hidden(run: Run, standing: Standing, *causes: Entity) -> bool:
    """Whether what is called, or anything that caused the denial, is outside the caller's surface."""
    if run.plan is None:
        return True
    entities = {id(entity): entity for entity in (run.plan.entity, *causes) if not _part(run.plan.entity, entity)}
    return not all(visible(run.snapshot, standing, entity, run.now) for entity in entities.values())


def _part(entity: Entity, cause: Entity) -> bool:
    """Whether the cause is the called tool's server: then the tool's own place on the surface says it all."""
    return cause is not entity and cause.kind == "server" and cause.id == entity.server


def _schema(run: Run, entity: Entity) -> Stop | None:
    if entity.schema is None or run.call.kind != "tool":
        return None
    size = run.call.size or measured(run.call.arguments)
    try:
        found = entity.schema.fault(run.call.arguments, size=size)
    except ArgumentCostError as error:
        run.note(NAME, "schema", str(error))
        reason = f"Checking the arguments by the tool's schema {error}."
        detail = Detail(
            path="",
            required=f"at most {allowed_steps(size)} steps",
            fix="Send fewer or smaller arguments, or mend the schema.",
        )
    else:
        if found is None:
            return None
        reason = "The arguments do not fit the tool's schema."
        detail = Detail(path=found.path, required=found.keyword, fix="Send arguments that the tool's schema accepts.")
    standing = run.standing
    assert standing is not None
    return Stop(NAME, "argument.invalid", reason, detail=detail, masked=_hidden(run, standing))


def _rules(run: Run, standing: Standing) -> Stop | None:
    plan = run.plan
    assert plan is not None
    view = View(run.call, run.caller, standing, plan, run.now)
    found = verdict(standing, plan, view, run.now)
    _note(run, found, view)
    if found.denies:
        first = found.denies[0]
        return Stop(
            NAME,
            "rule.deny",
            "A rule denies this call.",
            rule=first.id,
            detail=Detail(path=_path(first, view), required=None, fix="Change the call, or ask for an exception."),
            masked=_hidden(run, standing, *_causes(run, first)),
        )
    if found.ungranted is not None:
        detail = Detail(path="rules", required="an allow rule that matches", fix="Ask for access to this entity.")
        return Stop(
            NAME,
            "rule.none",
            "No rule allows this call.",
            detail=detail,
            masked=_hidden(run, standing, found.ungranted),
        )
    run.allows = found.allows
    for rule in found.asks:
        run.asks[f"rule:{rule.id}"] = None
        run.approvals[rule.id] = rule.approval
    return None


def _note(run: Run, found: Verdict, view: View) -> None:
    matched = run.matched
    for rule in found.allows if not found.denies and not found.asks else (*found.denies, *found.asks, *found.allows):
        matched[rule.id] = None
    for rule in found.shadows:
        run.shadowed[rule.id] = None
        if rule.effect is Effect.DENY:
            run.shadow_failed.add(NAME)
        elif rule.effect is Effect.ASK:
            run.shadow_failed.add("approval")
    if found.shadows:
        run.note(NAME, "shadow", [rule.id for rule in found.shadows])
    if view.unevaluable:
        unevaluable: list[Json] = [*sorted(view.unevaluable)]
        run.note(NAME, "unevaluable", unevaluable)


def _path(rule: Rule, view: View) -> str:
    """Where the deny's reason stands in the call: the argument that its parameters refuse, or all arguments."""
    violation = view.violation(rule)
    if violation is not None:
        return violation
    return "arguments" if rule.condition is not None else "entity"


def _causes(run: Run, rule: Rule) -> list[Entity]:
    """The touched entities that a deny is for, when it is not for the called one itself."""
    plan = run.plan
    assert plan is not None
    meant = [
        entity
        for entity in plan.touched
        if any(pattern.matches(entity.kind, entity.id.casefold()) for pattern in rule.patterns)
    ]
    return [] if any(entity.kind != "data_source" for entity in meant) else meant

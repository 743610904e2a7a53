"""What undoes a denial, by its code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches

from governance.engine.asking.remedies.arguments import without
from governance.engine.asking.remedies.people import (
    activate_principal,
    add_principal,
    enable_agent,
    join_department,
    know_agent,
    raise_tier,
    reach_sensitivity,
    widen_agent,
)
from governance.engine.asking.remedies.rules import allow, approve, spare
from governance.engine.asking.remedies.step import MakeStep, Step, Tried, named
from governance.engine.asking.trial import Trial
from governance.engine.call import EntityKind
from governance.engine.compiled.exemption import Exemption
from governance.engine.compiled.pattern import Pattern
from governance.engine.deciding.boundaries import Fault, fault
from governance.engine.decision import Decision

_SOON = 86_400.0


def _lift(trial: Trial, decision: Decision) -> Tried:
    board = (one for found in trial.world.switches.values() for one in found)
    switch = next(one for one in board if one.id == decision.rule and one.holds(trial.now))
    what = f"{switch.kind.value} '{switch.target}'" if switch.target else "everything"
    step = Step(path="switches", of=switch.id, fix=f"Lift the kill switch on {what} (number {switch.id})")
    return step, lambda tried: tried.lift(switch.id)


def _stale(trial: Trial, decision: Decision) -> Tried:
    fix = (
        "Neither call nor policy: this process has not confirmed its release, switches and directory for too long. "
        "See what keeps it from the database (readyz says)"
    )
    return Step(path="process.confirmed", fix=fix), None


def _bounded(make: Callable[[Trial, Fault], Tried]) -> MakeStep:
    """A step for the boundary that does not hold."""

    def made(trial: Trial, decision: Decision) -> Tried:
        found = _fault(trial)
        assert found is not None
        return make(trial, found)

    return made


def _fault(trial: Trial) -> Fault | None:
    run = trial.resolved()
    assert run.standing is not None
    return None if run.plan is None else fault(run.plan.touched, run.standing)


def _widen(trial: Trial, decision: Decision) -> Tried:
    return widen_agent(trial, _fault(trial) if decision.detail is not None else None)


def _know_entity(trial: Trial, decision: Decision) -> Tried:
    run, call = trial.resolved(), trial.call
    if run.plan is not None:
        strangers = ", ".join(f"'{one}'" for one in run.strangers)
        left = tuple(one for one in call.data_sources if one not in run.strangers)
        fix = f"Leave out the data sources that nobody knows: {strangers}"
        step = Step(path="call.data_sources", value=[*run.strangers], fix=fix)
        return step, lambda tried: tried.call_with(data_sources=left)
    kind, name = call.kind, call.entity
    there = [id for one, id in trial.snapshot.entities if one == kind.value]
    alike = ", ".join(f"'{one}'" for one in get_close_matches(name, there, n=3))
    near = f"; nearest: {alike}" if alike else ""
    fix = f"There is no {kind.value.replace('_', ' ')} '{name}': check the name{near}; or add it to the policy"
    step = Step(path="entities", of=f"{kind.value}:{name}", fix=fix)
    if kind is EntityKind.TOOL and not all(name.partition("/")[::2]):
        return step, None
    return step, lambda tried: tried.add_entity(kind, name)


def _enable_entity(trial: Trial, found: Fault) -> Tried:
    entity = found.entity
    server = trial.snapshot.entity("server", entity.server) if entity.server is not None else None
    if server is not None and not server.profile.enabled:
        entity = server
    fix = f"Enable {named(entity.kind, entity.id)}"
    step = Step(path="entity.enabled", of=f"{entity.kind}:{entity.id}", value=True, fix=fix)
    return step, lambda tried: tried.enable(entity)


def _audience(trial: Trial, decision: Decision) -> Tried:
    assert decision.detail is not None
    wanted = str(decision.detail.required)
    step = Step(path="token.aud", value=wanted, fix=f"Call with a token for the audience '{wanted}'")
    return step, lambda tried: tried.caller_with(audience=wanted)


def _arguments(trial: Trial, decision: Decision) -> Tried:
    detail = decision.detail
    assert detail is not None
    where = f"at {detail.path}" if detail.path else "as a whole"
    fix = f"Send arguments that the tool's schema accepts: {where} they break its '{detail.required}'"
    return Step(path=detail.path, value=detail.required, fix=fix), None


def _clean(trial: Trial, decision: Decision) -> Tried:
    evidence = next(one.evidence for one in decision.layers if one.layer == "secrets")
    said = evidence.get("findings")
    findings = said if isinstance(said, list) else []
    paths = tuple(dict.fromkeys(str(one["path"]) for one in findings if isinstance(one, dict)))
    if not evidence.get("complete", True) or not paths:
        return Step(path="arguments", fix="Send arguments that can be looked through to their end"), None
    step = Step(path="arguments", value=[*paths], fix=f"Leave out the credential at {', '.join(paths)}")

    def apply(tried: Trial) -> None:
        for path in paths:
            tried.call_with(arguments=without(tried.call.arguments, path))

    return step, apply


def _exempt(trial: Trial, decision: Decision) -> Tried:
    entry, call = str(decision.rule), trial.call
    selector = f"{call.kind.value}:{call.entity}"
    fix = f"Leave out of the call what '{entry}' blocks, or exempt {named(call.kind.value, call.entity)} from '{entry}'"
    value = {"layer": "blocklist", "name": entry, "entity": selector}
    exemption = Exemption(layer="blocklist", name=entry, entity=Pattern.parse(selector), until=trial.now + _SOON)
    return Step(path="exemptions", value={**value}, fix=fix), lambda tried: tried.exempt(exemption)


def _wait(trial: Trial, decision: Decision) -> Tried:
    wait = decision.retry_after_ms
    fix = f"Wait {wait} ms" if wait else "No call of this class is admitted at all: raise its rate in the rate limits"
    return Step(path="rate_limits", fix=fix), None


STEPS: Mapping[str, MakeStep] = {
    "kill_switch.on": _lift,
    "policy.stale": _stale,
    "principal.unknown": add_principal,
    "principal.inactive": activate_principal,
    "agent.unknown": know_agent,
    "agent.disabled": enable_agent,
    "agent.bound": _widen,
    "entity.unknown": _know_entity,
    "entity.disabled": _bounded(_enable_entity),
    "audience.mismatch": _audience,
    "scope.insufficient": _bounded(raise_tier),
    "department.outside": _bounded(join_department),
    "sensitivity.exceeded": _bounded(reach_sensitivity),
    "argument.invalid": _arguments,
    "rule.deny": spare,
    "rule.none": allow,
    "secret.found": _clean,
    "block.entity": _exempt,
    "block.host": _exempt,
    "block.action": _exempt,
    "block.argument": _exempt,
    "rate.principal": _wait,
    "rate.session": _wait,
    "approval.required": approve,
}
"""Codes that are not here (a hook's, an approver's, an error of ours) are told in the decision's own words."""

"""Layer 0: no kill switch is on for anything in the call, and the state that decides is fresh."""

from __future__ import annotations

from governance.engine.compiled.entity import RESTRICTED, Entity
from governance.engine.deciding.run import Run, Stop
from governance.engine.deciding.visibility import visible
from governance.engine.world import Switch

NAME = "kill_switch"


def check(run: Run) -> Stop | None:
    """Switches are matched by what the call names, known or not, so that being told of one tells nothing else."""
    run.resolve()
    if run.world.switches:
        switch = _on(run)
        if switch is not None:
            run.note(NAME, "switch", {"id": switch.id, "kind": switch.kind.value, "drill": switch.drill})
            reason = "DRILL: a kill switch is on." if switch.drill else "A kill switch is on."
            return Stop(NAME, "kill_switch.on", reason, rule=switch.id)
    return _stale(run)


def _on(run: Run) -> Switch | None:
    assert run.standing is not None
    call, board = run.call, run.world.switches
    keys = [("all", "")]
    for one in run.standing.people:
        keys.append(("principal", one.principal.id))
        keys += [("department", department) for department in sorted(one.principal.departments)]
    keys += [("agent", agent) for agent in sorted(run.standing.agent_ids)]
    if call.kind == "agent":
        keys.append(("agent", call.entity))
    if call.server is not None:
        keys.append(("server", call.server))
    if call.kind == "tool":
        keys.append(("tool", call.entity))
    drill: Switch | None = None
    for key in keys:
        for switch in board.get(key, ()):
            if switch.holds(run.now):
                if not switch.drill:
                    return switch
                drill = drill or switch
    return drill


def _stale(run: Run) -> Stop | None:
    confirmed, snapshot = run.world.confirmed_at, run.snapshot
    # Either way: a clock that was set back must not make what is old look confirmed for hours to come.
    age = float("inf") if confirmed is None else abs(run.now - confirmed)
    if age >= snapshot.stale_after:
        return Stop(NAME, "policy.stale", "The decision point has not confirmed its state for too long.")
    plan, standing = run.plan, run.standing
    if plan is not None and plan.sensitivity >= RESTRICTED and age >= snapshot.stale_after_restricted:
        assert standing is not None
        # Only what exists can be restricted: whoever cannot see it must not learn that from a different answer.
        return Stop(
            NAME,
            "policy.stale",
            "The decision point has not confirmed its state for too long.",
            masked=not all(visible(run.snapshot, standing, entity, run.now) for entity in _restricted(run)),
        )
    return None


def _restricted(run: Run) -> list[Entity]:
    assert run.plan is not None
    return [run.plan.entity, *(e for e in run.plan.touched if e.profile.sensitivity >= RESTRICTED)]

"""Reverse questions on a release: who can, what can, and which rules stand behind a cell. Pure, without effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from governance.engine.asking.surface import entities
from governance.engine.call import Call
from governance.engine.compiled.entity import Entity
from governance.engine.compiled.snapshot import Plan, Snapshot
from governance.engine.compiled.standing import Standing, stand
from governance.engine.deciding.boundaries import fault
from governance.engine.deciding.run import Run
from governance.engine.deciding.verdict import View, relevant_rules, verdict
from governance.engine.deciding.visibility import sound
from governance.engine.decision import Effect
from governance.engine.principal import ANONYMOUS, Caller
from governance.engine.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """What one caller may do to one entity by layer 1. `conditional` says that arguments decide.

    `code` is why not, None for allow and ask; `rules` are the ids that grant, ask or deny.
    """

    principal: str
    kind: str
    id: str
    effect: Effect
    conditional: bool
    code: str | None
    rules: tuple[str, ...]


def who_can(
    snapshot: Snapshot,
    world: World,
    callers: Iterable[Caller],
    call: Call,
    *,
    now: float,
) -> tuple[Right, ...]:
    """Which of these callers layer 1 lets make this call; in their order."""
    plan = _plan(snapshot, world, call, now)
    if plan is None:
        return ()
    found = []
    for caller in callers:
        standing = stand(caller, None, snapshot.bounds, snapshot.roles, world.directory)
        right = _right(standing, plan, View(call, caller, standing, plan, now), now)
        if right.effect is not Effect.DENY:
            found.append(right)
    return tuple(found)


def who_can_ever(
    snapshot: Snapshot, world: World, callers: Iterable[Caller], kind: str, id: str, *, now: float
) -> tuple[Right, ...]:
    """Which of these callers layer 1 lets reach an entity by some call, in their order: the cells of `what_can`."""
    entity = snapshot.entity(kind, id)
    if entity is None:
        return ()
    cells = (right(snapshot, world, caller, entity, now=now) for caller in callers)
    return tuple(cell for cell in cells if cell.effect is not Effect.DENY)


def what_can(snapshot: Snapshot, world: World, caller: Caller, *, now: float) -> tuple[Right, ...]:
    """Everything on the caller's surface, with what it may do there."""
    standing = stand(caller, None, snapshot.bounds, snapshot.roles, world.directory)
    if not sound(standing):
        return ()
    return tuple(_right(standing, snapshot.plan(one), None, now) for one in entities(snapshot, standing, now))


def right(snapshot: Snapshot, world: World, caller: Caller, entity: Entity, *, now: float) -> Right:
    """One cell of the matrix of callers and entities, whatever the arguments, with the rules behind it."""
    return next(rights(snapshot, world, caller, (entity,), now=now))


def rights(snapshot: Snapshot, world: World, caller: Caller, among: Iterable[Entity], *, now: float) -> Iterator[Right]:
    """The cells of one caller on these entities, in their order, whatever the arguments."""
    standing = stand(caller, None, snapshot.bounds, snapshot.roles, world.directory)
    for entity in among:
        yield _right(standing, snapshot.plan(entity), None, now)


def _plan(snapshot: Snapshot, world: World, call: Call, now: float) -> Plan | None:
    run = Run(snapshot, world, _NOBODY, call, now, _still)
    run.resolve()
    return None if run.strangers else run.plan


def _right(standing: Standing, plan: Plan, view: View | None, now: float) -> Right:
    entity, who = plan.entity, standing.people[0].principal.id
    code: str | None = None
    rules: tuple[str, ...] = ()
    effect, conditional = Effect.DENY, False
    if not sound(standing):
        code = "principal.inactive" if standing.unknown_agent is None else "agent.unknown"
    elif (found_fault := fault(plan.touched, standing)) is not None:
        code = found_fault.code
    else:
        found = verdict(standing, plan, view, now)
        if found.denies:
            code, rules = "rule.deny", tuple(rule.id for rule in found.denies)
        elif found.ungranted is not None:
            code = "rule.none"
        else:
            effect = Effect.ASK if found.asks else Effect.ALLOW
            rules = tuple(rule.id for rule in (*found.asks, *found.allows))
            conditional = view is None and _depends(standing, plan, now)
    return Right(
        principal=who,
        kind=entity.kind,
        id=entity.id,
        effect=effect,
        conditional=conditional,
        code=code,
        rules=rules,
    )


def _depends(standing: Standing, plan: Plan, now: float) -> bool:
    """Whether some arguments are treated differently: a conditional deny or ask, or only conditional allows."""
    relevant = relevant_rules(standing, plan)
    if any(rule.conditional and not rule.shadow and rule.in_force(now) for rule, _ in relevant.restricting):
        return True
    return any(
        not by_default and all(rule.conditional for rule, _ in granting if rule.in_force(now) and not rule.shadow)
        for _, by_default, granting in relevant.granting
    )


def _still() -> int:
    return 0


_NOBODY = Caller(principal=ANONYMOUS)

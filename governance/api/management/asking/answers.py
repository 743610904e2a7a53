"""Explain, simulate, who-can, what-can, why-not: questions that change nothing, each charged and recorded.

Staff in person ask about anybody, hypothetical principals included. Everybody else asks about their own recorded
decisions alone, and is told what the decision's answer told, in the same words.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from audit.records.kinds import Kind
from audit.trace.reading import find_decision
from audit.writing.outbox import record
from governance.api.door.answers import detail_of
from governance.api.door.body import caller_id, field, only_known
from governance.api.door.exchange import Problem
from governance.api.management.asking.body import Asked, entity_call, read_asked, read_asked_call, read_caller
from governance.api.management.door.door import ManagementView, running
from governance.engine.asking.explain import Explanation, explain
from governance.engine.asking.posed_caller import PosedCaller
from governance.engine.asking.questions import Right, right, what_can, who_can
from governance.engine.call import Call
from governance.engine.deciding.answer import public
from governance.engine.decision import Decision, Effect
from governance.engine.moment import moment
from governance.engine.principal import ANONYMOUS, Caller
from governance.policy.document.errors import PolicyErrors
from governance.selectors.policy_versions import Which

ASKING = frozenset({"principal", "agent", "audience", "call", "policy", "at"})
RULES = "governance.view_rule"
MOST_RIGHTS = 1_000
CHUNK = 32  # principals weighed before other threads get a turn


class QuestionView(ManagementView):
    """What the routes of questions share: anybody with a token may come in."""

    rate_class: ClassVar[str] = "agents"
    staff_only: ClassVar[bool] = False

    def explain(self, request: Request) -> HttpResponse:
        """Why a recorded decision came out as it did; for staff also why a call would."""
        body = self.body(request)
        if "decision" in body:
            return self._explain_recorded(request, body)
        self._staff(request)
        only_known(body, ASKING)
        caller, asked, call = _question(body)
        explanation = explain(asked.snapshot, asked.world, caller, call, now=asked.now)
        self._record(request, "explain", asked, caller, call)
        return self.reply(shown_explanation(explanation))

    def simulate(self, request: Request) -> HttpResponse:
        """The same call by what is in force and by the draft, side by side."""
        self._staff(request)
        body = self.body(request)
        only_known(body, ASKING - {"policy", "at"})
        self.require(request, "governance.view_draftstate")
        sides: dict[str, Any] = {}
        for policy in Which:
            try:
                caller, asked, call = _question(body, policy=policy)
            except PolicyErrors as faults:
                said = [{"path": fault.path, "message": fault.message} for fault in faults.errors]
                sides[policy.value] = {"errors": said}
                continue
            explanation = explain(asked.snapshot, asked.world, caller, call, now=asked.now)
            sides[policy.value] = shown_explanation(explanation)
            self._record(request, "simulate", asked, caller, call)
        same = [side.get("decision", {}) for side in sides.values()]
        differ = any(same[0].get(key) != same[1].get(key) for key in ("decision", "layer", "code", "rule"))
        return self.reply({**sides, "differ": differ})

    def why_not(self, request: Request) -> HttpResponse:
        """The nearest change that would make a call pass; null where it passes."""
        self._staff(request)
        body = self.body(request)
        only_known(body, ASKING)
        caller, asked, call = _question(body)
        explanation = explain(asked.snapshot, asked.world, caller, call, now=asked.now)
        self._record(request, "why-not", asked, caller, call)
        decision = explanation.decision
        return self.reply(
            {
                "decision": decision.effect,
                "layer": decision.layer,
                "code": decision.code,
                "nearest": _nearest(explanation),
            }
        )

    def who_can(self, request: Request) -> HttpResponse:
        """Everybody whom layer 1 lets make this call; without `arguments`, whatever they are."""
        self._staff(request)
        body = self.body(request)
        only_known(body, frozenset({"call", "agent", "policy", "at", "after", "limit"}))
        asked = read_asked(running(), body)
        call = read_asked_call(body)
        agent = caller_id(body, "agent")
        limit, after = _limit(body), caller_id(body, "after") or ""
        open_call = "arguments" not in field(body, "call", dict)
        found: list[Right] = []
        for one in _rights(asked, call, agent, after=after, open_call=open_call):
            found.append(one)
            if len(found) > limit:
                break
        self._record(request, "who-can", asked, Caller(principal=ANONYMOUS, agent=agent), call)
        return self.reply(
            {
                "rights": [shown_right(one) for one in found[:limit]],
                "next": found[limit - 1].principal if len(found) > limit else None,
            }
        )

    def what_can(self, request: Request) -> HttpResponse:
        """Everything on somebody's surface with what they may do there; with `entity`, that one cell and its rules."""
        self._staff(request)
        body = self.body(request)
        only_known(body, frozenset({"principal", "agent", "entity", "policy", "at", "after", "limit"}))
        asked = read_asked(running(), body)
        caller = read_caller(body, asked)
        limit, after = _limit(body), field(body, "after", str, default="")
        self._record(request, "what-can", asked, caller, None)
        if "entity" in body:
            cell = entity_call(field(body, "entity", str), "/entity")
            entity = asked.snapshot.entity(cell.kind, cell.entity)
            if entity is None:
                raise Problem(404, "entity.unknown", "There is no such entity in that policy.", path="/entity")
            rights: tuple[Right, ...] = (right(asked.snapshot, asked.world, caller, entity, now=asked.now),)
        else:
            rights = what_can(asked.snapshot, asked.world, caller, now=asked.now)
        rest = [one for one in rights if f"{one.kind}:{one.id}" > after]
        rest.sort(key=lambda one: f"{one.kind}:{one.id}")
        following = f"{rest[limit - 1].kind}:{rest[limit - 1].id}" if len(rest) > limit else None
        return self.reply({"rights": [shown_right(one) for one in rest[:limit]], "next": following})

    def _explain_recorded(self, request: Request, body: dict[str, Any]) -> HttpResponse:
        only_known(body, frozenset({"decision"}))
        try:
            id = UUID(field(body, "decision", str))
        except ValueError:
            raise Problem(400, "field.format", "Must be the id of a decision.", path="/decision") from None
        found, caller = find_decision(id), self.identity(request).caller
        staff = running().is_staff(self.identity(request), now=time.time())
        own = found is not None and (found.head.who.principal, found.head.who.agent) == (
            caller.principal.id,
            caller.agent,
        )
        if found is None or not (own or staff):
            raise Problem(404, "decision.unknown", "There is no such decision of yours in the trail.", path="/decision")
        shown = found.decision if staff else public(found.decision)
        record(
            Kind.ADMIN_CHANGE,
            actor=running().who(self.identity(request)),
            action="asked.explain",
            model="audit.decision",
            object=found.head.id,
        )
        document = shown_decision(shown, staff=staff)
        detail = shown.detail
        return self.reply(
            {
                "id": found.head.id,
                "at": moment(found.inputs.now),
                "decision": document,
                "nearest": None if detail is None else {"path": detail.path, "fix": detail.fix, "rule": None},
                "policy": {"release": found.decision.release, "digest": found.decision.digest} if staff else None,
            }
        )

    def _staff(self, request: Request) -> None:
        try:
            self._require_staff(request, self.identity(request))
        except Problem:
            raise Problem(
                403, "staff.missing", "Others than staff ask about their own recorded decisions: send `decision`."
            ) from None
        self.require(request, RULES)

    def _record(self, request: Request, what: str, asked: Asked, caller: Caller, call: Call | None) -> None:
        """Who asked what about whom; never the arguments."""
        record(
            Kind.ADMIN_CHANGE,
            actor=running().who(self.identity(request)),
            action=f"asked.{what}",
            model="governance.release",
            object=str(asked.snapshot.release),
            detail={
                "principal": caller.principal.id,
                "agent": caller.agent,
                "entity": f"{call.kind}:{call.entity}" if call is not None else None,
                "at": asked.now,
            },
        )


def _question(body: dict[str, Any], *, policy: Which | None = None) -> tuple[Caller, Asked, Call]:
    call = read_asked_call(body)
    asked = read_asked(running(), body, policy=policy)
    return read_caller(body, asked), asked, call


def _rights(asked: Asked, call: Call, agent: str | None, *, after: str, open_call: bool) -> Iterator[Right]:
    directory = asked.world.directory
    entity = asked.snapshot.entity(call.kind, call.entity)
    if entity is None:
        return
    names = sorted({*directory, ANONYMOUS.id})
    for number, name in enumerate(name for name in names if name > after):
        if number % CHUNK == CHUNK - 1:
            time.sleep(0)
        caller = PosedCaller(principal=name, agent=agent).caller(directory)
        if open_call:
            one = right(asked.snapshot, asked.world, caller, entity, now=asked.now)
            if one.effect is not Effect.DENY:
                yield one
        else:
            yield from who_can(asked.snapshot, asked.world, (caller,), call, now=asked.now)


def _limit(body: dict[str, Any]) -> int:
    limit = field(body, "limit", int, default=MOST_RIGHTS)
    if not 1 <= limit <= MOST_RIGHTS:
        raise Problem(400, "field.value", f"Must be from 1 to {MOST_RIGHTS}.", path="/limit")
    return limit


def shown_explanation(explanation: Explanation) -> dict[str, Any]:
    """An explanation, as staff see it."""
    decision = explanation.decision
    return {
        "policy": {"release": decision.release, "digest": decision.digest},
        "decision": shown_decision(decision, staff=True),
        "considered": [
            {
                "rule": one.rule,
                "effect": one.effect,
                "shadow": one.shadow,
                "matches": one.matches,
                "subjects": one.subjects,
                "window": one.window,
                "parameters": one.parameters,
                "condition": one.condition,
                "parts": [{"source": part.source, "value": part.value} for part in one.parts],
            }
            for one in explanation.considered
        ],
        "omitted": explanation.omitted,
        "nearest": _nearest(explanation),
    }


def shown_decision(decision: Decision, *, staff: bool) -> dict[str, Any]:
    """A decision; `staff` adds what decided."""
    said: dict[str, Any] = {
        "decision": decision.effect,
        "layer": decision.layer,
        "code": decision.code,
        "reason": decision.reason,
        "detail": detail_of(decision),
        "layers": [{"layer": one.layer, "outcome": one.outcome} for one in decision.layers],
        "obligations": [{"type": one.type, "paths": list(one.paths)} for one in decision.obligations],
    }
    if staff:
        for shown, one in zip(said["layers"], decision.layers, strict=True):
            shown |= {"micros": one.nanos // 1000, "evidence": dict(one.evidence)}
        said |= {
            "rule": decision.rule,
            "matched": list(decision.matched),
            "shadowed": list(decision.shadowed),
            "asks": list(decision.asks),
            "exemptions": list(decision.exemptions),
            "hidden": decision.masked,
        }
    return said


def shown_right(one: Right) -> dict[str, Any]:
    """One cell of who may do what."""
    return {
        "principal": one.principal,
        "kind": one.kind,
        "id": one.id,
        "effect": one.effect,
        "conditional": one.conditional,
        "code": one.code,
        "rules": list(one.rules),
    }


def _nearest(explanation: Explanation) -> dict[str, Any] | None:
    nearest = explanation.nearest
    return None if nearest is None else {"path": nearest.path, "fix": nearest.fix, "rule": nearest.rule}

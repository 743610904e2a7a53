"""Explain, simulate, why-not: questions about one call that change nothing, each charged and recorded."""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from audit.records.kinds import Kind
from audit.trace.reading import find_decision
from audit.writing.outbox import record
from governance.api.door.exchange import Problem
from governance.api.management.door.door import running
from governance.api.management.door.serializers import either
from governance.api.management.questions.answers import (
    ExplanationAnswer,
    FaultsAnswer,
    RecordedExplanationAnswer,
    SimulationAnswer,
    WhyNotAnswer,
)
from governance.api.management.questions.asked import asked_of
from governance.api.management.questions.bodies import AskBody, DecisionBody, SimulateBody
from governance.api.management.questions.door import QuestionView, question
from governance.engine.asking.explain import Explanation, explain
from governance.engine.asking.posed_caller import PosedCaller
from governance.engine.deciding.answer import public
from governance.engine.moment import moment
from governance.policy.document.errors import PolicyErrors
from governance.selectors.policy_versions import Which


class CallView(QuestionView):
    """What the questions about one call share."""

    def explanation(self, request: Request, what: str, said: dict[str, Any]) -> Explanation:
        """The call explained, and that somebody asked."""
        asked = asked_of(running(), policy=said["policy"], at=said.get("at"))
        posed = PosedCaller(principal=said["principal"], agent=said["agent"], audience=said["audience"])
        caller = posed.caller(asked.world.directory)
        explanation = explain(asked.snapshot, asked.world, caller, said["call"], now=asked.now)
        self.record(request, what, asked, caller, said["call"])
        return explanation


class ExplainView(CallView):
    """Why."""

    @question(
        "explain",
        "Why a call is decided as it is",
        either("Explained", RecordedExplanationAnswer, ExplanationAnswer),
        body=either("ExplainBody", DecisionBody, AskBody),
    )
    def post(self, request: Request) -> HttpResponse:
        """Staff ask about anybody, by any policy, at any time. Everybody else about their own recorded decisions."""
        body = self.body(request)
        if "decision" in body:
            return self._explain_recorded(request, body)
        self.require_staff(request)
        return self.reply(ExplanationAnswer.of(self.explanation(request, "explain", AskBody.read(body))))

    def _explain_recorded(self, request: Request, body: dict[str, Any]) -> HttpResponse:
        found = find_decision(DecisionBody.read(body)["decision"])
        caller = self.identity(request).caller
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
        detail = shown.detail
        said = {
            "id": found.head.id,
            "at": moment(found.inputs.now),
            "decision": shown,
            "nearest": None if detail is None else {"path": detail.path, "fix": detail.fix, "rule": None},
            "policy": found.decision if staff else None,
        }
        return self.reply(RecordedExplanationAnswer.of(said, staff=staff))


class SimulateView(CallView):
    """What the draft would change."""

    @question("simulate", "One call by what is in force and by the draft", SimulationAnswer, body=SimulateBody)
    def post(self, request: Request) -> HttpResponse:
        """Staff in person. It spends and changes nothing; it is recorded."""
        self.require_staff(request)
        body = self.body(request)
        self.require(request, "governance.view_draftstate")
        said = SimulateBody.read(body)
        sides: dict[str, Any] = {}
        for policy in Which:
            try:
                explanation = self.explanation(request, "simulate", {**said, "policy": policy})
                sides[policy.value] = ExplanationAnswer.of(explanation)
            except PolicyErrors as faults:
                sides[policy.value] = FaultsAnswer.of(faults)
        same = [side.get("decision", {}) for side in sides.values()]
        differ = any(same[0].get(key) != same[1].get(key) for key in ("decision", "layer", "code", "rule"))
        return self.reply({**sides, "differ": differ})


class WhyNotView(CallView):
    """What would have to change."""

    @question("why_not", "The nearest change that would make a call pass", WhyNotAnswer, body=AskBody)
    def post(self, request: Request) -> HttpResponse:
        """Null where it passes. Staff in person. It spends and changes nothing; it is recorded."""
        self.require_staff(request)
        said = AskBody.read(self.body(request))
        return self.reply(WhyNotAnswer.of(self.explanation(request, "why-not", said)))

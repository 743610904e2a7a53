"""Who may ask, and the record of each question.

Staff in person ask about anybody, hypothetical principals included. Everybody else asks about their own recorded
decisions alone, and is told what the decision's answer told, in the same words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from rest_framework.request import Request

from audit.records.kinds import Kind
from audit.writing.outbox import record
from governance.api.door.exchange import Problem
from governance.api.management.door.documents import Handler, documented
from governance.api.management.door.door import ManagementView, running
from governance.api.management.questions.asked import Asked
from governance.engine.call import Call
from governance.engine.principal import Caller

RULES = "governance.view_rule"


class QuestionView(ManagementView):
    """What the routes of questions share: anybody with a token may come in."""

    rate_class: ClassVar[str] = "agents"
    staff_only: ClassVar[bool] = False

    def require_staff(self, request: Request) -> None:
        """Raise `Problem` 403 for anybody but staff in person who may see rules."""
        try:
            self._require_staff(request, self.identity(request))
        except Problem:
            raise Problem(
                403, "staff.missing", "Others than staff ask about their own recorded decisions: send `decision`."
            ) from None
        self.require(request, RULES)

    def record(self, request: Request, what: str, asked: Asked, caller: Caller, call: Call | None) -> None:
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


def question(id: str, summary: str, answer: Any, *, body: Any) -> Callable[[Handler], Handler]:
    """A question's page."""
    return documented(id, summary, answer, 404, 409, body=body, tag="questions")

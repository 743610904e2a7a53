"""Backtests of the draft over the API: asked for, looked at while they run, and afterwards."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request

from governance.api.management.backtests.answers import BacktestAnswer, BacktestResultAnswer
from governance.api.management.backtests.bodies import BacktestBody
from governance.api.management.door.documents import PAGED, documented
from governance.api.management.door.door import ManagementView
from governance.api.management.door.pages import page, row_of
from governance.api.management.door.serializers import page_answer
from governance.api.management.draft.views import LOOK
from governance.models import BacktestRun
from governance.services.replaying.backtest_runs import ask_for_backtest


class BacktestsView(ManagementView):
    """Every backtest, and a new one."""

    @documented("draft_backtests", "Backtests, newest first", page_answer(BacktestAnswer), parameters=PAGED)
    def get(self, request: Request) -> HttpResponse:
        """Newest first, without their results."""
        self.require(request, LOOK)
        rows = BacktestRun.objects.defer("document", "result")
        return page(self, request, rows, BacktestAnswer.of, about="backtests", newest_first=True)

    @documented(
        "draft_backtest",
        "Try the draft on recorded decisions",
        BacktestResultAnswer,
        409,
        body=BacktestBody,
        status=202,
    )
    def post(self, request: Request) -> HttpResponse:
        """A backtest of the draft as it stands; a worker does it."""
        said = BacktestBody.read(self.body(request))
        run = ask_for_backtest(actor=self.actor(request), **said)
        where = f"/api/v1/draft/backtests/{run.pk}"
        return self.reply(BacktestResultAnswer.of(run), status=202, location=where)


class BacktestView(ManagementView):
    """One backtest."""

    @documented("draft_backtest_read", "One backtest", BacktestResultAnswer, 404)
    def get(self, request: Request, key: str) -> HttpResponse:
        """How far it is, and what came of it."""
        self.require(request, LOOK)
        self.query(request, {})
        run = row_of(BacktestRun.objects.defer("document"), pk=int(key))
        return self.reply(BacktestResultAnswer.of(run))

"""Backtests of the draft over the API: asked for, looked at while they run, and afterwards."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from governance.api.door.body import field, only_known
from governance.api.door.shapes import nullable, record, text
from governance.api.management.authoring.draft import LOOK
from governance.api.management.authoring.routes import route
from governance.api.management.documents import PAGED, answers, documented, in_path, page_shape
from governance.api.management.door.door import ManagementView, running
from governance.api.management.door.pages import QUERY, page_of
from governance.api.management.door.problems import not_found
from governance.api.management.resources import NUMBER
from governance.engine.moment import moment
from governance.models import BacktestRun, BacktestStatus
from governance.services.replaying.backtest_runs import MOST_DAYS, ask_for_backtest


class BacktestView(ManagementView):
    """What the routes of backtests share."""

    def list_runs(self, request: Request) -> HttpResponse:
        """Newest first, without their results."""
        self.require(request, LOOK)
        rows, after = page_of(
            BacktestRun.objects.defer("document", "result"),
            runtime=running(),
            identity=self.identity(request),
            query=self.query(request, QUERY),
            about=["backtests"],
            newest_first=True,
        )
        return self.reply({"items": [shown_run(row, whole=False) for row in rows], "next": after})

    def ask(self, request: Request) -> HttpResponse:
        """A backtest of the draft as it stands; a worker does it."""
        body = self.body(request)
        only_known(body, frozenset({"days"}))
        run = ask_for_backtest(actor=self.actor(request), days=field(body, "days", int, default=7))
        return self.reply(shown_run(run), status=202, location=f"/api/v1/draft/backtests/{run.pk}")

    def run(self, request: Request, key: str) -> HttpResponse:
        """One backtest: how far it is, and what came of it."""
        self.require(request, LOOK)
        self.query(request, {})
        run = BacktestRun.objects.defer("document").filter(pk=int(key)).first()
        if run is None:
            raise not_found()
        return self.reply(shown_run(run))


def shown_run(run: BacktestRun, *, whole: bool = True) -> dict[str, Any]:
    """A backtest: counts, ids and shapes, never captured values."""
    said: dict[str, Any] = {
        "id": run.pk,
        "status": run.status,
        "days": run.days,
        "until": moment(run.until.timestamp()),
        "author": run.author,
        "draft_revision": run.draft_revision,
        "digest": run.digest,
        "done": run.done,
        "total": run.total,
        "problem": run.problem,
        "created_at": moment(run.created_at.timestamp()),
        "finished_at": moment(run.finished_at.timestamp()) if run.finished_at is not None else None,
    }
    return {**said, "result": run.result or None} if whole else said


_HEAD = {
    "id": {"type": "integer"},
    "status": text(enum=list(BacktestStatus.values)),
    "days": {"type": "integer"},
    "until": text(format="date-time"),
    "author": text(),
    "draft_revision": {"type": "integer"},
    "digest": text(),
    "done": {"type": "integer"},
    "total": {"type": "integer"},
    "problem": text(),
    "created_at": text(format="date-time"),
    "finished_at": nullable(text(format="date-time")),
}
_RUN = record({**_HEAD, "result": nullable({"type": "object"})})


def _page(call: Any, id: str, summary: str, responses: Any, **more: Any) -> Any:
    return documented(call, id=id, summary=summary, tag="draft", responses=responses, **more)


backtest_routes = [
    route(
        "draft/backtests",
        "draft-backtests",
        BacktestView,
        {
            "get": _page(
                lambda self, request: self.list_runs(request),
                "draft_backtests",
                "Backtests, newest first",
                answers(page_shape(record(_HEAD))),
                parameters=PAGED,
            ),
            "post": _page(
                lambda self, request: self.ask(request),
                "draft_backtest",
                "Try the draft on recorded decisions",
                answers(_RUN, 409, 413, 415, status=202),
                request=record({"days": {"type": "integer", "minimum": 1, "maximum": MOST_DAYS}}, required=[]),
            ),
        },
    ),
    route(
        rf"draft/backtests/(?P<key>{NUMBER})",
        "draft-backtest-one",
        BacktestView,
        {
            "get": _page(
                lambda self, request, key: self.run(request, key),
                "draft_backtest_read",
                "One backtest",
                answers(_RUN, 404),
                parameters=(in_path("key", NUMBER),),
            )
        },
    ),
]

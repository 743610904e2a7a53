"""Every route of the management API."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt

from governance.api.door.exchange import problem_reply
from governance.api.door.handler import id_of, respond
from governance.api.door.problems import unknown_path
from governance.api.management.backtests.routes import backtest_routes
from governance.api.management.draft.routes import draft_routes
from governance.api.management.objects.routes import resource_routes
from governance.api.management.people.routes import people_routes
from governance.api.management.questions.routes import question_routes
from governance.api.management.records.routes import record_routes
from governance.api.management.releases.routes import release_routes
from governance.api.management.switches.routes import switch_routes


@csrf_exempt
def nothing_here(request: HttpRequest) -> HttpResponse:
    """What is no path of the API, said in the API's way."""
    return respond(problem_reply(unknown_path(), id_of(request)))


urlpatterns = [
    *question_routes,
    *draft_routes,
    *backtest_routes,
    *release_routes,
    *switch_routes,
    *people_routes,
    *record_routes,
    *resource_routes(),
    re_path(r"^(?:api/v1|access)/", nothing_here, name="manage-unknown"),
]

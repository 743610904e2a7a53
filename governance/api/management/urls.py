"""Every route of the management API."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt

from governance.api.door.exchange import Problem, problem_reply
from governance.api.door.lane import request_id_of
from governance.api.management.asking.routes import question_routes
from governance.api.management.authoring.backtests import backtest_routes
from governance.api.management.authoring.draft import draft_routes
from governance.api.management.authoring.routes import resource_routes
from governance.api.management.directory.people import people_routes
from governance.api.management.releasing.releases import release_routes
from governance.api.management.switches import switch_routes
from governance.api.views import headers_of, respond


@csrf_exempt
def unknown_path(request: HttpRequest) -> HttpResponse:
    """What is no path of the API, said in the API's way."""
    request_id = request.META.get("toolgate.request_id") or request_id_of(headers_of(request))
    return respond(problem_reply(Problem(404, "path.unknown", "There is nothing at this path."), request_id))


urlpatterns = [
    *question_routes,
    *draft_routes,
    *backtest_routes,
    *release_routes,
    *switch_routes,
    *people_routes,
    *resource_routes(),
    re_path(r"^(?:api/v1|access)/", unknown_path, name="manage-unknown"),
]

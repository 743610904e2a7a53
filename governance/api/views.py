"""The deciding routes as DRF views: in the schema, and a thin skin on the same answer as the inline lane."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from governance.api.door.exchange import MAX_BODY, Problem, Reply, problem_reply
from governance.api.door.handler import exchange_of, id_of, respond
from governance.api.door.problems import BodyTooLarge
from governance.api.door.shapes import DOCUMENTED
from governance.api.routes import DECIDING, REFUSALS, Deciding
from governance.deciding import startup

OPEN_TO_ALL = frozenset({"front-door", "authzen-configuration"})


BEGINNING = 64 * 1024  # bytes read of a body that is too large, as much as the server hands on at once


class DecidingView(APIView):
    """One deciding route. DRF negotiates, parses and authenticates nothing here: the answer does."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = ()
    deciding: ClassVar[Deciding]
    refusal: ClassVar[Callable[[Problem, str], Reply]]

    def answer(self, request: Request, **parameters: str) -> HttpResponse:
        """The answer's reply as Django's response."""
        view = type(self)
        return respond(async_to_sync(replied)(view.deciding, view.refusal, request._request, parameters))


async def replied(
    deciding: Deciding,
    refusal: Callable[[Problem, str], Reply],
    request: HttpRequest,
    parameters: dict[str, str],
) -> Reply:
    """What the inline lane would reply to this request."""
    try:
        exchange = exchange_of(request, parameters)
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
            raise BodyTooLarge(request.read(BEGINNING))
        return await deciding(startup.current(), exchange._replace(body=request.body))
    except Problem as problem:
        return refusal(problem, id_of(request))


def _view(name: str, method: str, deciding: Deciding) -> type[DecidingView]:
    documented = DOCUMENTED[name]

    @extend_schema(
        operation_id=name.replace("-", "_"),
        summary=documented.summary,
        description=documented.description,
        request=documented.request,
        responses=documented.responses,
        parameters=[
            OpenApiParameter(name=parameter, description=text, required=False, type=str)
            for parameter, text in documented.query
        ],
        auth=[{} if name in OPEN_TO_ALL else {"bearer": []}],  # type: ignore[list-item]  # the stub takes names only
        tags=[documented.tag],
    )
    def handler(self: DecidingView, request: Request, **parameters: str) -> HttpResponse:
        return self.answer(request, **parameters)

    title = "".join(part.title() for part in name.split("-"))
    members = {
        method.lower(): handler,
        "deciding": staticmethod(deciding),
        "refusal": staticmethod(REFUSALS.get(name, problem_reply)),
    }
    return type(f"{title}View", (DecidingView,), members)


VIEWS = {name: _view(name, method, deciding) for name, method, _, deciding in DECIDING}

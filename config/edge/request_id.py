"""Every request has an id: the caller's where it is well formed, else a new one; it is answered and logged."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config.edge.csp import Handler
from governance.engine.detection.tokenlike import is_plain_id

HEADER = "x-request-id"
_WELL_FORMED = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def request_id(given: str | None) -> str:
    """The caller's id if it matches `[A-Za-z0-9._:-]{1,128}`, else a new UUID; what is malformed, or could be a
    credential, is never echoed."""
    plain = given is not None and _WELL_FORMED.fullmatch(given) and is_plain_id(given)
    return given if given is not None and plain else str(uuid.uuid4())


class RequestIdMiddleware:
    """Give the request its id (`request.META["toolgate.request_id"]`), log with it and answer it."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        identifier = request.META["toolgate.request_id"] = request_id(request.headers.get(HEADER))
        if self._is_async:
            return self._answer(request, identifier)
        with structlog.contextvars.bound_contextvars(request_id=identifier):
            response = self._get_response(request)
        assert isinstance(response, HttpResponseBase)
        response.headers[HEADER] = identifier
        return response

    async def _answer(self, request: HttpRequest, identifier: str) -> HttpResponseBase:
        with structlog.contextvars.bound_contextvars(request_id=identifier):
            answer = self._get_response(request)
            assert not isinstance(answer, HttpResponseBase)
            response = await answer
        response.headers[HEADER] = identifier
        return response

"""Every request has an id: it is logged, and the caller's own is answered (governance/api/door/request_id.py)."""

from __future__ import annotations

from collections.abc import Awaitable

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config.edge.csp import Handler
from governance.api.door.request_id import HEADER, answered, kept


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
        sent = request.headers.get(HEADER)
        identifier = request.META["toolgate.request_id"] = kept(sent)
        told = answered(sent, identifier)
        if self._is_async:
            return self._answer(request, identifier, told)
        with structlog.contextvars.bound_contextvars(request_id=identifier):
            response = self._get_response(request)
        assert isinstance(response, HttpResponseBase)
        response.headers[HEADER] = told
        return response

    async def _answer(self, request: HttpRequest, identifier: str, told: str) -> HttpResponseBase:
        with structlog.contextvars.bound_contextvars(request_id=identifier):
            answer = self._get_response(request)
            assert not isinstance(answer, HttpResponseBase)
            response = await answer
        response.headers[HEADER] = told
        return response

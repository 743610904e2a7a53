"""The guard in Django's handler; the inline lane asks the same guard itself."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from accounts.guard.guard import ScannerGuard
from accounts.guard.installed import installed_guard

Respond = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class ScannerGuardMiddleware:
    """Answers 403 without a body to what the guard refuses, and tells it of paths that nobody serves.

    Stands before everything that looks at who asks. Works in both of Django's ways, so that no thread is needed for it.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Respond) -> None:
        self._get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if iscoroutinefunction(self._get_response):
            return self._answer_in_loop(request)
        guard = installed_guard()
        response = _refused(guard, request) or self._get_response(request)
        assert isinstance(response, HttpResponseBase)
        return _noted(guard, request, response)

    async def _answer_in_loop(self, request: HttpRequest) -> HttpResponseBase:
        guard = installed_guard()
        response = _refused(guard, request)
        if response is None:
            answered = self._get_response(request)
            assert not isinstance(answered, HttpResponseBase)
            response = await answered
        return _noted(guard, request, response)


def _refused(guard: ScannerGuard, request: HttpRequest) -> HttpResponseBase | None:
    headers = [
        (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in request.headers.items()
    ]
    peer = request.META.get("REMOTE_ADDR")
    if guard.refuses(path=request.path, headers=headers, peer=peer, now=time.time()) is None:
        return None
    refused = HttpResponse(status=403)
    del refused["Content-Type"]
    return refused


def _noted(guard: ScannerGuard, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if response.status_code == 404:
        guard.unknown_path(peer=request.META.get("REMOTE_ADDR"), now=time.time())
    return response

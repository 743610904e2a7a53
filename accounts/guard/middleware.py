"""The guard in Django's handler; the inline lane asks the same guard itself."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from accounts.credentials.forwarded import hop_of
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
        signed_in = _asks_for_session(guard, request) and _is_signed_in(request)
        response = _refused(guard, request, signed_in=signed_in) or self._get_response(request)
        assert isinstance(response, HttpResponseBase)
        return _noted(guard, request, response)

    async def _answer_in_loop(self, request: HttpRequest) -> HttpResponseBase:
        guard = installed_guard()
        signed_in = _asks_for_session(guard, request) and await sync_to_async(_is_signed_in)(request)
        response = _refused(guard, request, signed_in=signed_in)
        if response is None:
            answered = self._get_response(request)
            assert not isinstance(answered, HttpResponseBase)
            response = await answered
        return _noted(guard, request, response)


def _asks_for_session(guard: ScannerGuard, request: HttpRequest) -> bool:
    """Whether a session must be looked up: only for who brings one from a network that is banned."""
    known = settings.SESSION_COOKIE_NAME in request.COOKIES
    return known and guard.is_banned(peer=request.META.get("REMOTE_ADDR"), now=time.time())


def _is_signed_in(request: HttpRequest) -> bool:
    """Whether the session cookie is that of an active account: a person's credential, as a token is a program's."""
    asking = HttpRequest()
    asking.session = SessionStore(request.COOKIES[settings.SESSION_COOKIE_NAME])
    user = get_user(asking)
    return user.is_authenticated and user.is_active


def _refused(guard: ScannerGuard, request: HttpRequest, *, signed_in: bool) -> HttpResponseBase | None:
    headers = [
        (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in request.headers.items()
    ]
    peer = request.META.get("REMOTE_ADDR")
    hop = hop_of(getattr(request, "scope", {})) or peer
    reason = guard.refuses(path=request.path, headers=headers, peer=peer, now=time.time(), hop=hop, signed_in=signed_in)
    if reason is None:
        return None
    refused = HttpResponse(status=403)
    del refused["Content-Type"]
    return refused


def _noted(guard: ScannerGuard, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if response.status_code == 404 and request.resolver_match is None:  # not one that serves something else
        guard.unknown_path(peer=request.META.get("REMOTE_ADDR"), now=time.time())
    return response

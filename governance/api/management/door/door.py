"""The door of the management API: who may come in, how bodies and queries are read, and how refusals look."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from asgiref.sync import async_to_sync
from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.identity.drf import TokenAuthentication
from accounts.identity.verified import Identity
from accounts.models import User
from accounts.services.actor import Actor
from governance.api.door.body import JSON_CONTENT_TYPES, MAX_BODY
from governance.api.door.exchange import JSON_TYPE, Problem, Reply, ReplyHeaders, by_name, json_reply, problem_reply
from governance.api.door.lane import request_id_of
from governance.api.management.door.problems import problem_of
from governance.api.views import headers_of, respond
from governance.deciding import startup
from governance.deciding.limits.limits import TooManyRequests
from governance.deciding.runtime import Runtime
from governance.engine.strict_json import BadJson, read_json

_ETAG = re.compile(r'"?([0-9]{1,18})"?', re.ASCII)


class OnlyJson(BaseContentNegotiation):
    """Answers are JSON, whatever is asked for."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Bodies are read by the views themselves."""
        return None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """The one renderer."""
        return renderers[0], JSON_TYPE


class ManagementView(APIView):
    """A view for staff in person: a bearer token of audience `api`, with neither agent nor delegation in it."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = ()
    parser_classes = ()
    content_negotiation_class = OnlyJson
    rate_class: ClassVar[str] = "content"
    staff_only: ClassVar[bool] = True

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who asks, whether they may come in here at all, and what it costs them."""
        by_name(headers_of(request._request))
        super().initial(request, *args, **kwargs)
        identity = request.auth
        if not isinstance(identity, Identity):
            raise exceptions.NotAuthenticated("A bearer token is needed.", code="credential.missing")
        self._charge(request, identity)
        if self.staff_only:
            self._require_staff(request, identity)

    def _charge(self, request: Request, identity: Identity) -> None:
        runtime = running()
        try:
            async_to_sync(runtime.limits.charge_request)(
                identity, rate_class=self.rate_class, now=time.time(), peer=request.META.get("REMOTE_ADDR")
            )
        except TooManyRequests as refused:
            raise Problem(429, "rate.edge", "Too many requests.", headers=refused.headers) from None

    def _require_staff(self, request: Request, identity: Identity) -> None:
        if identity.caller.agent is not None or identity.caller.chain or identity.claims is None:
            raise Problem(
                403, "token.agent", "Management takes a person's own token: none of an agent, none delegated."
            )
        user = account_of(request)
        if user is None or not user.is_staff:
            raise Problem(403, "staff.missing", "Management is for staff.")

    # --- who asks ------------------------------------------------------------------------------------------------
    def identity(self, request: Request) -> Identity:
        """The verified caller."""
        identity = request.auth
        assert isinstance(identity, Identity)
        return identity

    def user(self, request: Request) -> User:
        """The account behind the token."""
        user = account_of(request)
        if user is None:
            raise Problem(403, "staff.missing", "Management is for staff.")
        return user

    def actor(self, request: Request) -> Actor:
        """The same, as services take it."""
        return Actor.person(self.user(request), session=self.identity(request).caller.session_id)

    def require(self, request: Request, perm: str) -> None:
        """Raise `Problem` 403 unless a grant, whatever its reach, gives a permission."""
        self.actor(request).require(perm)

    # --- what was sent -------------------------------------------------------------------------------------------
    def body(self, request: Request, *, most: int = MAX_BODY) -> dict[str, Any]:
        """The request's JSON object, of at most `most` bytes."""
        http = request._request
        if http.headers.get("content-encoding", "identity") != "identity":
            raise Problem(415, "encoding.unsupported", "Content-Encoding is not accepted on this route.")
        if http.headers.get("content-type", "").lower() not in JSON_CONTENT_TYPES:
            raise Problem(415, "type.unsupported", "The content type must be application/json.")
        try:
            raw = http.body
        except RequestDataTooBig:
            raise _too_large(most) from None
        if len(raw) > most:
            raise _too_large(most)
        try:
            document = read_json(raw)
        except BadJson as bad:
            raise Problem(400, "json.invalid", bad.message, path=bad.path) from None
        if not isinstance(document, dict):
            raise Problem(400, "field.type", "The body must be a JSON object.", path="")
        return document

    def query(self, request: Request, known: Mapping[str, str]) -> dict[str, str]:
        """The query's parameters with their defaults; an unknown or repeated one is an error."""
        given = request._request.GET
        for name in given:
            if name not in known or len(given.getlist(name)) > 1:
                raise Problem(400, "query.unknown", "Not known here, or given twice.", path=f"?{name}")
        found = {name: given.get(name, default) or "" for name, default in known.items()}
        for name, value in found.items():
            if len(value) > 2_048 or "\x00" in value:
                raise Problem(400, "query.value", "At most 2048 characters, none of them NUL.", path=f"?{name}")
        return found

    def expected(self, request: Request, meta: object = None) -> int | None:
        """The revision that the writer has seen, by `If-Match` or the body's `meta.revision`; None for `*`.

        Raises `Problem` 428 where neither is there: nobody writes over what they have not seen by accident.
        """
        header = request._request.headers.get("if-match")
        if header is None:
            revision = meta.get("revision") if isinstance(meta, dict) else None
            if type(revision) is int and revision >= 0:
                return revision
            raise Problem(
                428, "precondition.missing", "Send If-Match with the ETag that you have seen, or * to write over any."
            )
        if header.strip() == "*":
            return None
        found = _ETAG.fullmatch(header.strip())
        if found is None:
            raise Problem(400, "header.value", "If-Match must be one ETag of this API, or *.")
        return int(found[1])

    # --- what is answered ----------------------------------------------------------------------------------------
    def reply(
        self, document: Any, *, status: int = 200, revision: int | None = None, location: str = ""
    ) -> HttpResponse:
        """An answer; `revision` becomes its ETag."""
        headers: ReplyHeaders = (("cache-control", "no-store"),)
        if revision is not None:
            headers += (("etag", f'"{revision}"'),)
        if location:
            headers += (("location", location),)
        if status == 204:
            return respond(Reply(status=204, body=b"", content_type="", headers=headers))
        return respond(json_reply(document, status=status, headers=headers))

    def handle_exception(self, exc: Exception) -> Any:
        """Problem details for everything that was foreseen; the rest is an error of ours and is raised."""
        problem = problem_of(exc)
        if problem is None:
            raise exc
        request = self.request
        headers = problem.headers
        if problem.status == 401:
            headers += (("www-authenticate", TokenAuthentication().authenticate_header(request)),)
        if problem.status == 405:
            headers += (("allow", ", ".join(self.allowed_methods)),)
        problem.headers = headers
        http = request._request
        request_id = http.META.get("toolgate.request_id") or request_id_of(headers_of(http))
        return respond(problem_reply(problem, request_id))


def account_of(request: Request) -> User | None:
    """The account behind the token; None where the directory holds none of that name."""
    try:
        user = request.user
        return user if isinstance(user, User) or user.pk is not None else None
    except User.DoesNotExist:
        return None


def running() -> Runtime:
    """The runtime of this process. Raises `Problem` 503 where none is running yet."""
    try:
        return startup.current()
    except RuntimeError:
        raise Problem(
            503, "process.starting", "This process has not started yet.", headers=(("retry-after", "1"),)
        ) from None


def _too_large(most: int) -> Problem:
    return Problem(413, "body.too_large", f"The body must be at most {most} bytes.")

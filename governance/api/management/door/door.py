"""The door of the management API: who may come in, how bodies and queries are read, and how refusals look."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from asgiref.sync import async_to_sync
from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse
from django.utils.functional import SimpleLazyObject
from rest_framework.authentication import BaseAuthentication
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.identity.verified import Identity
from accounts.models import User
from accounts.services.actor import Actor
from governance.api.door.attempt import charge_request
from governance.api.door.body import check_type, read_object
from governance.api.door.exchange import (
    JSON_TYPE,
    MAX_BODY,
    Exchange,
    Problem,
    Reply,
    ReplyHeaders,
    json_reply,
    problem_reply,
)
from governance.api.door.handler import exchange_of, id_of, respond
from governance.api.door.identify import identify
from governance.api.door.paging import only_known_once
from governance.api.door.problems import BodyTooLarge, unavailable
from governance.api.management.door.problems import problem_of
from governance.deciding import startup
from governance.deciding.runtime import Runtime

_ETAG = re.compile(r'"?([0-9]{1,18})"?', re.ASCII)


class OnlyJson(BaseContentNegotiation):
    """Answers are JSON, whatever is asked for."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Bodies are read by the views themselves."""
        return None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """The one renderer."""
        return renderers[0], JSON_TYPE


class BearerAuthentication(BaseAuthentication):
    """Who asks, in DRF's form: `request.auth` is the Identity, `request.user` the account, read when looked at.

    Bearer tokens and agent keys alone: neither the word of a proxy nor a session of the console counts here.
    """

    def authenticate(self, request: Request) -> tuple[object, Identity]:
        """The verified caller. Raises `Problem` 401."""
        identity = identify(running(), exchange_of(request._request), proxied=False)
        name = identity.caller.principal.id
        return SimpleLazyObject(lambda: User.objects.get(username=name)), identity


class ManagementView(APIView):
    """A view for staff in person: a bearer token of audience `api`, with neither agent nor delegation in it."""

    authentication_classes = (BearerAuthentication,)
    permission_classes = ()
    parser_classes = ()
    content_negotiation_class = OnlyJson
    rate_class: ClassVar[str] = "content"
    staff_only: ClassVar[bool] = True
    exchange: Exchange

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who asks, whether they may come in here at all, and what it costs them."""
        self.exchange = exchange_of(request._request)
        super().initial(request, *args, **kwargs)
        identity = self.identity(request)
        async_to_sync(charge_request)(running(), identity, self.exchange, rate_class=self.rate_class)
        if self.staff_only:
            self._require_staff(request, identity)

    def _require_staff(self, request: Request, identity: Identity) -> None:
        if identity.caller.agent is not None or identity.caller.chain or identity.claims is None:
            raise Problem(
                403, "token.agent", "Management takes a person's own token: none of an agent, none delegated."
            )
        if running().is_lowered(identity):
            raise Problem(
                403, "token.lowered", "Management takes a token of the person's own tier: this one is lowered."
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
        check_type(self.exchange)
        try:
            raw = request._request.body
        except RequestDataTooBig:
            raise BodyTooLarge(most=most) from None
        if len(raw) > most:
            raise BodyTooLarge(most=most)
        return read_object(raw)

    def query(self, request: Request, known: Mapping[str, str]) -> dict[str, str]:
        """The query's parameters with their defaults; an unknown or repeated one is an error."""
        given = request._request.GET
        only_known_once(dict(given.lists()), known)
        found = {name: given.get(name, default) or "" for name, default in known.items()}
        for name, value in found.items():
            if len(value) > 2_048 or "\x00" in value:
                raise Problem(400, "query.value", "At most 2048 characters, none of them NUL.", path=f"?{name}")
        return found

    def dry_run(self, request: Request) -> bool:
        """Whether the query, which may say nothing else, asks only what would change."""
        said = self.query(request, {"dry_run": "false"})["dry_run"]
        if said not in ("true", "false"):
            raise Problem(400, "query.value", "true or false.", path="?dry_run")
        return said == "true"

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
        if problem.status == 405:
            problem.headers += (("allow", ", ".join(self.allowed_methods)),)
        return respond(problem_reply(problem, id_of(self.request._request)))


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
        raise unavailable("process.starting", "This process has not started yet.") from None

"""Kill switches over the API: what is off, switching off, lifting."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from rest_framework.request import Request

from accounts.identity.authenticator import Authenticator
from accounts.models import User
from accounts.tokens.errors import CredentialError
from governance.api.door.body import field, only_known
from governance.api.door.exchange import Problem
from governance.api.door.shapes import nullable, record, text
from governance.api.management.authoring.draft import words
from governance.api.management.authoring.routes import route
from governance.api.management.documents import PAGED, answers, documented, in_path, in_query, page_shape
from governance.api.management.door.door import ManagementView, running
from governance.api.management.door.pages import QUERY, page_of
from governance.api.management.door.problems import not_found
from governance.api.management.resources import NUMBER
from governance.api.management.shown import SWITCH, shown_switch
from governance.deciding import keys
from governance.models import Switch
from governance.models.releases.switch import SwitchScope
from governance.policy.document.moments import moment
from governance.services.switches import lift_switch, parse_target, set_switch


class SwitchView(ManagementView):
    """What the routes of switches share."""

    def list_switches(self, request: Request) -> HttpResponse:
        """Newest first; `state=on` shows those that hold now."""
        self.require(request, "governance.view_switch")
        query = self.query(request, {**QUERY, "state": "all"})
        now = datetime.now(tz=UTC)
        rows = Switch.objects.all()
        if query["state"] not in ("on", "all"):
            raise Problem(400, "query.value", "on or all.", path="?state")
        if query["state"] == "on":
            rows = rows.filter(Q(until=None) | Q(until__gt=now), lifted_at=None)
        found, after = page_of(
            rows, runtime=running(), identity=self.identity(request), query=query, about=["switches"], newest_first=True
        )
        return self.reply({"items": [shown_switch(row, now=now) for row in found], "next": after})

    def switch(self, request: Request, key: str) -> HttpResponse:
        """One switch."""
        self.query(request, {})
        return self.reply(shown_switch(self._found(request, key), now=datetime.now(tz=UTC)))

    def switch_off(self, request: Request) -> HttpResponse:
        """Stop something at once."""
        body = self.body(request)
        only_known(body, frozenset({"target", "reason", "until", "drill"}))
        scope, target = parse_target(words(body, "target", most=260))
        switch = set_switch(
            actor=self.actor(request),
            scope=scope,
            target=target,
            reason=words(body, "reason", most=4_000),
            until=_until(body),
            drill=field(body, "drill", bool, default=False),
            macs=keys.state_macs(),
        )
        where = f"/api/v1/switches/{switch.pk}"
        return self.reply(shown_switch(switch, now=datetime.now(tz=UTC)), status=201, location=where)

    def lift(self, request: Request, key: str) -> HttpResponse:
        """Turn a switch off; for everything a second person proves to be there by a token of their own."""
        body = self.body(request)
        only_known(body, frozenset({"reason", "second_token"}))
        switch = self._found(request, key)
        lifted = lift_switch(
            actor=self.actor(request),
            switch_id=switch.pk,
            reason=words(body, "reason", most=4_000),
            macs=keys.state_macs(),
            second=_second(running().authenticator, body),
        )
        return self.reply(shown_switch(lifted, now=datetime.now(tz=UTC)))

    def _found(self, request: Request, key: str) -> Switch:
        self.require(request, "governance.view_switch")
        switch = Switch.objects.filter(pk=int(key)).first()
        if switch is None:
            raise not_found()
        return switch


def _until(body: dict[str, Any]) -> datetime | None:
    if body.get("until") is None:
        return None
    try:
        return moment(field(body, "until", str))
    except ValueError:
        raise Problem(400, "field.format", "Must be a timestamp such as 2026-06-01T12:00:00Z.", path="/until") from None


def _second(authenticator: Authenticator, body: dict[str, Any]) -> User | None:
    """The second person, in person: their own token, neither an agent's nor a delegated one."""
    if body.get("second_token") is None:
        return None
    token = field(body, "second_token", str)
    try:
        identity = authenticator.by_token(token, audience="api", now=datetime.now(tz=UTC).timestamp())
    except CredentialError:
        raise Problem(403, "second.refused", "The second person's token is not valid.", path="/second_token") from None
    if identity.caller.agent is not None or identity.caller.chain:
        raise Problem(403, "second.refused", "The second person must be there in person.", path="/second_token")
    user = User.objects.filter(username=identity.caller.principal.id).first()
    if user is None or not user.is_staff:
        raise Problem(403, "second.refused", "The second person is not of the staff.", path="/second_token")
    return user


_SET = record(
    {
        "target": text(
            "`all`, `principal:ID`, `agent:ID`, `department:ID`, `server:ID` or `tool:SERVER/TOOL`.",
            pattern=f"^({'|'.join(SwitchScope.values)})(:.{{1,200}})?$",
            maxLength=260,
        ),
        "reason": text(minLength=1, maxLength=4000),
        "until": nullable(text("When it ends by itself.", format="date-time")),
        "drill": {"type": "boolean", "description": "Ends within 60 minutes and never replaces a live switch."},
    },
    required=["target", "reason"],
)
_LIFT = record(
    {
        "reason": text(minLength=1, maxLength=4000),
        "second_token": nullable(text("For `all`: an access token of a second person who may lift switches.")),
    },
    required=["reason"],
)
_KEY = (in_path("key", NUMBER, "Its number."),)


def _page(call: Any, id: str, summary: str, responses: Any, **more: Any) -> Any:
    return documented(call, id=id, summary=summary, tag="switches", responses=responses, **more)


switch_routes = [
    route(
        "switches",
        "switches",
        SwitchView,
        {
            "get": _page(
                lambda self, request: self.list_switches(request),
                "switches_list",
                "Kill switches, newest first",
                answers(page_shape(SWITCH)),
                parameters=(*PAGED, in_query("state", "on: those that hold now.", enum=["on", "all"])),
            ),
            "post": _page(
                lambda self, request: self.switch_off(request),
                "switches_set",
                "Stop something at once",
                answers(SWITCH, 409, 413, 415, status=201),
                request=_SET,
                description="In force on every process within 500 ms, without publishing.",
            ),
        },
    ),
    route(
        rf"switches/(?P<key>{NUMBER})",
        "switch",
        SwitchView,
        {
            "get": _page(
                lambda self, request, key: self.switch(request, key),
                "switches_read",
                "One kill switch",
                answers(SWITCH, 404),
                parameters=_KEY,
            )
        },
    ),
    route(
        rf"switches/(?P<key>{NUMBER})/lift",
        "switch-lift",
        SwitchView,
        {
            "post": _page(
                lambda self, request, key: self.lift(request, key),
                "switches_lift",
                "Lift a kill switch",
                answers(SWITCH, 404, 409, 413, 415),
                request=_LIFT,
                parameters=_KEY,
            )
        },
    ),
]

"""Kill switches over the API: what is off, switching off, lifting."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.models import Q
from django.http import HttpResponse
from rest_framework.request import Request

from accounts.models import User
from accounts.tokens.errors import CredentialError
from governance.api.door.exchange import Exchange, Problem
from governance.api.door.identify import charge_refused
from governance.api.management.door.documents import PAGED, documented, in_query
from governance.api.management.door.door import ManagementView, running
from governance.api.management.door.pages import QUERY, page, row_of
from governance.api.management.door.serializers import page_answer
from governance.api.management.switches.answers import SwitchAnswer
from governance.api.management.switches.bodies import LiftBody, SwitchBody
from governance.deciding import keys
from governance.models import Switch
from governance.services.switches import lift_switch, parse_target, set_switch


class SwitchesView(ManagementView):
    """Every switch, and a new one."""

    @documented(
        "switches_list",
        "Kill switches, newest first",
        page_answer(SwitchAnswer),
        parameters=(*PAGED, in_query("state", "on: those that hold now.", enum=["on", "all"])),
    )
    def get(self, request: Request) -> HttpResponse:
        """Newest first; `state=on` shows those that hold now."""
        self.require(request, "governance.view_switch")
        query = self.query(request, {**QUERY, "state": "all"})
        rows = Switch.objects.all()
        if query["state"] not in ("on", "all"):
            raise Problem(400, "query.value", "on or all.", path="?state")
        if query["state"] == "on":
            rows = rows.filter(Q(until=None) | Q(until__gt=datetime.now(tz=UTC)), lifted_at=None)
        return page(self, request, rows, SwitchAnswer.of, query=query, about="switches", newest_first=True)

    @documented("switches_set", "Stop something at once", SwitchAnswer, 409, body=SwitchBody, status=201)
    def post(self, request: Request) -> HttpResponse:
        """In force on every process within 500 ms, without publishing.

        An id that nothing has is refused with `switch.unknown` and the nearest ones, unless `force` is set.
        """
        said = SwitchBody.read(self.body(request))
        scope, target = parse_target(said.pop("target"))
        switch = set_switch(actor=self.actor(request), scope=scope, target=target, macs=keys.state_macs(), **said)
        return self.reply(SwitchAnswer.of(switch), status=201, location=f"/api/v1/switches/{switch.pk}")


class SwitchView(ManagementView):
    """One switch."""

    @documented("switches_read", "One kill switch", SwitchAnswer, 404)
    def get(self, request: Request, key: str) -> HttpResponse:
        """As it stands now."""
        self.query(request, {})
        return self.reply(SwitchAnswer.of(_found(self, request, key)))


class LiftView(ManagementView):
    """Turning a switch off."""

    @documented("switches_lift", "Lift a kill switch", SwitchAnswer, 404, 409, body=LiftBody)
    def post(self, request: Request, key: str) -> HttpResponse:
        """For everything a second person proves to be there by a token of their own."""
        body = self.body(request)
        switch = _found(self, request, key)
        said = LiftBody.read(body)
        lifted = lift_switch(
            actor=self.actor(request),
            switch_id=switch.pk,
            reason=said["reason"],
            macs=keys.state_macs(),
            second=_second(self.exchange, said["second_token"]),
        )
        return self.reply(SwitchAnswer.of(lifted))


def _found(view: ManagementView, request: Request, key: str) -> Switch:
    view.require(request, "governance.view_switch")
    return row_of(Switch.objects.all(), pk=int(key))


def _second(exchange: Exchange, token: str | None) -> User | None:
    """The second person, in person: their own token, neither an agent's nor a delegated one."""
    if token is None:
        return None
    runtime = running()
    try:
        identity = runtime.authenticator.by_token(token, audience="api", now=exchange.received_at)
    except CredentialError as error:
        charge_refused(runtime, exchange, error, lambda: runtime.authenticator.claimed(token), "api")
        raise Problem(403, "second.refused", "The second person's token is not valid.", path="/second_token") from None
    if identity.caller.agent is not None or identity.caller.chain:
        raise Problem(403, "second.refused", "The second person must be there in person.", path="/second_token")
    user = User.objects.filter(username=identity.caller.principal.id).first()
    if user is None or not user.is_staff:
        raise Problem(403, "second.refused", "The second person is not of the staff.", path="/second_token")
    return user

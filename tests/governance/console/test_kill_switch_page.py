"""Setting and lifting kill switches on their page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from governance.deciding import keys
from governance.models import Switch, SwitchScope
from governance.services.switches import set_switch
from tests.governance.admin.actors import signed_in, staff
from tests.governance.console.policies import SETUP

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
PASSWORD = "correct horse"


@pytest.fixture
def operator() -> Client:
    return signed_in(staff("operator", name="otto"))


def _set(client: Client, **data: object) -> str:
    answer = client.post(reverse("admin:switches"), {"scope": "agent", "reason": "It misbehaves", **data}, follow=True)
    return str(answer.content.decode())


def _everything() -> Switch:
    return set_switch(actor=SETUP, scope=SwitchScope.ALL, reason="all stop", macs=keys.state_macs())


def _lift(client: Client, switch: Switch, **data: object) -> str:
    answer = client.post(reverse("admin:lift", args=(switch.pk,)), {"reason": "mended", **data}, follow=True)
    return str(answer.content.decode())


def test_one_operator_stops_an_agent_at_once(operator: Client) -> None:
    html = _set(operator, target="coder")
    switch = Switch.objects.get()
    assert (switch.scope, switch.target, switch.set_by, switch.drill) == ("agent", "coder", "otto", False)
    assert "agent:coder is on" in html


def test_an_id_that_nothing_has_is_refused_with_the_nearest_unless_it_is_meant(operator: Client) -> None:
    html = _set(operator, target="codr")
    assert "no agent codr is known, so nothing would be stopped; nearest: coder." in html
    assert not Switch.objects.exists()
    assert "it stops nothing yet" in _set(operator, target="codr", force="on")


def test_the_page_says_what_is_stopped_and_how_many_calls_were(operator: Client) -> None:
    html = _set(operator, target="coder")
    assert "it stops every call through agent coder" in html
    owner = signed_in(staff("owner"))
    assert "; 0 denied in the last day" in owner.get(reverse("admin:switches")).content.decode()


def test_a_drill_is_labelled_and_ends_within_the_hour(operator: Client) -> None:
    html = _set(operator, target="coder", drill="on")
    switch = Switch.objects.get()
    assert switch.drill
    assert switch.until is not None
    assert (switch.until - switch.set_at).total_seconds() <= 3600
    assert "DRILL" in html


@pytest.mark.parametrize(
    "data,said",
    [
        ({"target": ""}, "Say which one."),
        ({"scope": "all"}, "Tick this to stop everything."),
        ({"scope": "all", "target": "coder", "everything": "on"}, "Everything has no id"),
        ({"scope": "tool", "target": "read"}, "A tool is named server/tool."),
        ({"target": "coder", "reason": "  "}, "This field is required."),
        ({"target": "coder", "until": "2001-01-01T00:00"}, "its end lies in the past"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_place(operator: Client, data: dict[str, object], said: str) -> None:
    assert said in _set(operator, **data)
    assert not Switch.objects.exists()


def test_lifting_everything_takes_a_second_person_with_their_own_password(operator: Client) -> None:
    switch = _everything()
    staff("operator", name="olga")
    staff("viewer", name="vera")
    assert "takes a second person" in _lift(operator, switch)
    assert "not right" in _lift(operator, switch, second_name="olga", second_password="wrong")
    assert "needs a second person" in _lift(operator, switch, second_name="otto", second_password=PASSWORD)
    assert "may not" in _lift(operator, switch, second_name="vera", second_password=PASSWORD)
    switch.refresh_from_db()
    assert switch.lifted_at is None
    assert "is lifted" in _lift(operator, switch, second_name="olga", second_password=PASSWORD)
    switch.refresh_from_db()
    assert (switch.lifted_by, switch.lifted_second) == ("otto", "olga")


def test_one_operator_lifts_what_is_for_an_agent(operator: Client) -> None:
    _set(operator, target="coder")
    switch = Switch.objects.get()
    assert "is lifted" in _lift(operator, switch)
    assert "no longer on" in _lift(operator, switch)


def test_a_viewer_sees_what_is_on_and_no_form(operator: Client) -> None:
    _set(operator, target="coder")
    html = signed_in(staff("viewer")).get(reverse("admin:switches")).content.decode()
    assert "agent:coder" in html
    assert "Stop it now" not in html
    assert "Lift agent:coder" not in html


def test_a_password_never_comes_back_in_the_page(operator: Client) -> None:
    html = _lift(operator, _everything(), second_name="olga", second_password="not-my-password-1")
    assert "not-my-password-1" not in html

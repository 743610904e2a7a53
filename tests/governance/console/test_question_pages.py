"""The simulator and the reverse questions."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from governance.deciding import keys
from governance.models import Release, Rule, SwitchScope
from governance.services.authoring.objects import create_object
from governance.services.switches import set_switch
from tests.governance.admin.actors import signed_in, staff
from tests.governance.console.policies import SETUP, change_rule, publish_again, publish_demo

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer(demo: Release) -> Client:
    return signed_in(staff("viewer"))


def _ask(client: Client, **data: object) -> str:
    answer = client.post(reverse("admin:simulator"), {"kind": "user", "tier": "user", **data})
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_an_allow_names_the_rule_and_every_layer(viewer: Client) -> None:
    html = _ask(viewer, principal="bob", agent="coder", entity="deploy/logs")
    assert "engineers-look" in html
    for layer in ("kill_switch", "scope", "secrets", "blocklist", "rate_limit", "hooks", "approval"):
        assert f"<code>{layer}</code>" in html
    assert "Release 1" in html
    assert "Draft" in html


def test_a_deny_says_what_would_make_it_pass_and_how_each_part_of_the_condition_came_out(viewer: Client) -> None:
    arguments = json.dumps({"path": "/srv/reports/../x", "text": "t"})
    html = _ask(viewer, principal="alice", entity="files/write", arguments=arguments)
    assert "rule.none" in html
    assert "What would make it pass:" in html
    assert "args.path.startsWith" in html
    assert ": yes<" in html
    assert ": no<" in html


def test_a_draft_that_would_change_the_answer_says_so(viewer: Client) -> None:
    change_rule("engineers-look", subjects={"roles": ["payer"]})
    html = _ask(viewer, principal="bob", agent="coder", entity="deploy/logs")
    assert "Publishing the draft would change this answer" in html


def test_somebody_made_up_can_ask_too(viewer: Client) -> None:
    html = _ask(viewer, entity="deploy/logs", roles="engineer", departments="engineering")
    assert "engineers-look" in html
    assert ">allow<" in html.replace("</span> allow", ">allow<")
    assert "scope.insufficient" in _ask(viewer, entity="files/read", kind="anonymous")


def test_a_switch_that_is_on_decides(viewer: Client) -> None:
    set_switch(actor=SETUP, scope=SwitchScope.AGENT, target="coder", reason="stop", macs=keys.state_macs())
    assert "kill_switch.on" in _ask(viewer, principal="bob", agent="coder", entity="deploy/logs")


@pytest.mark.parametrize(
    "data,said",
    [
        ({"entity": "readwithoutserver"}, "A tool is named server/tool"),
        ({"entity": "deploy/logs", "arguments": "{"}, "This is not JSON at line 1"),
        ({"entity": "deploy/logs", "arguments": "[]"}, "Arguments are a JSON object"),
        ({"entity": "deploy/logs", "arguments": "[" * 5000}, "nested too deeply"),
        ({"entity": "deploy/logs", "tier": "king"}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_asked_is_said_at_its_field(viewer: Client, data: dict[str, str], said: str) -> None:
    assert said in _ask(viewer, **data)


@pytest.mark.parametrize(
    "entity",
    ["skill:close-books", "server:deploy", "agent:coder", "plugin:x", "data_source:ledger", "no/such", "a/b/c"],
)
def test_every_kind_of_entity_can_be_asked_about(viewer: Client, entity: str) -> None:
    _ask(viewer, principal="nobody-known", entity=entity)


def test_a_secret_in_the_arguments_is_no_part_of_the_evidence(viewer: Client) -> None:
    token = "ghp_" + "Q7zk2Vj9wH4pG8bM1fT6yD3nC5uS0lRoAiEx"
    html = _ask(viewer, principal="bob", agent="coder", entity="deploy/run", arguments=json.dumps({"command": token}))
    assert "secret.found" in html
    after = html[html.index("Rules considered") :]
    assert token not in after


def test_without_a_release_every_call_is_denied_and_the_page_says_why() -> None:
    assert "nothing published yet" in _ask(signed_in(staff("viewer")), principal="bob", entity="deploy/logs").lower()


def test_who_can_lists_exactly_those_whom_the_rules_let(viewer: Client) -> None:
    html = viewer.get(reverse("admin:access"), {"entity": "deploy/logs"}).content.decode()
    assert "<code>bob</code>" in html
    assert "<code>alice</code>" not in html


def test_both_questions_give_the_same_answer_where_arguments_decide() -> None:
    _publish_with_an_ask()
    viewer = signed_in(staff("viewer"))
    for asked in ({"entity": "deploy/logs"}, {"principal": "bob"}):
        html = viewer.get(reverse("admin:access"), asked).content.decode()
        row = html[html.index("<code>bob</code>" if "entity" in asked else "<code>deploy/logs</code>") :]
        row = row[: row.index("</tr>")]
        assert "allow" in row
        assert "if the arguments are right" in row


def _publish_with_an_ask() -> None:
    publish_demo()
    ask = Rule(
        slug="ask-for-more", effect="ask", subjects={"everyone": True}, entities=["tool:deploy/logs"],
        when="args.lines > 1000", justification="It is much",
    )  # fmt: skip
    create_object(actor=SETUP, instance=ask)
    publish_again()


def test_what_can_lists_what_is_on_the_surface(viewer: Client) -> None:
    html = viewer.get(reverse("admin:access"), {"principal": "bob"}).content.decode()
    assert "<code>deploy/logs</code>" in html
    assert "<code>pay/send</code>" not in html
    assert (
        "Nothing: this principal is unknown"
        in viewer.get(reverse("admin:access"), {"principal": "<script>alert(1)</script>"}).content.decode()
    )


def test_a_question_without_sense_is_said_at_its_field(viewer: Client) -> None:
    assert "A tool is named" in viewer.get(reverse("admin:access"), {"entity": "x"}).content.decode()
    assert "This field is required" in viewer.get(reverse("admin:access"), {"principal": ""}).content.decode()

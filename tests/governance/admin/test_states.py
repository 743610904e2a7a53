"""What a badge says is what a call would meet, and who is named in a form exists."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from governance.deciding import keys
from governance.models import Agent, Rule, Server, SwitchScope, Tool
from governance.services.authoring.objects import create_object, update_object
from governance.services.switches import set_switch
from tests.governance.admin.actors import signed_in, staff
from tests.governance.console.policies import SETUP, publish_demo

pytestmark = pytest.mark.django_db


@pytest.fixture
def author() -> Client:
    publish_demo()
    return signed_in(staff("policy_author"))


def state(client: Client, model: str, name: str) -> str:
    """The badge of one row of a list."""
    html = client.get(reverse(f"admin:governance_{model}_changelist"), {"q": name.split("/")[-1]}).content.decode()
    rows = [row for row in re.findall(r"<tr>.*?</tr>", html, re.DOTALL) if re.search(rf">{re.escape(name)}<", row)]
    badge = re.search(r'tg-badge tg-\w+"><span aria-hidden="true">.</span> ([^<]*)</span>', rows[0])
    assert badge is not None
    return badge[1]


def stop(scope: SwitchScope, target: str = "") -> str:
    switch = set_switch(actor=SETUP, scope=scope, target=target, reason="stop", macs=keys.state_macs())
    return f"stopped by switch {switch.pk}"


def test_an_agents_badge_says_where_its_owner_stands(author: Client) -> None:
    assert state(author, "agent", "coder") == "on"
    owner = Agent.objects.get(slug="coder").owner
    User.objects.filter(username=owner).update(status="suspended")
    assert state(author, "agent", "coder") == "owner inactive"
    create_object(actor=SETUP, instance=Agent(slug="lost", owner="nobody-there"))
    assert state(author, "agent", "lost") == "owner unknown"


def test_a_switch_shows_on_what_it_stops_and_on_nothing_else(author: Client) -> None:
    said = stop(SwitchScope.AGENT, "coder")
    assert state(author, "agent", "coder") == said
    assert state(author, "agent", "reporter") == "on"
    said = stop(SwitchScope.TOOL, "deploy/logs")
    assert state(author, "tool", "deploy/logs") == said
    assert state(author, "tool", "deploy/status") == "on"
    assert state(author, "server", "deploy") == "on"
    said = stop(SwitchScope.SERVER, "files")
    assert state(author, "server", "files") == state(author, "tool", "files/read") == said
    said = stop(SwitchScope.ALL)
    assert state(author, "skill", "runbook") == said


def test_a_tool_is_off_with_its_server(author: Client) -> None:
    server = Server.objects.get(slug="deploy")
    server.enabled = False
    update_object(actor=SETUP, instance=server, expected_revision=server.revision)
    assert Tool.objects.get(server__slug="deploy", own_name="logs").enabled
    assert state(author, "tool", "deploy/logs") == "server off"


def test_a_rule_out_of_its_window_says_so(author: Client) -> None:
    now = datetime.now(tz=UTC).replace(microsecond=0)
    for slug, window in (
        ("is-over", {"valid_until": now - timedelta(days=1)}),
        ("to-come", {"valid_from": now + timedelta(days=1)}),
        ("is-here", {"valid_from": now - timedelta(days=1), "valid_until": now + timedelta(days=1)}),
    ):
        rule = Rule(slug=slug, effect="allow", subjects={"everyone": True}, entities=["tool:deploy/logs"], **window)
        create_object(actor=SETUP, instance=rule)
    html = author.get(reverse("admin:governance_rule_changelist")).content.decode()
    assert html.count("out of window: over") == html.count("out of window: to come") == 1


def test_an_owner_whom_the_directory_does_not_hold_is_refused_at_its_field_with_the_nearest(author: Client) -> None:
    said = {
        "slug": "mine",
        "owner": "alise",
        "tier": "user",
        "sensitivity": "internal",
        "enabled": "on",
        "rate_class": "mcp",
        "capture": "redacted",
        "scopes": "user",
    }
    answer = author.post(reverse("admin:governance_agent_add"), said)
    errors = answer.context["adminform"].form.errors
    assert errors["owner"] == ["There is no principal alise; nearest: alice."]
    assert not Agent.objects.filter(slug="mine").exists()
    assert author.post(reverse("admin:governance_agent_add"), {**said, "owner": "alice"}).status_code == 302


def test_a_user_whom_a_rule_names_anew_exists(author: Client) -> None:
    form = author.get(reverse("admin:governance_rule_add")).context["adminform"].form
    parts = [part.path for part in form.fields["subjects"].parts] if hasattr(form.fields["subjects"], "parts") else []
    at = next((place for place, path in enumerate(parts) if "users" in str(path)), 1)
    said = {"slug": "hers", "effect": "allow", "mode": "enforce", "entities": "tool:deploy/logs",
            f"subjects_{at}": "carrol"}  # fmt: skip
    answer = author.post(reverse("admin:governance_rule_add"), said)
    assert answer.context["adminform"].form.errors["subjects"] == ["There is no principal carrol; nearest: carol."]
    assert author.post(reverse("admin:governance_rule_add"), {**said, f"subjects_{at}": "carol"}).status_code == 302


def test_the_review_reports_an_owner_whom_the_directory_does_not_hold(author: Client) -> None:
    assert "there is no principal nobody-there" not in author.get(reverse("admin:review")).content.decode()
    create_object(actor=SETUP, instance=Agent(slug="lost", owner="nobody-there"))
    assert "there is no principal nobody-there" in author.get(reverse("admin:review")).content.decode()

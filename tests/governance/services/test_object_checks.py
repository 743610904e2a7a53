"""What an object of the draft must keep to is one law: the service refuses what the policy file refuses, by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models.authored import Versioned
from accounts.services.actor import Actor
from audit.models import OutboxEntry
from governance.models import (
    Agent,
    Binding,
    DataSource,
    Exemption,
    Hook,
    LayerMode,
    Plugin,
    PolicyPrincipal,
    PolicyTest,
    Rule,
    Server,
    Tool,
)
from governance.policy.checks.validate import validate
from governance.policy.tables.compiler import object_of
from governance.policy.tables.objects import SINGLE, put_together
from governance.policy.tables.row_mapping import ROW_MAPPING_OF
from governance.services.authoring import objects as authoring

SETUP = Actor.component("setup")
EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def rule(**said: Any) -> Rule:
    return Rule(**{"slug": "r", "effect": "allow", "subjects": {"everyone": True}, "entities": ["tool:a/b"], **said})


def hook(**said: Any) -> Hook:
    return Hook(**{"slug": "h", "event": "PreToolUse", "type": "command", "command": "friday", **said})


def server(**transport: Any) -> Server:
    return Server(slug="files", transport=transport)


def binding(into: dict[str, Any]) -> Binding:
    return Binding(secret="key", server="files", into=into)


def exemption(**said: Any) -> Exemption:
    told = {"layer": "secrets", "name": "jwt", "entity": "tool:a/b", "until": LATE, "justification": "It verifies"}
    return Exemption(**{**told, **said})


def policy_test(**said: Any) -> PolicyTest:
    return PolicyTest(**{"name": "t", "principal": "a", **said})


BAD: list[tuple[Versioned, str, str]] = [
    (rule(effect="deny"), "justification", "needs a reason"),
    (rule(effect="ask", justification="  "), "justification", "needs a reason"),
    (rule(subjects={"everyone": False}), "subjects", "names nobody"),
    (rule(subjects={"agents": ["reporter"]}), "subjects", "an allow names people too"),
    (rule(valid_from=LATE, valid_until=EARLY), "valid_until", "is not after valid_from"),
    (rule(approval={"expires": 60}), "approval", "only an ask has an approval"),
    (
        rule(effect="ask", justification="x", approval={"four_eyes": True, "for_a_time": 60}),
        "approval",
        "under four eyes is for once only",
    ),
    (rule(effect="deny", justification="x", skip_client_prompt=True), "skip_client_prompt", "only an allow"),
    (rule(entities=["tool:a b"]), "entities", "is no entity pattern"),
    (rule(when="args.n >"), "when", "column"),
    (hook(command=""), "command", "a command hook needs it"),
    (hook(prompt="May it?"), "prompt", "means nothing for a command hook"),
    (hook(endpoint="model"), "endpoint", "means nothing for a command hook"),
    (hook(type="agent", command="", agent=""), "agent", "agent hook needs it"),
    (hook(category="system", on_failure="allow"), "on_failure", "a system hook that fails blocks"),
    (server(kind="pigeon"), "transport", "is none of http, sse, stdio"),
    (server(kind="http"), "transport", "url is missing"),
    (server(kind="stdio"), "transport", "command is missing"),
    (server(kind="http", url="https://a.test/", command="x"), "transport", "command means nothing for http"),
    (Server(slug="files", transport=["http"]), "transport", "must be a mapping"),
    (Agent(slug="a", owner="o", sensitivity="confidential", default_allow=True), "default_allow", "is refused at"),
    (DataSource(slug="a", sensitivity="restricted", default_allow=True), "default_allow", "is refused at"),
    (Plugin(slug="slack", skills={"filter": "all"}), "skills", "includes nothing"),
    (binding({"header": "A", "query": "b"}), "into", "exactly one of"),
    (binding({"query": "b"}), "into", "allow_query"),
    (binding({"argument": "/key"}), "hosts", "who may receive it"),
    (exemption(entity="tool:a/**"), "entity", "name one entity"),
    (exemption(justification="  "), "justification", "is blank"),
    (LayerMode(layer="scope", mode="shadow", until=LATE), "mode", "scope has no shadow"),
    (LayerMode(layer="secrets", mode="shadow"), "until", "for at most 14 days"),
    (PolicyPrincipal(slug="anonymous"), "__all__", "whoever is not known"),
    (
        policy_test(call={"server": "s"}, expect={"decision": "allow"}),
        "call",
        "tool is missing",
    ),
    (
        policy_test(call={"entity": "skill:s"}, expect={"layer": "scope"}),
        "expect",
        "decision is missing",
    ),
]


@pytest.mark.parametrize(("bad", "column", "message"), BAD, ids=[f"{type(b).__name__} {m}" for b, _, m in BAD])
def test_the_service_refuses_at_its_column_what_the_policy_file_refuses(
    bad: Versioned, column: str, message: str
) -> None:
    home = ROW_MAPPING_OF[type(bad)]
    identity = tuple(str(getattr(bad, name)) for name in home.ids) or SINGLE
    in_a_file = validate(put_together({home: {identity: object_of(bad)}}))
    assert any(message in fault.message for fault in in_a_file), in_a_file
    with pytest.raises(ValidationError) as refused:
        authoring.create_object(actor=SETUP, instance=bad)
    assert any(message in said for said in refused.value.message_dict[column]), refused.value.message_dict
    assert not type(bad)._default_manager.exists()
    assert not OutboxEntry.objects.exists()


def test_a_pinned_schema_that_leads_outside_is_refused_where_it_is_written() -> None:
    authoring.create_object(actor=SETUP, instance=Server(slug="files"))
    pinned: Any = {"$ref": "https://example.org/s"}
    tool = Tool(server_id="files", own_name="read", schema=pinned)
    with pytest.raises(ValidationError) as refused:
        authoring.create_object(actor=SETUP, instance=tool)
    assert "points outside the schema" in str(refused.value.message_dict["schema"])


def test_an_object_may_be_written_before_what_it_names() -> None:
    for early in (
        rule(subjects={"roles": ["not-there-yet"]}),
        Agent(slug="scribe", owner="eve", rate_class="own_class"),
        binding({"header": "A"}),
    ):
        authoring.create_object(actor=SETUP, instance=early)


def test_every_fault_of_an_object_is_told_at_once() -> None:
    bad = rule(effect="deny", when="args.n >", skip_client_prompt=True, entities=["tool:a b"])
    with pytest.raises(ValidationError) as refused:
        authoring.create_object(actor=SETUP, instance=bad)
    assert set(refused.value.message_dict) == {"justification", "when", "skip_client_prompt", "entities"}


@pytest.mark.parametrize(
    "bad", [rule(effect="deny"), rule(valid_from=LATE, valid_until=EARLY), LayerMode(layer="scope", mode="shadow")]
)
def test_the_database_refuses_what_came_past_the_checks(bad: Versioned) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        bad.save()

"""Explain, simulate, who-can, what-can, why-not: staff about anybody, others about their own recorded decisions."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from accounts.services.actor import Actor
from accounts.services.directory import create_user, update_user
from audit.models import OutboxEntry, TrailRecord
from governance.engine.principal import Tier
from governance.selectors.past import directory_at
from tests.governance.api.deciding import demo_document
from tests.governance.api.management.clients import Office
from tests.governance.api.management.trail import trailed

READ = {"server": "files", "tool": "read", "arguments": {"path": "/srv/ledger/q3.csv"}}
DELETE = {"server": "files", "tool": "delete", "arguments": {"path": "/srv/ledger/q3.csv"}}


def test_staff_ask_why_anybodys_call_is_decided_so(office: Office) -> None:
    viewer = office.person("viewer")
    answered = viewer.post("/api/v1/explain", {"principal": "alice", "agent": "reporter", "call": READ})
    assert answered.status == 200, answered.body
    said = answered.json
    assert said["decision"]["decision"] == "allow"
    assert said["nearest"] is None
    assert any(one["matches"] and one["effect"] == "allow" for one in said["considered"])
    assert said["policy"]["release"] == 1

    said = viewer.post("/api/v1/explain", {"principal": "alice", "call": DELETE}).json
    assert (said["decision"]["decision"], said["decision"]["layer"]) == ("deny", "scope")
    assert said["decision"]["hidden"] is True
    assert said["nearest"]["fix"]


def test_an_explanation_is_recorded_without_its_arguments(office: Office) -> None:
    viewer = office.person("viewer")
    viewer.post("/api/v1/explain", {"principal": "alice", "call": READ})
    body = bytes(OutboxEntry.objects.latest("position").body)
    assert b"asked.explain" in body
    assert b"alice" in body
    assert viewer.name.encode() in body
    assert b"q3.csv" not in body


def test_a_principal_can_be_described_on_the_spot(office: Office) -> None:
    viewer = office.person("viewer")
    somebody = {"kind": "user", "tier": "user", "roles": ["analyst", "payer"], "departments": ["finance"]}
    assert viewer.post("/api/v1/explain", {"principal": somebody, "call": READ}).json["decision"]["decision"] == "allow"
    somebody["roles"] = []
    assert viewer.post("/api/v1/explain", {"principal": somebody, "call": READ}).json["decision"]["decision"] == "deny"
    nobody = viewer.post("/api/v1/explain", {"principal": {"kind": "anonymous"}, "call": READ}).json
    assert nobody["decision"]["decision"] == "deny"


def test_others_than_staff_do_not_ask_about_anybody(office: Office) -> None:
    alice = office.person(name="alice")
    body = {"principal": "alice", "call": READ}
    for path in ("explain", "simulate", "why-not", "who-can", "what-can"):
        assert alice.post(f"/api/v1/{path}", body).status == 403
        assert office.agent_of(office.person("viewer")).post(f"/api/v1/{path}", body).status == 403
        assert office.nobody.post(f"/api/v1/{path}", body).status == 401


def test_everybody_asks_about_their_own_recorded_decisions(office: Office) -> None:
    token = office.process.token("alice", agent="reporter")
    answered = office.process.post("/api/v1/decisions", token=token, body=DELETE).json
    trailed(office.process)
    alice = office.agent_of(office.person(name="alice"))
    own = alice.post("/api/v1/explain", {"decision": answered["id"]})
    assert own.status == 200, own.body
    told = own.json["decision"]
    for key in ("decision", "layer", "code", "reason", "detail"):
        assert told[key] == answered[key], key
    assert "rule" not in told
    assert own.json["policy"] is None
    assert office.person(name="bob").post("/api/v1/explain", {"decision": answered["id"]}).status == 404
    assert office.person(name="alice").post("/api/v1/explain", {"decision": answered["id"]}).status == 404, "not hers"
    staff = office.person("viewer").post("/api/v1/explain", {"decision": answered["id"]})
    assert staff.json["decision"]["hidden"] is True
    assert staff.json["decision"]["code"] != "entity.unknown"
    assert TrailRecord.objects.filter(id=answered["id"]).exists()


def test_another_persons_decision_looks_like_none_at_all(office: Office) -> None:
    answered = office.process.post("/api/v1/decisions", token=office.process.token("alice"), body=READ).json
    trailed(office.process)
    bob = office.person(name="bob")
    foreign = bob.post("/api/v1/explain", {"decision": answered["id"]}, x_request_id="same").json
    missing = bob.post(
        "/api/v1/explain", {"decision": "0192f0c0-0000-7000-8000-000000000000"}, x_request_id="same"
    ).json
    assert foreign == missing


def test_why_not_names_the_nearest_change(office: Office) -> None:
    viewer = office.person("viewer")
    said = viewer.post("/api/v1/why-not", {"principal": "bob", "call": READ}).json
    assert said["decision"] == "deny"
    assert said["nearest"]["fix"]
    assert viewer.post("/api/v1/why-not", {"principal": "alice", "call": READ}).json["nearest"] is None


def test_a_simulation_shows_what_the_draft_would_change(office: Office) -> None:
    author = office.person("policy_author")
    document = demo_document()
    document["rules"].append(
        {
            "id": "nobody-reads",
            "effect": "deny",
            "subjects": {"everyone": True},
            "entities": ["tool:files/read"],
            "justification": "A drill",
        }
    )
    assert office.person("owner").put("/api/v1/draft/document", document).status == 200
    said = author.post("/api/v1/simulate", {"principal": "alice", "call": READ}).json
    assert said["current"]["decision"]["decision"] == "allow"
    assert said["draft"]["decision"]["rule"] == "nobody-reads"
    assert said["differ"] is True


def test_who_can_lists_everybody_a_page_at_a_time(office: Office) -> None:
    viewer = office.person("viewer")
    whole = viewer.post("/api/v1/who-can", {"call": {"server": "files", "tool": "read"}}).json
    names = [one["principal"] for one in whole["rights"]]
    assert "alice" in names
    assert "dana" not in names, "suspended"
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        body: dict[str, Any] = {"call": {"server": "files", "tool": "read"}, "limit": 1}
        page = viewer.post("/api/v1/who-can", {**body, "after": after} if after else body).json
        found += [one["principal"] for one in page["rights"]]
        after = page["next"]
    assert found == names
    exact = viewer.post("/api/v1/who-can", {"call": READ, "agent": "coder"}).json
    assert exact["rights"] == [], "outside that agent's bounds"
    unknown = viewer.post("/api/v1/who-can", {"call": {"entity": "tool:no/such"}}).json
    assert unknown == {"rights": [], "next": None}


def test_what_can_is_the_surface_and_a_cell_names_its_rules(office: Office) -> None:
    viewer = office.person("viewer")
    said = viewer.post("/api/v1/what-can", {"principal": "alice"}).json
    ids = {f"{one['kind']}:{one['id']}" for one in said["rights"]}
    surface = office.process.get("/api/v1/surface", token=office.process.token("alice")).json["entities"]
    assert ids == {f"{one['kind']}:{one['id']}" for one in surface}
    cell = viewer.post("/api/v1/what-can", {"principal": "bob", "entity": "tool:files/delete"}).json["rights"]
    assert [one["effect"] for one in cell] == ["deny"]
    assert viewer.post("/api/v1/what-can", {"principal": "bob", "entity": "tool:no/such"}).status == 404


def test_the_directory_of_a_past_time_is_told_from_the_records(office: Office) -> None:
    setup = Actor.component("setup")
    create_user(actor=setup, user=User(username="gina", tier="user", roles=["analyst"]))
    time.sleep(0.01)
    between = time.time()
    time.sleep(0.01)
    gina = User.objects.get(username="gina")
    gina.roles, gina.tier = ["payer"], "admin"
    update_user(actor=setup, user=gina)
    create_user(actor=setup, user=User(username="hugo", tier="user"))
    now = {**office.process.runtime.directory.state.principals}
    now["gina"] = now["hugo"] = now["alice"]
    then = directory_at(between, now)
    assert then["gina"].roles == {"analyst"}
    assert then["gina"].tier is Tier.USER
    assert "hugo" not in then
    assert then["alice"] == now["alice"]


def test_a_past_time_before_any_release_has_no_answer(office: Office) -> None:
    at = (datetime.now(tz=UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    answered = office.person("viewer").post("/api/v1/who-can", {"call": READ, "at": at})
    assert (answered.status, answered.json["path"]) == (404, "/at")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"principal": 7}, "/principal"),
        ({"principal": {"kind": "ghost"}}, "/principal/kind"),
        ({"principal": {"roles": "analyst"}}, "/principal/roles"),
        ({"call": {}}, "/call/server"),
        ({"call": {"entity": "ghost:x"}}, "/call/entity"),
        ({"policy": "yesterday"}, "/policy"),
        ({"policy": True}, "/policy"),
        ({"at": "soon"}, "/at"),
        ({"at": "2999-01-01T00:00:00Z"}, "/at"),
        ({"what": 1}, "/what"),
    ],
)
def test_a_question_that_cannot_be_read_is_refused_with_its_path(
    office: Office, change: dict[str, Any], path: str
) -> None:
    answered = office.person("viewer").post("/api/v1/explain", {"principal": "alice", "call": READ, **change})
    assert (answered.status, answered.json["path"]) == (400, path)

"""The draft as a whole, releases, proposals and kill switches over the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from governance.models import Release, ReleaseProposal
from governance.policy.document.codec import canonical_json
from governance.services.releasing.publish import carry_out_waiting
from governance.services.replaying.backtest_runs import carry_out_waiting_backtests
from tests.governance.api.deciding import demo_document
from tests.governance.api.management.clients import Office
from tests.governance.api.management.trail import trailed
from tests.governance.releases import backdate

RULE: dict[str, Any] = {
    "id": "all-read",
    "effect": "allow",
    "subjects": {"everyone": True},
    "entities": ["tool:mail/*"],
}


@pytest.fixture
def written(office: Office) -> Office:
    """An office with the demo policy in the draft."""
    author = office.person("policy_author")
    assert office.person("owner").put("/api/v1/draft/document", demo_document()).status == 200
    assert author.get("/api/v1/draft").json["revision"] == 1
    return office


def publish(office: Office, who: str = "owner", **more: Any) -> Any:
    """Ask for a release and do the worker's part."""
    answered = office.person(who).post("/api/v1/draft/publish", {"message": "first", **more})
    if answered.status == 202:
        carry_out_waiting()
    return answered


def test_a_document_goes_in_and_comes_out_as_it_was(written: Office) -> None:
    answered = written.person("viewer").get("/api/v1/draft/document")
    assert canonical_json(answered.json) == canonical_json(demo_document())
    assert answered.etag == '"1"'


def test_a_document_is_taken_whole_or_not_at_all(written: Office) -> None:
    owner = written.person("owner")
    document = demo_document()
    document["rules"][0]["effect"] = "maybe"
    document["agents"]["coder"]["owner"] = 7
    answered = owner.put("/api/v1/draft/document", document)
    assert answered.status == 400
    assert {"/rules/0/effect", "/agents/coder/owner"} <= {error["path"] for error in answered.json["errors"]}
    assert owner.get("/api/v1/draft").json["revision"] == 1


def test_a_dry_run_says_what_would_be_removed_and_removes_nothing(written: Office) -> None:
    owner = written.person("owner")
    answered = owner.ask("PUT", "/api/v1/draft/document", {"toolgate": 1}, query="dry_run=true", if_match='"1"')
    assert {"deleted"} == {change["action"] for change in answered.json["changes"]}
    assert owner.get("/api/v1/draft/document").json == demo_document()


def test_an_older_draft_does_not_write_over_a_newer_one(written: Office) -> None:
    owner = written.person("owner")
    answered = owner.put("/api/v1/draft/document", {"toolgate": 1}, '"0"')
    assert (answered.status, answered.json["code"]) == (412, "object.changed")


def test_lint_knows_the_directory_and_says_which_owner_does_not_exist(written: Office) -> None:
    author = written.person("policy_author")

    def missing() -> list[str]:
        findings = author.get("/api/v1/draft/lint").json["findings"]
        return [one["message"] for one in findings if "principal" in one["message"]]

    assert missing() == []
    document = {name: said for name, said in demo_document().items() if name != "principals"}
    document["agents"]["lost"] = {"owner": "nobody-there"}
    assert written.person("owner", name="other").put("/api/v1/draft/document", document).status == 200
    assert missing() == ["there is no principal nobody-there"]


def test_the_draft_is_reviewed_tested_and_published(written: Office) -> None:
    author = written.person("policy_author")
    changes = author.get("/api/v1/draft/diff").json["changes"]
    written_changes = [change for change in changes if change["kind"] != "right"]
    assert author.get("/api/v1/draft").json["unpublished_changes"] == len(written_changes) > 20
    assert all(change["object"] for change in written_changes)
    assert isinstance(author.get("/api/v1/draft/lint").json["findings"], list)
    tested = author.post("/api/v1/draft/tests").json
    assert tested["failed"] == 0 < tested["passed"]
    answered = publish(written, expected_release=0, expected_revision=1)
    assert answered.status == 202, answered.body
    number = answered.json["proposal"]["id"]
    proposal = author.get(f"/api/v1/proposals/{number}").json
    if proposal["status"] == "open":
        assert proposal["reasons"]
        approver = written.person("approver")
        assert approver.post(f"/api/v1/proposals/{number}/approve").status == 200
        carry_out_waiting()
    release = author.get("/api/v1/releases/1").json
    assert release["number"] == 1
    expected = {key: value for key, value in demo_document().items() if key != "principals"}
    assert author.get("/api/v1/releases/1/document").json == expected
    assert author.get("/api/v1/releases").json["items"] == [release]
    assert author.get("/api/v1/draft").json["unpublished_changes"] == 0
    assert author.get("/api/v1/releases/1/diff").json["changes"]
    assert author.get("/api/v1/draft/diff", "from=1").json["changes"] == []


def released(office: Office) -> None:
    publish(office)
    for proposal in ReleaseProposal.objects.filter(status="open"):
        assert office.person("approver").post(f"/api/v1/proposals/{proposal.pk}/approve").status == 200
    carry_out_waiting()
    assert Release.objects.exists()


def test_lint_says_which_rules_matched_no_call(written: Office) -> None:
    released(written)
    author = written.person("policy_author")

    def unused() -> int:
        return sum(one["code"] == "unused" for one in author.get("/api/v1/draft/lint").json["findings"])

    backdate(1, days=40)
    assert unused() == 0, "uses were not counted then"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_head SET rules_since = now() - interval '40 days'")
    assert unused() == Release.objects.get().rule_count


def test_of_two_publishers_the_second_gets_a_readable_conflict(written: Office) -> None:
    released(written)
    assert written.person("policy_author").post("/api/v1/groups", {"id": "late"}).status == 201
    answered = publish(written, expected_release=0)
    assert (answered.status, answered.json["code"]) == (409, "release.conflict")
    assert (answered.json["expected"], answered.json["current"]) == (0, 1)


def test_publishing_what_is_in_force_already_is_refused(written: Office) -> None:
    released(written)
    answered = publish(written)
    assert answered.status == 409


def test_a_failing_test_needs_a_reason(written: Office) -> None:
    author = written.person("policy_author")
    case = {
        "name": "bob reads minds",
        "principal": "bob",
        "call": {"server": "files", "tool": "minds"},
        "expect": {"decision": "allow"},
    }
    assert author.post("/api/v1/policy-tests", case).status == 201
    answered = publish(written)
    assert (answered.status, answered.json["code"]) == (409, "tests.failing")
    assert [result["name"] for result in answered.json["failing_tests"]] == ["bob reads minds"]


def test_nobody_approves_what_they_proposed(written: Office) -> None:
    owner = written.person("owner")
    assert owner.put("/api/v1/settings", {"two_person": True}).status == 200
    released(written)
    assert written.person("policy_author").post("/api/v1/groups", {"id": "late"}).status == 201
    number = publish(written).json["proposal"]["id"]
    assert owner.get("/api/v1/proposals", "status=open").json["items"][0]["id"] == number
    assert owner.get(f"/api/v1/proposals/{number}/diff").json["changes"]
    assert owner.post(f"/api/v1/proposals/{number}/approve").status == 409
    assert written.person("viewer").post(f"/api/v1/proposals/{number}/approve").status == 403
    assert written.person("approver").post(f"/api/v1/proposals/{number}/refuse", {"reason": "no"}).status == 200
    assert owner.get(f"/api/v1/proposals/{number}").json["status"] == "refused"
    assert Release.objects.count() == 1


def test_going_back_is_a_new_release_with_the_old_document(written: Office) -> None:
    released(written)
    assert written.person("policy_author").post("/api/v1/groups", {"id": "late"}).status == 201
    released(written)
    answered = written.person("owner").post("/api/v1/releases/1/rollback", {"message": "back", "expected_release": 2})
    assert answered.status == 202, answered.body
    carry_out_waiting()
    third = written.person("viewer").get("/api/v1/releases/3").json
    assert (third["kind"], third["rollback_of"]) == ("rollback", 1)
    assert third["digest"] == Release.objects.get(number=1).digest


def test_comments_stand_beside_the_draft(written: Office) -> None:
    author, approver = written.person("policy_author"), written.person("approver")
    made = approver.post("/api/v1/draft/comments", {"text": "Why everyone?", "object_type": "rule", "object_id": "x"})
    assert made.status == 201
    assert author.get("/api/v1/draft/comments").json["items"] == [made.json]
    number = made.json["id"]
    assert author.post(f"/api/v1/draft/comments/{number}/settle").json["resolved_by"] == author.name
    assert author.post(f"/api/v1/draft/comments/{number}/settle").status == 409
    assert author.post("/api/v1/draft/comments/999/settle").status == 404


def test_a_switch_is_set_and_lifted(office: Office) -> None:
    operator = office.person("operator")
    made = operator.post("/api/v1/switches", {"target": "tool:files/read", "reason": "leak"})
    assert made.status == 201, made.body
    assert made.json["on"] is True
    assert made.json["stops"] == "every call to tool files/read"
    where = made.headers["location"]
    assert operator.get("/api/v1/switches", "state=on").json["items"] == [made.json]
    lifted = operator.post(f"{where}/lift", {"reason": "mended"})
    assert (lifted.status, lifted.json["on"], lifted.json["lifted_by"]) == (200, False, operator.name)
    assert operator.get("/api/v1/switches", "state=on").json["items"] == []
    assert operator.post(f"{where}/lift", {"reason": "again"}).status == 409


def test_a_switch_for_an_id_that_nothing_has_is_refused_with_the_nearest(office: Office) -> None:
    operator = office.person("operator")
    body = {"target": "tool:files/raed", "reason": "leak"}
    refused = operator.post("/api/v1/switches", body)
    assert (refused.status, refused.json["code"]) == (409, "switch.unknown")
    assert (refused.json["path"], refused.json["nearest"][0]) == ("/target", "files/read")
    made = operator.post("/api/v1/switches", {**body, "force": True})
    assert (made.status, made.json["stops"]) == (201, "nothing yet: no tool files/raed is known")


def test_lifting_the_switch_for_everything_takes_a_second_person(office: Office) -> None:
    operator, other = office.person("operator"), office.person("operator", name="second")
    number = operator.post("/api/v1/switches", {"target": "all", "reason": "stop"}).json["id"]
    lift = f"/api/v1/switches/{number}/lift"
    assert operator.post(lift, {"reason": "go"}).status == 409
    assert operator.post(lift, {"reason": "go", "second_token": operator.token}).status == 409
    assert operator.post(lift, {"reason": "go", "second_token": "a.b.c"}).status == 403
    through = office.agent_of(other).token
    assert operator.post(lift, {"reason": "go", "second_token": through}).status == 403
    viewer = office.person("viewer")
    assert operator.post(lift, {"reason": "go", "second_token": viewer.token}).status == 403
    lifted = operator.post(lift, {"reason": "go", "second_token": other.token})
    assert (lifted.status, lifted.json["lifted_second"]) == (200, "second")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"target": "nobody", "reason": "x"},
        {"target": "all", "reason": " "},
        {"target": "all:x", "reason": "x"},
        {"target": "all", "reason": "x", "until": "soon"},
        {"target": "all", "reason": "x", "until": "2001-01-01T00:00:00Z"},
        {"target": "all", "reason": "x", "drill": 1},
        {"target": "all", "reason": "x", "extra": 1},
    ],
)
def test_a_switch_that_makes_no_sense_is_refused(office: Office, body: dict[str, Any]) -> None:
    assert office.person("operator").post("/api/v1/switches", body).status in (400, 409)


def test_only_operators_switch_off(office: Office) -> None:
    body = {"target": "all", "reason": "x"}
    for role in ("policy_author", "approver", "auditor", "viewer"):
        assert office.person(role).post("/api/v1/switches", body).status == 403


def test_a_backtest_is_asked_for_and_its_flips_are_listed(written: Office) -> None:
    process, author = written.process, written.person("policy_author")
    read = {"server": "files", "tool": "read", "arguments": {"path": "/srv/ledger/q3.csv"}}
    decided = process.post("/api/v1/decisions", token=process.token("alice"), body=read).json
    assert decided["decision"] == "allow"
    trailed(process)
    deny = {"id": "nobody-reads", "effect": "deny", "subjects": {"everyone": True}, "entities": ["tool:files/read"]}
    assert author.post("/api/v1/rules", {**deny, "justification": "A drill"}).status == 201
    asked = author.post("/api/v1/draft/backtests", {"days": 1})
    assert (asked.status, asked.json["status"]) == (202, "waiting")
    assert carry_out_waiting_backtests() == 1
    run = author.get(asked.headers["location"]).json
    assert run["status"] == "done", run["problem"]
    assert run["result"]["total"] == 1
    assert run["result"]["flipped"] + sum(run["result"]["unknown"].values()) == 1
    assert "q3.csv" not in str(run)
    assert [one["id"] for one in author.get("/api/v1/draft/backtests").json["items"]] == [run["id"]]
    assert written.person("viewer").post("/api/v1/draft/backtests", {"days": 1}).status == 403
    assert author.post("/api/v1/draft/backtests", {"days": 1000}).status == 409
    assert author.get("/api/v1/draft/backtests/999").status == 404

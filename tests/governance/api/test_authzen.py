"""AuthZEN 1.0 at our door: Basic and Batch of the certification scenario, by the standard's own words."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from tests.governance.api.deciding import Process, compiled

READ: dict[str, Any] = {
    "subject": {"type": "user", "id": "alice"},
    "action": {"name": "tools/call"},
    "resource": {"type": "tool", "id": "files/read"},
    "context": {"arguments": {"path": "/srv/ledger/q3.csv"}},
}
DELETE = {**READ, "resource": {"type": "tool", "id": "files/no-such"}}


def evaluate(process: Process, question: Any, *, path: str = "evaluation", **options: Any) -> Any:
    return process.post(f"/access/v1/{path}", token=process.token("alice", agent="reporter"), body=question, **options)


def test_a_permit_and_a_denial_are_both_a_200(process: Process) -> None:
    permit, denial = evaluate(process, READ), evaluate(process, DELETE)
    assert (permit.status, permit.json["decision"]) == (200, True)
    assert (denial.status, denial.json["decision"]) == (200, False)
    assert denial.json["context"]["code"] == "entity.unknown"
    assert permit.headers["content-type"] == "application/json"


def test_unknown_fields_are_ignored(process: Process) -> None:
    question = {**READ, "vendor": {"x": 1}, "subject": {**READ["subject"], "properties": {"mood": "fine"}}}
    assert evaluate(process, question).json["decision"] is True


@pytest.mark.parametrize("missing", ["subject", "action", "resource"])
def test_a_missing_required_field_is_a_400(process: Process, missing: str) -> None:
    question = {key: value for key, value in READ.items() if key != missing}
    assert evaluate(process, question).status == 400


def test_the_request_id_is_echoed(process: Process) -> None:
    answered = evaluate(process, READ, headers={"x-request-id": "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"})
    assert answered.headers["x-request-id"] == "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"


@pytest.mark.parametrize("path", ["evaluation", "evaluations", "search/subject", "search/resource", "search/action"])
@pytest.mark.parametrize("header", [("content-type", "text/plain"), ("content-encoding", "gzip")])
def test_another_content_type_is_a_400_at_every_endpoint(process: Process, path: str, header: tuple[str, str]) -> None:
    assert evaluate(process, READ, path=path, headers=[header]).status == 400


def test_the_subject_must_be_the_tokens_principal(process: Process) -> None:
    assert evaluate(process, {**READ, "subject": {"type": "user", "id": "bob"}}).status == 403
    assert evaluate(process, {**READ, "subject": {"type": "service", "id": "alice"}}).status == 403
    assert evaluate(process, {**READ, "subject": {"type": "identity", "id": "alice"}}).json["decision"] is True
    assert evaluate(process, {**READ, "subject": {"type": "agent", "id": "reporter"}}).json["decision"] is True


def test_an_enforcement_point_asks_about_the_subjects_and_servers_it_lists_and_pays(process: Process) -> None:
    token = process.token("carol", scope=("admin", "pep"), pep_subjects=("alice",), pep_servers=("files",))

    def ask(question: Any) -> Any:
        return process.post("/access/v1/evaluation", token=token, body=question)

    assert ask(READ).json["decision"] is True
    who = process.records()[-1]["who"]
    assert (who["principal"], who["asked_by"], who["links"][0]["roles"]) == ("alice", "carol", ["analyst", "payer"])
    assert ask({**READ, "subject": {"type": "user", "id": "bob"}}).status == 403
    assert ask({**READ, "resource": {"type": "tool", "id": "pay/balance"}}).status == 403
    assert ask({**READ, "subject": {"type": "user", "id": "carol"}}).status == 200


def test_a_list_of_subjects_without_the_scope_is_worth_nothing(process: Process) -> None:
    token = process.token("carol", scope=("admin",), pep_subjects=("alice",), pep_servers=("files",))
    assert process.post("/access/v1/evaluation", token=token, body=READ).status == 403


def test_without_a_token_nothing_is_evaluated(process: Process) -> None:
    answered = process.post("/access/v1/evaluation", body=READ)
    assert answered.status == 401
    assert "www-authenticate" in answered.headers


def test_an_unknown_action_or_resource_type_is_a_denial(process: Process) -> None:
    assert evaluate(process, {**READ, "action": {"name": "tools/eat"}}).json["decision"] is False
    assert evaluate(process, {**READ, "resource": {"type": "galaxy", "id": "milky"}}).json["decision"] is False


@pytest.mark.parametrize("id", ["alice", "enterprise"])
def test_a_subject_of_an_unknown_type_is_a_recorded_denial(process: Process, id: str) -> None:
    answered = evaluate(process, {**READ, "subject": {"type": "spaceship", "id": id}})
    assert (answered.status, answered.json["decision"]) == (200, False)
    assert answered.json["context"]["code"] == "entity.unknown"
    assert process.records()[-1]["who"]["principal"] == "alice"


def test_an_evaluation_is_a_recorded_decision(process: Process) -> None:
    answered = evaluate(process, READ)
    record = process.records()[-1]
    assert record["id"] == answered.json["context"]["id"]
    assert record["data"]["door"] == "authzen"


def test_a_batch_keeps_its_order_and_takes_its_defaults(process: Process) -> None:
    items = [
        {},
        {"resource": {"type": "tool", "id": "files/no-such"}},
        {"context": {"arguments": {"path": "/srv/ledger/a"}}},
    ]
    answered = evaluate(process, {**READ, "evaluations": items}, path="evaluations")
    assert [item["decision"] for item in answered.json["evaluations"]] == [True, False, True]


def test_a_bad_item_is_a_denial_in_its_place(process: Process) -> None:
    items = [{}, {"action": {}}, {"subject": {"type": "user", "id": "bob"}}]
    answered = evaluate(process, {**READ, "evaluations": items}, path="evaluations").json["evaluations"]
    assert [item["decision"] for item in answered] == [True, False, False]
    assert answered[1]["context"]["error"]["status"] == 400
    assert answered[2]["context"]["error"]["status"] == 403


@pytest.mark.parametrize(
    ("semantic", "answers"),
    [
        ("execute_all", [True, False, True]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
def test_a_semantic_ends_the_batch(process: Process, semantic: str, answers: list[bool]) -> None:
    question = {
        **READ,
        "evaluations": [{}, {"resource": DELETE["resource"]}, {}],
        "options": {"evaluations_semantic": semantic},
    }
    answered = evaluate(process, question, path="evaluations").json["evaluations"]
    assert [item["decision"] for item in answered] == answers


@pytest.mark.parametrize("evaluations", [None, []])
def test_without_evaluations_a_batch_is_a_single_evaluation(process: Process, evaluations: Any) -> None:
    question = READ if evaluations is None else {**READ, "evaluations": evaluations}
    assert evaluate(process, question, path="evaluations").json["decision"] is True


def test_a_call_that_owes_a_redaction_is_no_plain_permit(process: Process) -> None:
    document = {key: value for key, value in process.document.items() if key != "principals"}
    detectors = {**document.get("detectors", {}), "action": "redact"}
    process.runtime.snapshot = compiled({**document, "detectors": detectors})
    question = {
        **READ,
        "resource": {"type": "tool", "id": "files/search"},
        "context": {"arguments": {"query": "AKIA" + "2E0A8F3B244C9986"}},
    }
    answer = evaluate(process, question).json
    assert answer["decision"] is False
    assert answer["context"]["obligations"][0]["properties"] == {"do": "redact", "paths": ["/query"]}


KINDS = ["server", "tool", "data_source", "agent", "skill", "plugin"]
HIDDEN = {
    "servers": {"vault": {"scopes": ["admin"], "tools": {"open": {}}}},
    "data_sources": {"hidden": {"scopes": ["admin"]}},
    "skills": {"hidden": {"scopes": ["admin"]}},
    "plugins": {"hidden": {"version": "1.0.0", "scopes": ["admin"]}},
    "agents": {"hidden": {"owner": "carol"}},
}


@pytest.fixture
def with_hidden(process: Process) -> Process:
    """A process with an entity of every kind that alice's reporter cannot see."""
    document = copy.deepcopy(process.document)
    for key, more in HIDDEN.items():
        document.setdefault(key, {}).update(more)
    process.runtime.snapshot = compiled(document)
    return process


@pytest.mark.parametrize("kind", [*KINDS, "galaxy"])
def test_what_is_hidden_is_answered_as_what_does_not_exist_whatever_its_kind(with_hidden: Process, kind: str) -> None:
    hidden = {"server": "vault", "tool": "vault/open"}.get(kind, "hidden")
    absent = hidden.replace("vault", "empty").replace("hidden", "absent")
    answers = []
    for id in (hidden, absent):
        answered = evaluate(with_hidden, {**READ, "resource": {"type": kind, "id": id}})
        answers.append((answered.status, re.sub(rb'"id":"[^"]*"', b"", answered.body)))
    assert answers[0] == answers[1]
    assert answers[0][0] == 200
    assert b'"entity.unknown"' in answers[0][1]


@pytest.mark.parametrize("kind", [*KINDS, "galaxy"])
@pytest.mark.parametrize(
    "id", ["a", "a/b", "a/b/c", "UPPER", "..", "a b", "a/", "/", "\u00e9", "a" * 300, "files/read"]
)
def test_any_resource_id_of_any_kind_is_a_denial_or_a_400(process: Process, kind: str, id: str) -> None:
    answered = evaluate(process, {**READ, "resource": {"type": kind, "id": id}})
    assert answered.status in (200, 400), answered.body
    assert answered.status == 400 or answered.json["decision"] is ((kind, id) == ("tool", "files/read"))
    many = evaluate(process, {**READ, "evaluations": [{"resource": {"type": kind, "id": id}}]}, path="evaluations")
    assert many.status == 200
    assert many.json["evaluations"][0]["decision"] is (answered.status == 200 and answered.json["decision"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_credential_in_an_id_is_refused_and_not_kept(process: Process, kind: str) -> None:
    secret = "ghp_" + "A1b2C3d4E5" * 3 + "f6G7h8"
    answered = evaluate(process, {**READ, "resource": {"type": kind, "id": secret}})
    assert answered.status == 400
    assert secret not in str(process.records())

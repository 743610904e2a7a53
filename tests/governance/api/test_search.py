"""AuthZEN 1.0: Search and Discovery of the certification scenario by the standard's words, and our own promises."""

from __future__ import annotations

from typing import Any

import pytest

from governance.engine.asking.surface import surface
from governance.engine.principal import DirectoryEntry, PrincipalKind, Tier
from tests.governance.api.deciding import ISSUER, Process

SUBJECT = {"type": "user", "id": "alice"}
ACTION = {"name": "tools/call"}
TOOL = {"type": "tool", "id": "files/read"}


def search(process: Process, sought: str, question: Any, *, who: str = "alice", **options: Any) -> Any:
    agent = options.pop("agent", None)
    return process.post(f"/access/v1/search/{sought}", token=process.token(who, agent=agent), body=question, **options)


def resources(process: Process, *, who: str = "alice", **more: Any) -> Any:
    return search(
        process, "resource", {"subject": SUBJECT, "action": ACTION, "resource": {"type": "tool"}, **more}, who=who
    )


# --- Discovery -------------------------------------------------------------------------------------------------------
def test_discovery_names_this_decision_point_and_every_endpoint_answers(process: Process) -> None:
    answered = process.get("/.well-known/authzen-configuration")
    assert answered.status == 200
    assert answered.headers["content-type"] == "application/json"
    found = answered.json
    assert found["policy_decision_point"] == ISSUER
    for key, value in found.items():
        if key.endswith("_endpoint"):
            assert value.startswith(ISSUER + "/"), key
            path = value.removeprefix(ISSUER)
            assert process.post(path, body={}, token=process.token("alice")).status == 400, path


# --- Search: subjects ------------------------------------------------------------------------------------------------
def test_a_subject_search_by_staff_lists_everybody_who_may(process: Process) -> None:
    question = {"subject": {"type": "user", "id": "ignored"}, "action": ACTION, "resource": TOOL}
    answered = search(process, "subject", question, who="carol")
    assert answered.status == 200
    assert {"type": "user", "id": "alice"} in answered.json["results"]
    assert {"type": "user", "id": "dana"} not in answered.json["results"], "suspended"
    assert answered.json["page"]["next_token"] == ""


def test_every_subject_found_evaluates_to_true(process: Process) -> None:
    context = {"arguments": {"path": "/srv/ledger/q3.csv"}}
    question = {"subject": {"type": "user"}, "action": ACTION, "resource": TOOL, "context": context}
    found = [result["id"] for result in search(process, "subject", question, who="carol").json["results"]]
    assert found
    for name in found:
        evaluation = {**question, "subject": {"type": "user", "id": name}}
        answered = process.post("/access/v1/evaluation", token=process.token(name), body=evaluation)
        assert answered.json["decision"] is True, name


def test_others_than_staff_find_only_themselves(process: Process) -> None:
    question = {"subject": {"type": "user"}, "action": ACTION, "resource": TOOL}
    assert search(process, "subject", question).json["results"] == [SUBJECT]
    assert search(process, "subject", question, who="dana").json["results"] == []
    assert search(process, "subject", {**question, "subject": {"type": "service"}}).json["results"] == []


def test_an_enforcement_point_finds_the_subjects_of_its_token(process: Process) -> None:
    token = process.token("bob", scope=("user", "pep"), pep_subjects=("alice", "nightly"), pep_servers=("files",))
    question = {"subject": {"type": "user"}, "action": ACTION, "resource": TOOL}
    found = process.post("/access/v1/search/subject", token=token, body=question).json["results"]
    assert SUBJECT in found
    elsewhere = {**question, "resource": {"type": "tool", "id": "pay/send"}}
    found = process.post("/access/v1/search/subject", token=token, body=elsewhere).json["results"]
    assert SUBJECT not in found, "not a server of this enforcement point"


# --- Search: resources -----------------------------------------------------------------------------------------------
def test_a_resource_search_is_the_surface(process: Process) -> None:
    caller = process.runtime.authenticator.by_token(process.token("alice"), audience="api", now=_now()).caller
    places = surface(process.runtime.snapshot, process.runtime.world, caller, now=_now())
    expected = sorted(place.id for place in places if place.kind == "tool")
    assert [result["id"] for result in resources(process).json["results"]] == expected
    assert expected


def test_with_arguments_every_resource_found_evaluates_to_true(process: Process) -> None:
    context = {"arguments": {"path": "/srv/ledger/q3.csv"}}
    found = resources(process, context=context).json["results"]
    assert found
    for resource in found:
        evaluation = {"subject": SUBJECT, "action": ACTION, "resource": resource, "context": context}
        answered = process.post("/access/v1/evaluation", token=process.token("alice"), body=evaluation)
        assert answered.json["decision"] is True, resource


def test_a_hidden_resource_is_found_no_more_than_one_that_does_not_exist(process: Process) -> None:
    found = {result["id"] for result in resources(process).json["results"]}
    assert "files/delete" not in found
    for id in ("files/delete", "files/no-such-tool"):
        question = {"subject": SUBJECT, "resource": {"type": "tool", "id": id}}
        assert search(process, "action", question).body == search(process, "action", {**question}).body
        assert search(process, "action", question).json["results"] == []
        by_subject = {"subject": {"type": "user"}, "action": ACTION, "resource": {"type": "tool", "id": id}}
        assert search(process, "subject", by_subject).json["results"] == []


def test_an_agents_bounds_narrow_the_search(process: Process) -> None:
    question = {"subject": SUBJECT, "action": ACTION, "resource": {"type": "tool"}}
    own = {result["id"] for result in search(process, "resource", question).json["results"]}
    through = {result["id"] for result in search(process, "resource", question, agent="coder").json["results"]}
    labelled = {**question, "context": {"agent_id": "coder"}}
    assert through < own
    assert {result["id"] for result in search(process, "resource", labelled).json["results"]} == through


def test_somebody_else_is_asked_about_by_staff_only(process: Process) -> None:
    question = {"subject": {"type": "user", "id": "bob"}, "action": ACTION, "resource": {"type": "tool"}}
    assert search(process, "resource", question).status == 403
    assert search(process, "resource", question, who="carol").status == 200
    assert search(process, "resource", question, who="carol", agent="coder").status == 403, "staff act in person"
    unknown = {**question, "subject": {"type": "user", "id": "nobody"}}
    assert search(process, "resource", unknown, who="carol").json["results"] == []


# --- Search: actions -------------------------------------------------------------------------------------------------
def test_an_action_search_answers_the_one_action_there_is(process: Process) -> None:
    question = {"subject": SUBJECT, "resource": TOOL}
    assert search(process, "action", question).json["results"] == [ACTION]


def test_an_unknown_action_or_type_finds_nothing(process: Process) -> None:
    question = {"subject": SUBJECT, "action": {"name": "tools/eat"}, "resource": {"type": "tool"}}
    assert search(process, "resource", question).json["results"] == []
    question = {"subject": SUBJECT, "action": ACTION, "resource": {"type": "galaxy"}}
    assert search(process, "resource", question).json["results"] == []


@pytest.mark.parametrize("who", ["alice", "carol"])
@pytest.mark.parametrize("sought", ["subject", "resource", "action"])
@pytest.mark.parametrize("part", ["subject", "resource"])
def test_a_type_that_nobody_knows_is_an_empty_search(process: Process, who: str, sought: str, part: str) -> None:
    question = {"subject": {"type": "user", "id": who}, "action": ACTION, "resource": TOOL}
    answered = search(process, sought, {**question, part: {"type": "spaceship", "id": "r"}}, who=who)
    assert (answered.status, answered.json["results"]) == (200, [])
    assert answered.json["page"]["next_token"] == ""


# --- Pages and faults ------------------------------------------------------------------------------------------------
def test_pages_put_together_are_the_whole(process: Process) -> None:
    whole = resources(process).json["results"]
    found, token, pages = [], None, 0
    while token != "":
        page = {"limit": 1} if token is None else {"limit": 1, "token": token}
        answered = resources(process, page=page).json
        found += answered["results"]
        token, pages = answered["page"]["next_token"], pages + 1
    assert found == whole
    assert pages == len(whole) > 1


@pytest.mark.parametrize(
    "change",
    [
        {"context": {"arguments": {"path": "/x"}}},
        {"resource": {"type": "server"}},
        {"action": {"name": "tools/eat"}},
    ],
)
def test_a_page_token_is_refused_for_another_search(process: Process, change: dict[str, Any]) -> None:
    token = resources(process, page={"limit": 1}).json["page"]["next_token"]
    answered = resources(process, page={"limit": 1, "token": token}, **change)
    assert (answered.status, answered.json["code"]) == (400, "cursor.invalid")


def test_a_page_token_is_refused_for_another_reader_and_when_altered(process: Process) -> None:
    token = resources(process, page={"limit": 1}).json["page"]["next_token"]
    assert resources(process, page={"token": token}, who="carol").status == 400
    assert resources(process, page={"token": token[:-2] + ("AA" if token[-2:] != "AA" else "BB")}).status == 400
    assert resources(process, page={"token": "x"}).status == 400
    assert resources(process, page={"token": token}).status == 200


def test_a_limit_beyond_a_page_is_answered_by_a_page(process: Process) -> None:
    answered = resources(process, page={"limit": 5000})
    assert answered.status == 200
    assert answered.json["results"] == resources(process).json["results"]


def test_a_limit_of_none_says_whether_there_is_more_and_loses_nothing(process: Process) -> None:
    none = resources(process, page={"limit": 0}).json
    assert none["results"] == []
    token = none["page"]["next_token"]
    assert token
    assert resources(process, page={"token": token}).json["results"] == resources(process).json["results"]


@pytest.mark.parametrize("missing", ["subject", "resource"])
@pytest.mark.parametrize("sought", ["subject", "resource", "action"])
def test_a_missing_required_field_is_a_400(process: Process, sought: str, missing: str) -> None:
    question = {"subject": SUBJECT, "action": ACTION, "resource": TOOL}
    del question[missing]
    assert search(process, sought, question).status == 400


@pytest.mark.parametrize("page", [[], {"limit": -1}, {"limit": 1.5}, {"limit": True}, {"token": 3}, {"limit": "5"}])
def test_a_page_of_the_wrong_shape_is_a_400(process: Process, page: Any) -> None:
    assert resources(process, page=page).status == 400


def test_unknown_fields_are_ignored_and_the_request_id_is_echoed(process: Process) -> None:
    question = {"subject": SUBJECT, "action": ACTION, "resource": {"type": "tool", "id": "x"}, "vendor": 1}
    answered = search(process, "resource", question, headers={"x-request-id": "a-1"})
    assert answered.status == 200
    assert answered.headers["x-request-id"] == "a-1"


def test_without_a_token_nothing_is_searched(process: Process) -> None:
    answered = process.post("/access/v1/search/resource", body={})
    assert answered.status == 401
    assert "www-authenticate" in answered.headers


def test_a_thousand_people_are_found_page_by_page_in_order(process: Process) -> None:
    directory = dict(process.runtime.directory.state.principals)
    alice = directory["alice"]
    for number in range(1_000):
        directory[f"person-{number:04}"] = DirectoryEntry(
            kind=PrincipalKind.USER,
            active=number % 10 != 0,
            tier=Tier.USER,
            epoch=1,
            roles=alice.roles,
            departments=alice.departments,
        )
    process.runtime.world = type(process.runtime.world).of(
        confirmed_at=process.runtime.world.confirmed_at, directory=directory
    )
    question = {"subject": {"type": "user"}, "action": ACTION, "resource": TOOL, "page": {"limit": 1000}}
    found = [result["id"] for result in search(process, "subject", question, who="carol").json["results"]]
    people = [name for name in found if name.startswith("person-")]
    assert people == [f"person-{number:04}" for number in range(1_000) if number % 10]


def _now() -> float:
    import time

    return time.time()

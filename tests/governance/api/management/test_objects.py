"""Objects of the draft over the API: the policy file's keys, versions, reach, history."""

from __future__ import annotations

from typing import Any

import pytest

from governance.api.management.objects.resources import RESOURCES
from governance.models import DraftState, Rule
from governance.policy.document.moments import moment as read_moment
from governance.policy.files.json_schema import json_schema
from governance.policy.tables.compiler import read_draft
from governance.policy.tables.row_mapping import ROW_MAPPINGS
from tests.governance.api.management.clients import Office

RULE: dict[str, Any] = {
    "id": "finance-reads",
    "effect": "allow",
    "subjects": {"roles": ["analyst"]},
    "entities": ["tool:files/read"],
    "when": "args.path.endsWith('.csv')",
    "justification": "Monthly close",
}
INTO = {"header": "Authorization", "template": "Bearer {value}"}
SAMPLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "departments": ({"id": "legal", "name": "Legal"}, {"name": "Law"}),
    "groups": ({"id": "night"}, {"name": "Night"}),
    "roles": ({"id": "auditing", "tier": "user"}, {"tier": "service"}),
    "test-principals": ({"id": "eve", "tier": "admin"}, {"roles": ["auditing"]}),
    "agents": ({"id": "scribe", "owner": "eve"}, {"owner": "eve", "enabled": False}),
    "servers": ({"id": "mail", "name": "Mail"}, {"name": "Post"}),
    "tools": ({"id": "mail/send.it", "sensitivity": "restricted"}, {"enabled": False}),
    "data-sources": ({"id": "crm", "patterns": {"path": ["/crm/**"]}}, {"departments": ["legal"]}),
    "skills": ({"id": "sum", "description": "Sums"}, {"tags": ["text"]}),
    "plugins": ({"id": "chat", "version": "1.0.0"}, {"version": "1.1.0"}),
    "bindings": (
        {"secret": "mail-key", "server": "mail", "into": INTO},
        {"secret": "mail-key", "server": "mail", "into": INTO, "hosts": ["mail.example.org"]},
    ),
    "rules": (RULE, {key: value for key, value in RULE.items() if key not in ("id", "when")}),
    "blocklist/entries": (
        {"id": "no-meta", "kind": "host", "pattern": "169.254.169.254"},
        {"kind": "host", "pattern": "169.254.169.254", "mode": "shadow"},
    ),
    "detectors/own": (
        {"id": "acme", "pattern": "acme_[a-z]{4}[0-9]{8}", "examples": {"match": ["acme_abcd12345678"]}},
        {"pattern": "acme_[a-z]{3}[0-9]{8}", "examples": {"match": ["acme_abc12345678"]}},
    ),
    "exemptions": (
        {"layer": "secrets", "name": "jwt", "entity": "tool:mail/send.it", "until": "2027-01-01T00:00:00Z",
         "justification": "It verifies tokens"},
        {"layer": "secrets", "name": "jwt", "entity": "tool:mail/send.it", "until": "2027-02-01T00:00:00Z",
         "justification": "It verifies tokens"},
    ),
    "hooks": (
        {"id": "friday", "event": "PreToolUse", "matcher": "mail/*", "type": "command", "command": "friday"},
        {"event": "PreToolUse", "matcher": "mail/*", "type": "command", "command": "friday", "enabled": False},
    ),
    "policy-tests": (
        {"name": "eve may not", "principal": "eve", "call": {"server": "mail", "tool": "send.it"},
         "expect": {"decision": "deny"}},
        {"name": "eve may not", "principal": "eve", "call": {"server": "mail", "tool": "send.it"},
         "expect": {"decision": "deny", "layer": "scope"}},
    ),
}  # fmt: skip
SINGLES: dict[str, dict[str, Any]] = {
    "blocklist": {"off": ["builtin"]},
    "detectors": {"action": "redact"},
    "settings": {"two_person": True},
    "limits": {"burst_multiplier": 4},
    "layers/blocklist": {"mode": "shadow", "until": "2026-12-01T00:00:00Z"},
}


def test_every_home_of_the_draft_has_a_path() -> None:
    assert {resource.model for resource in RESOURCES} == {home.model for home in ROW_MAPPINGS}
    assert {*SAMPLES, *SINGLES} == {
        "layers/blocklist" if resource.path == "layers" else resource.path for resource in RESOURCES
    }


def without_meta(shown: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in shown.items() if key != "meta"}


def prepared(office: Office, path: str) -> Any:
    author = office.person("policy_author")
    for earlier, (sample, _) in SAMPLES.items():
        if earlier == path:
            break
        if earlier in ("servers", "tools"):
            assert author.post(f"/api/v1/{earlier}", sample).status == 201
    return author


@pytest.mark.parametrize("path", list(SAMPLES))
def test_an_object_is_added_read_listed_written_and_removed(office: Office, path: str) -> None:
    author = prepared(office, path)
    sample, other = SAMPLES[path]
    made = author.post(f"/api/v1/{path}", sample, toolgate_reason="because")
    assert made.status == 201, made.body
    assert made.headers["location"] == f"/api/v1/{path}/{made.json['id']}"
    assert without_meta(made.json) == {"id": made.json["id"], **sample}
    where = made.headers["location"]
    assert author.get(where).json == made.json
    assert made.json in author.get(f"/api/v1/{path}").json["items"]

    written = author.put(where, other, made.etag)
    assert written.status == 200, written.body
    assert without_meta(written.json) == {"id": made.json["id"], **other}
    assert written.etag != made.etag
    assert written.json["meta"]["updated_by"] == author.name

    history = author.get(f"{where}/history").json["items"]
    assert [entry["action"] for entry in history] == ["changed", "created"]
    assert history[1]["reason"] == "because"
    assert author.delete(where, made.etag).status == 412
    assert author.delete(where, written.etag).status == 204
    assert author.get(where).status == 404


@pytest.mark.parametrize("path", list(SINGLES))
def test_what_there_is_one_of_is_read_and_written(office: Office, path: str) -> None:
    author = office.person("policy_author")
    before = author.get(f"/api/v1/{path}")
    if path.startswith("layers"):
        assert before.status == 404, "nobody wrote it down yet"
        etag = '"0"'
    else:
        assert before.json["meta"]["revision"] == 0
        etag = before.etag
    written = author.put(f"/api/v1/{path}", SINGLES[path], etag)
    assert written.status == 200, written.body
    assert {key: value for key, value in without_meta(written.json).items() if key != "id"} == SINGLES[path]
    assert author.put(f"/api/v1/{path}", SINGLES[path], etag).status == 412
    assert [one["action"] for one in author.get(f"/api/v1/{path}/history").json["items"]] == ["created"]


def test_what_the_api_writes_is_what_the_policy_file_says(office: Office) -> None:
    author = office.person("policy_author")
    for path in ("departments", "servers", "tools", "rules"):
        assert author.post(f"/api/v1/{path}", SAMPLES[path][0]).status == 201
    document = read_draft().document
    assert document["rules"] == [RULE]
    assert document["servers"] == {"mail": {"name": "Mail", "tools": {"send.it": {"sensitivity": "restricted"}}}}
    assert DraftState.objects.get().changed_revision == 4


def test_of_two_writers_one_gets_both_versions_to_look_at(office: Office) -> None:
    first, second = office.person("policy_author"), office.person("owner")
    made = first.post("/api/v1/rules", RULE)
    where = made.headers["location"]
    mine = {**SAMPLES["rules"][1], "justification": "mine"}
    assert first.put(where, mine, made.etag).status == 200
    answered = second.put(where, {**mine, "justification": "theirs"}, made.etag)
    assert answered.status == 412
    problem = answered.json
    assert problem["code"] == "object.changed"
    assert problem["by"] == first.name
    assert problem["fields"] == ["justification"]
    assert problem["theirs"]["justification"] == "mine"
    assert problem["yours"]["justification"] == "theirs"
    assert (problem["expected"], problem["current"]) == (1, 2)
    assert Rule.objects.get().justification == "mine"


def test_nothing_is_written_over_unseen(office: Office) -> None:
    author = office.person("policy_author")
    made = author.post("/api/v1/rules", RULE)
    where = made.headers["location"]
    assert author.ask("PUT", where, RULE).status == 428
    assert author.ask("DELETE", where).status == 428
    assert author.ask("PUT", where, {**RULE, "meta": made.json["meta"]}).status == 200
    assert author.ask("PUT", where, RULE, if_match="nonsense").status == 400


def test_an_id_is_taken_once(office: Office) -> None:
    author = office.person("policy_author")
    assert author.post("/api/v1/rules", RULE).status == 201
    answered = author.post("/api/v1/rules", RULE)
    assert (answered.status, answered.json["code"], answered.json["path"]) == (409, "object.exists", "/id")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"effect": "perhaps"}, "/effect"),
        ({"subjects": {"roles": []}}, "/subjects/roles"),
        ({"subjects": {"rolls": ["x"]}}, "/subjects/rolls"),
        ({"unknown": 1}, "/unknown"),
        ({"when": "args.path.endsWith("}, "/when"),
        ({"entities": ["tool:a b"]}, "/entities/0"),
        ({"id": "Not A Slug"}, "/id"),
        ({"id": 7}, "/id"),
        ({"valid_from": "yesterday"}, "/valid_from"),
    ],
)
def test_every_fault_is_told_by_its_path(office: Office, change: dict[str, Any], path: str) -> None:
    answered = office.person("policy_author").post("/api/v1/rules", {**RULE, **change})
    assert answered.status == 400, answered.body
    assert answered.json["path"] == path
    assert not Rule.objects.exists()


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("rules", {**RULE, "effect": "deny", "justification": " "}, "/justification"),
        ("rules", {**RULE, "subjects": {"agents": ["scribe"]}}, "/subjects"),
        ("rules", {**RULE, "approval": {"expires": 60}}, "/approval"),
        ("hooks", {"id": "h", "event": "PreToolUse", "type": "command"}, "/command"),
        ("hooks", {**SAMPLES["hooks"][0], "category": "system", "on_failure": "allow"}, "/on_failure"),
        ("servers", {"id": "mail", "transport": {"kind": "stdio"}}, "/transport"),
        ("data-sources", {"id": "crm", "sensitivity": "restricted", "default_allow": True}, "/default_allow"),
        ("bindings", {**SAMPLES["bindings"][0], "into": {"argument": "/key"}}, "/hosts"),
        ("exemptions", {**SAMPLES["exemptions"][0], "justification": " "}, "/justification"),
    ],
)
def test_a_body_that_breaks_the_policys_law_is_refused_at_its_key(
    office: Office, path: str, body: dict[str, Any], where: str
) -> None:
    answered = office.person("policy_author").post(f"/api/v1/{path}", body)
    assert (answered.status, answered.json["code"], answered.json["path"]) == (400, "policy.invalid", where)


def test_several_faults_are_told_at_once(office: Office) -> None:
    answered = office.person("policy_author").post("/api/v1/rules", {**RULE, "effect": "x", "entities": []})
    assert {error["path"] for error in answered.json["errors"]} == {"/effect", "/entities"}


def test_the_id_of_an_object_cannot_be_changed(office: Office) -> None:
    author = office.person("policy_author")
    where = author.post("/api/v1/rules", RULE).headers["location"]
    assert author.put(where, {**RULE, "id": "other"}).json["path"] == "/id"


def test_a_tool_needs_its_server(office: Office) -> None:
    answered = office.person("policy_author").post("/api/v1/tools", {"id": "nowhere/x"})
    assert (answered.status, answered.json["path"]) == (400, "/id")


def test_tools_are_not_written_through_their_server(office: Office) -> None:
    answered = office.person("policy_author").post("/api/v1/servers", {"id": "mail", "tools": {"x": {}}})
    assert (answered.status, answered.json["path"]) == (400, "/tools")


def test_lists_come_a_page_at_a_time_to_their_reader_alone(office: Office) -> None:
    author, viewer = office.person("policy_author"), office.person("viewer")
    for number in range(5):
        assert author.post("/api/v1/groups", {"id": f"g{number}"}).status == 201
    found: list[str] = []
    after = ""
    while True:
        page = author.get("/api/v1/groups", f"limit=2&after={after}").json
        found += [item["id"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
        assert viewer.get("/api/v1/groups", f"limit=2&after={after}").json["code"] == "cursor.invalid"
        assert author.get("/api/v1/roles", f"limit=2&after={after}").status == 400
        assert author.get("/api/v1/groups", f"limit=2&q=g&after={after}").status == 400
    assert found == [f"g{number}" for number in range(5)]
    assert [item["id"] for item in author.get("/api/v1/groups", "q=G3").json["items"]] == ["g3"]


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=501", "what=1", "limit=1&limit=2", "after=abc"])
def test_a_query_that_means_nothing_is_refused(office: Office, query: str) -> None:
    assert office.person("viewer").get("/api/v1/rules", query).status == 400


def test_a_removed_object_keeps_its_history_for_those_who_see_everything(office: Office) -> None:
    author = office.person("policy_author")
    where = author.post("/api/v1/rules", RULE).headers["location"]
    author.delete(where)
    assert [entry["action"] for entry in author.get(f"{where}/history").json["items"]] == ["deleted", "created"]
    near = office.person("policy_author", scope_kind="department", scope="legal")
    assert near.get(f"{where}/history").status == 404
    assert author.get("/api/v1/rules/never-was/history").status == 404


@pytest.mark.parametrize("path", sorted(SAMPLES))
def test_every_list_is_searched_by_what_it_holds(office: Office, path: str) -> None:
    author = office.person("policy_author")
    assert author.get(f"/api/v1/{path}", "q=nothing-is-called-so").json["items"] == []


def test_a_tool_is_found_by_its_servers_id(office: Office) -> None:
    author = office.person("policy_author")
    author.post("/api/v1/servers", {"id": "mail"})
    author.post("/api/v1/tools", {"id": "mail/send"})
    assert [item["id"] for item in author.get("/api/v1/tools", "q=mai").json["items"]] == ["mail/send"]


DATED: dict[str, tuple[str, ...]] = {
    "rules": ("valid_from", "valid_until"),
    "exemptions": ("until",),
    "policy-tests": ("at",),
    "layers/blocklist": ("until",),
}
"""Where the policy file takes a time."""
EARLY = ["0001-01-01T00:00:00Z", "0999-12-31T23:59:59Z", "0999-12-31T23:59:59.000+02:00", "9999-12-31T23:59:59Z"]
NEVER = ["0001-01-01T00:00:00+14:00", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"]


def test_every_time_of_the_policy_file_is_among_these() -> None:
    def times(node: Any, name: str) -> set[str]:
        if isinstance(node, dict):
            here = {name} if node.get("format") == "date-time" else set()
            return here.union(*(times(item, key) for key, item in node.items()))
        return set().union(*(times(item, name) for item in node)) if isinstance(node, list) else set()

    assert times(json_schema(), "") == {name for names in DATED.values() for name in names}


@pytest.mark.parametrize("moment", [*EARLY, *NEVER])
@pytest.mark.parametrize(("path", "key"), [(path, key) for path, keys in DATED.items() for key in keys])
def test_a_time_of_any_year_is_kept_or_refused_by_its_name(office: Office, path: str, key: str, moment: str) -> None:
    author = prepared(office, path)
    if path in SINGLES:
        answered = author.put(f"/api/v1/{path}", {**SINGLES[path], key: moment})
    else:
        answered = author.post(f"/api/v1/{path}", {**SAMPLES[path][0], key: moment})
    if moment in NEVER:
        assert answered.status == 400, answered.body
        assert f"/{key}" in answered.body.decode()
        return
    if answered.status in (400, 409, 422):  # refused for what it means: an end before its beginning, or too far
        assert f"/{key}" in answered.body.decode(), answered.body
        return
    assert answered.status in (200, 201), answered.body
    shown = author.get(f"/api/v1/{path}" if path in SINGLES else answered.headers["location"])
    assert shown.status == 200, shown.body
    assert read_moment(shown.json[key]) == read_moment(moment)
    assert read_draft().document

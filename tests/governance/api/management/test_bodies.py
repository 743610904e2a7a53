"""Bodies are read strictly: nothing unknown, nothing coerced, and the first fault says where it is."""

from __future__ import annotations

from typing import Any

import pytest

from governance.api.door.exchange import Problem
from governance.api.management.backtests.bodies import BacktestBody
from governance.api.management.door.fields import ManyField, TextField
from governance.api.management.door.serializers import Body
from governance.api.management.draft.bodies import NothingBody, PublishBody
from governance.api.management.people.bodies import GrantBody
from governance.api.management.questions.bodies import AskBody, WhoCanBody
from governance.api.management.switches.bodies import LiftBody, SwitchBody
from tests.governance.api.management.clients import Office

CALL = {"server": "files", "tool": "read"}


class Inner(Body):
    tags = ManyField(child=TextField(max_length=3), max_length=2)


class Outer(Body):
    inner = Inner()


@pytest.mark.parametrize(
    ("body", "sent", "code", "path"),
    [
        (NothingBody, {"a": 1}, "field.unknown", "/a"),
        (SwitchBody, {"a/b~": 1, "target": 7}, "field.unknown", "/a~1b~0"),
        (SwitchBody, {}, "field.missing", "/target"),
        (SwitchBody, {"target": None, "reason": "x"}, "field.missing", "/target"),
        (SwitchBody, {"target": 7, "reason": "x"}, "field.type", "/target"),
        (SwitchBody, {"target": True, "reason": "x"}, "field.type", "/target"),
        (SwitchBody, {"target": "all", "reason": "x", "drill": "true"}, "field.type", "/drill"),
        (SwitchBody, {"target": "all", "reason": "x", "drill": 1}, "field.type", "/drill"),
        (SwitchBody, {"target": "all", "reason": "x", "drill": None}, "field.missing", "/drill"),
        (SwitchBody, {"target": "all", "reason": "x", "until": 7}, "field.type", "/until"),
        (SwitchBody, {"target": "all", "reason": "x", "until": "soon"}, "field.format", "/until"),
        (SwitchBody, {"target": "all", "reason": "x" * 4_001}, "field.size", "/reason"),
        (LiftBody, {"reason": "a\0b"}, "field.size", "/reason"),
        (BacktestBody, {"days": "1"}, "field.type", "/days"),
        (BacktestBody, {"days": 1.0}, "field.type", "/days"),
        (BacktestBody, {"days": True}, "field.type", "/days"),
        (PublishBody, {"message": "m", "expected_release": -1}, "field.value", "/expected_release"),
        (WhoCanBody, {"call": CALL, "limit": 0}, "field.value", "/limit"),
        (WhoCanBody, {"call": CALL, "limit": 1_001}, "field.value", "/limit"),
        (WhoCanBody, {"call": None}, "field.missing", "/call"),
        (WhoCanBody, {"call": {"entity": "tool:a/b", "tool": "b"}}, "field.unknown", "/call/tool"),
        (WhoCanBody, {"call": {"entity": None}}, "field.missing", "/call/entity"),
        (AskBody, {"call": CALL}, "field.missing", "/principal"),
        (AskBody, {"call": CALL, "principal": "a b"}, "field.format", "/principal"),
        (AskBody, {"call": CALL, "principal": {"roles": ["a", "a b"]}}, "field.format", "/principal/roles/1"),
        (AskBody, {"call": CALL, "principal": {"age": 7}}, "field.unknown", "/principal/age"),
        (AskBody, {"call": CALL, "principal": "alice", "policy": "1"}, "field.value", "/policy"),
        (Outer, {"inner": []}, "field.type", "/inner"),
        (Outer, {"inner": {"tags": {}}}, "field.type", "/inner/tags"),
        (Outer, {"inner": {"tags": ["a", "b", "c"]}}, "field.size", "/inner/tags"),
        (Outer, {"inner": {"tags": ["a", 1]}}, "field.type", "/inner/tags/1"),
    ],
)
def test_a_faulty_body_is_refused_with_the_path_of_its_first_fault(
    body: type[Body], sent: dict[str, Any], code: str, path: str
) -> None:
    with pytest.raises(Problem) as refused:
        body.read(sent)
    assert (refused.value.status, refused.value.code, refused.value.path) == (400, code, path)


def test_what_is_left_out_has_its_default_and_what_is_sent_stays_as_it_is() -> None:
    assert SwitchBody.read({"target": " all ", "reason": ""}) == {
        "target": " all ",
        "reason": "",
        "until": None,
        "drill": False,
        "force": False,
    }


def test_a_timestamp_of_a_grant_is_refused_in_its_own_words(office: Office) -> None:
    user = office.person("viewer").name
    with pytest.raises(Problem) as refused:
        GrantBody.read({"user": user, "role": "auditor", "reason": "x", "valid_until": "soon"})
    assert refused.value.detail == "Must be a timestamp."


def test_what_is_not_there_is_told_before_faults_of_the_body(office: Office) -> None:
    owner = office.person("owner")
    for path in ("switches/9/lift", "releases/9/rollback", "users/ghost/sign-out"):
        assert owner.post(f"/api/v1/{path}", {"what": 1}).status == 404, path

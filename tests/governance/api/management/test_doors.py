"""Who may come in: an owner, a colleague of each role, an outsider, and an agent walk every route."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import URLPattern

from accounts.models.staff import PERMISSIONS, StaffRole, role_gives
from governance.api.management.objects.resources import RESOURCES
from governance.api.management.urls import urlpatterns
from tests.governance.api.deciding import compiled, demo_document
from tests.governance.api.management.clients import Answered, Office
from tests.governance.api.management.test_objects import SAMPLES

PROBLEM = {"type", "title", "status", "code", "detail", "request_id"}
EXAMPLE = {"server": "mail", "tool": "send", "record": "01a2006c-ab8e-71ca-bb62-2b4f0c0f5624"}
QUESTIONS = {"explain", "simulate", "why-not", "who-can", "what-can"}


def routes() -> list[tuple[str, str]]:
    """Every method and path of the management API, with something in the place of what varies."""
    found = []
    for route in urlpatterns:
        if not isinstance(route, URLPattern) or route.name == "manage-unknown":
            continue
        path = "/" + route.pattern.regex.pattern.removeprefix("^").removesuffix(r"\Z")
        for name in route.pattern.regex.groupindex:
            start = path.index(f"(?P<{name}>")
            end = _closing(path, start)
            numbered = path[start:end].startswith("(?P<key>[1-9]")
            path = (
                path[:start]
                + ("7" if numbered else "blocklist" if "/layers/" in path else EXAMPLE.get(name, "thing"))
                + path[end + 1 :]
            )
        view: Any = route.callback
        for method in ("GET", "POST", "PUT", "DELETE"):
            if hasattr(view.cls, method.lower()):
                found.append((method, path))
    return found


def _closing(text: str, start: int) -> int:
    depth = 0
    for index in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index
    raise AssertionError(text)


def is_problem(answered: Answered) -> bool:
    return answered.headers["content-type"] == "application/problem+json" and set(answered.json) >= PROBLEM


def test_there_is_something_to_walk() -> None:
    assert len(routes()) > 100


@pytest.fixture
def unhurried(office: Office) -> Office:
    """Staff of a process without limits: who walks every route makes more requests than a lowered credential has."""
    office.process.runtime.snapshot = compiled({**office.process.document, "rate_limits": {"disabled": True}})
    return office


def test_nobody_comes_in_without_a_token_of_their_own(unhurried: Office) -> None:
    office = unhurried
    outsider, viewer = office.person(), office.person("viewer")
    through = office.agent_of(viewer)
    ghost = office.person(name="ghost")
    ghost.token = office.process.token("never-heard-of")
    stranger = office.nobody
    for number, (method, path) in enumerate(routes()):
        asks_about_own = path.removeprefix("/api/v1/") in QUESTIONS
        # From another network each time: one without a token is soon told to wait.
        stranger.client.defaults["REMOTE_ADDR"] = f"10.0.{number}.1"
        nobody = stranger.ask(method, path, {})
        assert (nobody.status, is_problem(nobody)) == (401, True), (method, path)
        assert "resource_metadata" in nobody.headers["www-authenticate"]
        for person, code in ((outsider, "staff.missing"), (ghost, "staff.missing"), (through, "token.agent")):
            answered = person.ask(method, path, {})
            assert answered.status == 403, (method, path, answered.body)
            assert answered.json["code"] == ("staff.missing" if asks_about_own else code), (method, path)
            assert is_problem(answered)


@pytest.mark.parametrize("scope", ["anonymous", "mcp", "a2a", "service", "mcp anonymous"])
def test_a_lowered_token_carries_no_staff_rights_at_any_route(unhurried: Office, scope: str) -> None:
    office = unhurried
    owner = office.person("owner")
    owner.token = office.process.token(owner.name, scope=tuple(scope.split()))
    for method, path in routes():
        asks_about_own = path.removeprefix("/api/v1/") in QUESTIONS
        answered = owner.ask(method, path, {})
        assert answered.status == 403, (method, path, answered.body)
        assert answered.json["code"] == ("staff.missing" if asks_about_own else "token.lowered"), (method, path)
    decided = office.process.post("/api/v1/decisions", token=owner.token, body={"server": "files", "tool": "read"})
    assert "policy" not in decided.json


def test_a_scope_that_lowers_nothing_takes_no_staff_rights(office: Office) -> None:
    viewer = office.person("viewer")
    for scope in (("user",), ("admin",), ("user", "anonymous"), ("pep",)):
        viewer.token = office.process.token(viewer.name, scope=scope)
        assert viewer.get("/api/v1/rules").status == 200


def test_a_token_for_another_door_does_not_open_this_one(office: Office) -> None:
    viewer = office.person("viewer")
    for audience in ("hook", "web", "http://127.0.0.1:8000/mcp/files"):
        viewer.token = office.process.token(viewer.name, audience=audience)
        assert viewer.get("/api/v1/rules").status == 401


@pytest.mark.parametrize("role", [role for role in StaffRole.values if role != StaffRole.OWNER])
def test_a_role_writes_what_it_may_write_and_nothing_else(office: Office, role: str) -> None:
    person = office.person(role)
    for resource in RESOURCES:
        path = f"/api/v1/{resource.path}"
        may_add = role_gives(role, resource.perm("add"))
        looked = person.get(path if resource.single else path)
        assert looked.status == (200 if role_gives(role, resource.perm("view")) else 403), path
        if not resource.single:
            added = person.post(path, SAMPLES.get(resource.path, ({},))[0] or {"id": "secrets", "mode": "enforce"})
            assert (added.status == 403) is not may_add, (role, path, added.body)
            if not may_add:
                assert added.json["code"] == "permission.missing"
        else:
            written = person.put(path, {})
            assert (written.status == 403) is not role_gives(role, resource.perm("change")), (role, path)
    assert PERMISSIONS[StaffRole(role)]


def test_a_grant_for_one_server_reaches_that_server_alone(office: Office) -> None:
    author = office.person("policy_author")
    near = office.person("policy_author", scope_kind="server", scope="mail")
    for name in ("mail", "bank"):
        assert author.post("/api/v1/servers", {"id": name}).status == 201
        assert author.post("/api/v1/tools", {"id": f"{name}/send"}).status == 201
    assert [one["id"] for one in near.get("/api/v1/servers").json["items"]] == ["mail"]
    assert near.get("/api/v1/servers/mail").status == 200
    assert near.put("/api/v1/tools/mail/send", {"enabled": False}).status == 200
    hidden, missing = (
        near.get("/api/v1/servers/bank", x_request_id="a"),
        near.get("/api/v1/servers/no", x_request_id="a"),
    )
    assert hidden.status == missing.status == 404
    assert hidden.json == missing.json
    assert near.put("/api/v1/tools/bank/send", {"enabled": False}).status == 404
    assert near.delete("/api/v1/tools/bank/send").status == 404
    assert near.get("/api/v1/servers/bank/history").status == 404
    assert near.post("/api/v1/tools", {"id": "bank/other"}).status == 400
    assert near.post("/api/v1/departments", {"id": "mine"}).status == 403
    assert near.put("/api/v1/settings", {"two_person": True}).status == 403


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("GET", "/api/v1/no-such-thing", {}, 404),
        ("GET", "/api/v1/rules/", {}, 404),
        ("GET", "/api/v1/rules/Not A Slug", {}, 404),
        ("PATCH", "/api/v1/rules", {}, 405),
        ("POST", "/api/v1/rules", {"raw": b"{", "content_type": "application/json"}, 400),
        ("POST", "/api/v1/rules", {"raw": b'{"a":1,"a":2}', "content_type": "application/json"}, 400),
        ("POST", "/api/v1/rules", {"raw": b"[]", "content_type": "application/json"}, 400),
        ("POST", "/api/v1/rules", {"raw": b"{}", "content_type": "text/plain"}, 415),
        ("POST", "/api/v1/rules", {"raw": b"{" + b" " * 270_000 + b"}", "content_type": "application/json"}, 413),
        ("GET", "/api/v1/rules", {"query": "format=html"}, 400),
        ("GET", "/api/v1/rules", {"accept": "text/html"}, 200),
    ],
)
def test_every_refusal_has_the_one_shape(
    office: Office, method: str, path: str, more: dict[str, Any], status: int
) -> None:
    answered = office.person("owner").ask(method, path, **more)
    assert answered.status == status, answered.body
    assert status == 200 or is_problem(answered)


def test_management_is_charged_to_its_class(office: Office) -> None:
    document = demo_document()
    document.pop("principals")
    document["rate_limits"] = {"base_per_second": {"content": 1}, "burst_multiplier": 1}
    office.process.runtime.snapshot = compiled(document)
    viewer = office.person("viewer")
    answered = [viewer.get("/api/v1/draft") for _ in range(6)]
    assert answered[0].status == 200
    refused = next(one for one in answered if one.status == 429)
    assert is_problem(refused)
    assert refused.headers["retry-after"]
    assert viewer.post("/api/v1/what-can", {"principal": viewer.name}).status == 200, "another class"

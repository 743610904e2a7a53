"""Accounts and staff roles over the API."""

from __future__ import annotations

from accounts.models import StaffGrant, User
from tests.governance.api.management.clients import Office


def test_an_account_is_made_read_and_written(office: Office) -> None:
    operator = office.person("operator")
    made = operator.post("/api/v1/users", {"id": "nora", "name": "Nora", "roles": ["payer", "analyst"]})
    assert made.status == 201, made.body
    assert made.json["roles"] == ["analyst", "payer"]
    assert (made.json["kind"], made.json["tier"], made.json["status"]) == ("user", "user", "active")
    where = made.headers["location"]
    assert operator.get(where).json == made.json
    written = operator.put(where, {"name": "Nora", "status": "suspended"}, made.etag)
    assert written.status == 200, written.body
    assert (written.json["status"], written.json["roles"]) == ("suspended", [])
    assert written.json["epoch"] > made.json["epoch"], "older tokens are refused"
    assert operator.put(where, {}, made.etag).status == 412
    assert [one["action"] for one in operator.get(f"{where}/history").json["items"]] == ["changed", "created"]
    assert "nora" in {one["id"] for one in operator.get("/api/v1/users", "q=nor").json["items"]}
    assert operator.ask("DELETE", where).status == 405


def test_nothing_secret_is_ever_shown(office: Office) -> None:
    owner = office.person("owner")
    for answered in (owner.get("/api/v1/users"), owner.get(f"/api/v1/users/{owner.name}")):
        assert answered.status == 200
        assert b"password" not in answered.body
        assert User.objects.get(username=owner.name).password.encode() not in answered.body


def test_tokens_of_before_are_shut_out_by_signing_somebody_out(office: Office) -> None:
    operator = office.person("operator")
    operator.post("/api/v1/users", {"id": "nora"})
    answered = operator.post("/api/v1/users/nora/sign-out", {"reason": "lost laptop"})
    assert answered.json == {"epoch": User.objects.get(username="nora").epoch}
    assert operator.post("/api/v1/users/nora/sign-out", {"reason": 3}).status == 400


def test_nobody_raises_themselves(office: Office) -> None:
    operator = office.person("operator")
    answered = operator.put(f"/api/v1/users/{operator.name}", {"tier": "admin"})
    assert (answered.status, answered.json["code"]) == (403, "permission.missing")


def test_a_faulty_account_is_refused_with_its_path(office: Office) -> None:
    operator = office.person("operator")
    assert operator.post("/api/v1/users", {"id": "Nora!"}).json["path"] == "/id"
    assert operator.post("/api/v1/users", {"id": "nora", "tier": "god"}).json["path"] == "/tier"
    assert operator.post("/api/v1/users", {"id": "nora", "email": "nora"}).json["path"] == "/email"
    assert operator.post("/api/v1/users", {"id": "nora", "roles": [1]}).json["path"] == "/roles"
    assert operator.post("/api/v1/users", {"id": "nora", "owner": "ghost"}).json["path"] == "/owner"
    assert operator.post("/api/v1/users", {"id": "bot", "kind": "service"}).status == 400, "a service needs an owner"
    assert operator.post("/api/v1/users", {"id": operator.name}).status == 409


def test_an_owner_gives_and_takes_staff_roles_and_the_last_owner_stays(office: Office) -> None:
    owner, viewer = office.person("owner"), office.person("viewer")
    body = {"user": viewer.name, "role": "auditor", "reason": "audit season"}
    assert viewer.post("/api/v1/staff-grants", body).status == 403
    made = owner.post("/api/v1/staff-grants", body)
    assert made.status == 201, made.body
    assert made.json["granted_by"] == owner.name
    assert made.json in owner.get("/api/v1/staff-grants").json["items"]
    assert owner.post("/api/v1/staff-grants", body).status == 400, "held already"
    assert owner.delete(made.headers["location"]).status == 204
    own = StaffGrant.objects.get(user__username=owner.name)
    assert owner.delete(f"/api/v1/staff-grants/{own.pk}").status == 400

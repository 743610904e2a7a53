"""The draft put back over the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.governance.api.deciding import demo_document
from tests.governance.api.management.clients import Office
from tests.governance.api.management.test_releases import released, written

__all__ = ["written"]

pytestmark = pytest.mark.django_db


def changed() -> dict[str, Any]:
    document = demo_document()
    document["groups"] = {**document.get("groups", {}), "late": {}}
    document["rules"] = document["rules"][1:]
    return document


def test_the_draft_is_discarded_restored_and_freed_of_one_change(written: Office) -> None:
    released(written)
    author = written.person("policy_author")
    owner = written.person("owner", name="other")
    assert owner.put("/api/v1/draft/document", changed()).status == 200
    assert author.get("/api/v1/draft").json["unpublished_changes"] == 2
    gone = demo_document()["rules"][0]["id"]
    assert author.post("/api/v1/draft/take-back", {"object": "groups.late"}).status == 428
    looked = author.post("/api/v1/draft/take-back", {"object": "groups.late"}, query="dry_run=true", if_match='"2"')
    assert looked.json["changes"] == [{"action": "deleted", "model": "accounts.group", "object": "late"}]
    assert author.get("/api/v1/draft").json["revision"] == 2
    done = author.post("/api/v1/draft/take-back", {"object": "groups.late", "reason": "No"}, if_match='"2"')
    assert (done.status, done.etag) == (200, '"3"')
    stale = author.post("/api/v1/draft/discard", if_match='"2"')
    assert (stale.status, stale.json["code"]) == (412, "object.changed")
    done = author.post("/api/v1/draft/discard", if_match='"3"')
    assert done.json["changes"] == [{"action": "created", "model": "governance.rule", "object": gone}]
    assert author.get("/api/v1/draft").json["unpublished_changes"] == 0
    assert author.get("/api/v1/draft/document").json == demo_document(), "its principals are still there"
    assert owner.put("/api/v1/draft/document", changed()).status == 200
    assert author.post("/api/v1/draft/restore", {"release": 1}, if_match="*").status == 200
    assert author.get("/api/v1/draft/document").json == demo_document()
    nothing = author.post("/api/v1/draft/restore", {"release": 1}, if_match="*")
    assert (nothing.status, nothing.json["code"]) == (409, "request.refused")
    assert author.post("/api/v1/draft/restore", {"release": 9}, if_match="*").status == 409


def test_who_may_only_look_puts_nothing_back(written: Office) -> None:
    released(written)
    assert written.person("owner", name="other").put("/api/v1/draft/document", changed()).status == 200
    viewer = written.person("viewer")
    for path, body in (("discard", {}), ("restore", {"release": 1}), ("take-back", {"object": "groups.late"})):
        assert viewer.post(f"/api/v1/draft/{path}", body, if_match="*").status == 403
    assert written.person().post("/api/v1/draft/discard", if_match="*").status == 403
    assert viewer.get("/api/v1/draft").json["unpublished_changes"] == 2

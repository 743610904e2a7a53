"""A release that is not what was signed: the same at the API, on the console's pages and for commands."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from governance.models import Release, ReleaseKind, ReleaseProposal
from governance.policy.checks.validate import checked
from governance.selectors.policy_versions import newest_version, release_version
from governance.services.authoring.draft import replace_draft
from governance.services.authoring.objects import delete_object
from governance.services.releasing.proposals import propose
from tests.governance.admin.actors import signed_in, staff
from tests.governance.api.management.clients import Office
from tests.governance.releases import alter
from tests.governance.services.policies import COMMAND, policy, published

pytestmark = pytest.mark.django_db
SAID = "release 2 was altered in the database: its signature does not hold"
CALL = {"server": "files", "tool": "t1", "arguments": {}}


def altered() -> ReleaseProposal:
    """Two releases, read and kept, of which the second is then altered; the draft and a proposal are ahead of it."""
    published(policy())
    published(policy(rules=2))
    ahead = checked(policy(rules=3))
    replace_draft(actor=COMMAND, document=ahead)
    proposal = propose(
        actor=COMMAND, document=ahead, kind=ReleaseKind.PUBLISH, message="On", based_on=2, reasons=["It widens."]
    )
    assert newest_version() is release_version(2)
    alter(2)
    return proposal


def test_the_api_answers_with_one_problem(office: Office) -> None:
    proposal = altered()
    owner = office.person("owner")
    for path, query in (
        ("releases/2/document", ""),
        ("releases/2/diff", ""),
        ("releases/1/diff", "from=2"),
        ("releases/1/diff", "from=current"),
        ("draft/diff", ""),
        ("draft/diff", "from=2"),
        (f"proposals/{proposal.pk}/diff", ""),
    ):
        answered = owner.get(f"/api/v1/{path}", query)
        said = (answered.status, answered.json["code"], answered.json["detail"])
        assert said == (409, "release.altered", f"{SAID}."), (path, query)
    for path, body in (
        ("explain", {"principal": "alice", "call": CALL, "policy": 2}),
        ("who-can", {"call": CALL, "policy": 2}),
        ("releases/2/rollback", {"message": "Back"}),
        ("draft/publish", {"message": "On"}),
    ):
        answered = owner.post(f"/api/v1/{path}", body)
        assert (answered.status, answered.json["code"]) == (409, "release.altered"), path
    assert owner.get("/api/v1/releases/1/document").status == 200
    assert owner.get("/api/v1/releases/2").status == 200, "who entered it, and when, is no part of the policy"


@pytest.fixture
def owner(db: None) -> Client:
    return signed_in(staff("owner"))


def test_every_page_says_so_and_those_that_need_it_show_nothing_of_it(owner: Client) -> None:
    proposal = altered()
    asked = {"kind": "user", "tier": "user", "entity": "files/t1"}
    tried = {"text": "x", "form": "text", "policy": "current"}
    for answer in (
        owner.get(reverse("admin:review")),
        owner.get(reverse("admin:releases"), {"old": "1", "new": "2"}),
        owner.get(reverse("admin:releases"), {"old": "2", "new": "draft"}),
        owner.get(reverse("admin:rollback", args=(1,))),
        owner.get(reverse("admin:proposal", args=(proposal.pk,))),
        owner.get(reverse("admin:access"), {"entity": "files/t1"}),
        owner.post(reverse("admin:simulator"), asked),
        owner.post(reverse("admin:try"), tried),
    ):
        html = answer.content.decode()
        assert answer.status_code == 409, answer.request["PATH_INFO"]
        assert "Release 2 is not what was signed</h2>" in html
        assert "rule-00001" not in html
    for name in ("index", "releases", "switches", "governance_rule_changelist"):
        answer = owner.get(reverse(f"admin:{name}"))
        assert answer.status_code == 200
        assert "Release 2 is not what was signed: processes refuse it" in answer.content.decode(), name
    assert "Everything that protects is on" not in owner.get(reverse("admin:index")).content.decode()
    draft = owner.get(reverse("admin:access"), {"entity": "files/t1", "policy": "draft"})
    assert draft.status_code == 200, "the draft is another policy"


@pytest.mark.parametrize(
    "command",
    [
        ["diff", "current", "draft"],
        ["diff", "1", "2"],
        ["lint", "current"],
        ["explain", "2", "--principal", "anonymous", "--call", json.dumps(CALL)],
        ["backtest", "current"],
        ["export"],
        ["export", "--release", "2"],
        ["rollback", "2"],
        ["publish", "-m", "On"],
    ],
)
def test_commands_end_with_2_and_the_same_words(command: list[str]) -> None:
    altered()
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("policy", *command, stdout=out, stderr=err)
    assert (ended.value.code, out.getvalue(), err.getvalue()) == (2, "", f"{SAID}\n")
    assert Release.objects.count() == 2


def test_an_unsound_draft_is_refused_alike_and_exported_all_the_same(office: Office, owner: Client) -> None:
    published(policy())
    delete_object(actor=COMMAND, instance=Role.objects.get(slug="analyst"))
    answered = office.person("policy_author").get("/api/v1/draft/diff")
    assert (answered.status, answered.json["code"]) == (400, "policy.invalid")
    assert answered.json["path"].startswith("/rules/0/subjects")
    compared = owner.get(reverse("admin:releases"), {"old": "1", "new": "draft"})
    assert "The draft cannot be compared. rules[0].subjects" in compared.content.decode()
    asked = owner.get(reverse("admin:access"), {"entity": "files/t1", "policy": "draft"})
    assert "The draft cannot be used. rules[0].subjects" in asked.content.decode()
    for command in (["diff", "current", "draft"], ["lint", "draft"]):
        err = io.StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command("policy", *command, stdout=io.StringIO(), stderr=err)
        assert (ended.value.code, err.getvalue().startswith("rules[0].subjects")) == (2, True), command
    out = io.StringIO()
    call_command("policy", "export", "--draft", stdout=out)
    assert "analyst" in out.getvalue()

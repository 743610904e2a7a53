"""The draft put back: discarded, made a release again, freed of one change; and how many changes there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings

from accounts.models import ScopeKind, User
from accounts.services.actor import Actor
from accounts.services.errors import Conflict, NotPermitted
from audit.models import OutboxEntry
from governance.console.pages.releasing.comparing import difference
from governance.models import Binding, DraftState, PolicyPrincipal, RateLimits, Secret, Server, Tool, ToolPin
from governance.models.controls.secret import SecretVersion
from governance.policy.checks.validate import checked, normalise
from governance.policy.diff.semantic import written_changes
from governance.policy.document.codec import digest
from governance.policy.document.errors import PolicyErrors
from governance.policy.files.bundle import read_policy
from governance.policy.tables.compiler import read_draft
from governance.policy.tables.taking_back import taken_back
from governance.selectors.draft import unpublished_changes
from governance.selectors.policy_versions import draft_version, newest_version
from governance.services.authoring import objects, returning
from governance.services.authoring.draft import replace_draft
from governance.services.authoring.returning import (
    NothingDiffers,
    ReturnRefused,
    discard_draft,
    restore_draft,
    take_back,
)
from governance.services.releasing.publish import publish_draft, roll_back
from tests.governance.admin.actors import staff
from tests.governance.models.policies import policies
from tests.governance.models.test_draft import EXAMPLE
from tests.governance.services.policies import COMMAND, policy, published

pytestmark = pytest.mark.django_db

Document = dict[str, Any]


def records(action: str) -> list[dict[str, Any]]:
    """The data of the changes of this name that were recorded, oldest first."""
    found = [orjson.loads(bytes(entry.body))["data"] for entry in OutboxEntry.objects.order_by("position")]
    named = [one for one in found if one.get("action") == action]
    return [one | {side: orjson.loads(one[side]) for side in ("before", "after") if side in one} for one in named]


def counted() -> list[int]:
    """Every count of what is not published: banner and API, review, what a release records of it."""
    found = difference(newest_version().document, draft_version().document)
    listed = sum(len(changes) for _, changes in found.objects)
    return [len(unpublished_changes()), found.written, sum(count for _, count in found.counts), listed]


def edited(document: Document, change: Callable[[Document], None]) -> Document:
    """A copy that was changed."""
    copy: Document = orjson.loads(orjson.dumps(document))
    change(copy)
    return copy


def three_fields(document: Document) -> None:
    document["rules"][0] |= {"justification": "Other words", "when": "args.n > 1", "entities": ["tool:files/t3"]}


def renamed(document: Document) -> None:
    document["servers"]["files"]["name"] = "The files"


def another_id(document: Document) -> None:
    document["roles"]["reader"] = {"tier": "user"}
    document["roles"].pop("spare")


def nested(document: Document) -> None:
    document["servers"]["files"]["tools"]["t99"] = {}


def reordered(document: Document) -> None:
    document["rules"].reverse()
    document["rules"][0]["entities"].reverse()


def two_fields_of_a_tool(document: Document) -> None:
    document["servers"]["files"]["tools"]["t1"] |= {"sensitivity": "public", "name": "One"}


KINDS = [
    (three_fields, 1), (renamed, 1), (another_id, 2), (nested, 1), (reordered, 0), (two_fields_of_a_tool, 2),
]  # fmt: skip


def many() -> Document:
    return policy(rules=4, roles={"analyst": {"tier": "user"}, "spare": {"tier": "user"}})


@pytest.mark.parametrize(("change", "count"), KINDS, ids=lambda one: getattr(one, "__name__", ""))
def test_banner_button_review_and_record_count_the_same_changes(change: Callable[[Document], None], count: int) -> None:
    published(many())
    replace_draft(actor=COMMAND, document=edited(many(), change))
    assert counted() == [count] * 4
    if count:
        publish_draft(actor=COMMAND, message="It", at_once=True)
        assert records("release.publish")[-1]["after"]["changes"] == count
        assert counted() == [0] * 4
    replace_draft(actor=COMMAND, document=many())
    replace_draft(actor=COMMAND, document=edited(many(), change))
    assert counted() == [0] * 4, "changed and changed back is no change"


def test_after_a_rollback_the_draft_holds_the_changes_that_were_rolled_back() -> None:
    published(many())
    published(edited(many(), three_fields))
    roll_back(actor=COMMAND, number=1, at_once=True)
    assert counted() == [1] * 4


def test_an_unsound_draft_has_its_count_too() -> None:
    published(many())
    Tool.objects.filter(own_name="t0").delete()
    DraftState.objects.update(changed_revision=7)
    with pytest.raises(PolicyErrors):
        draft_version()
    assert [change.path for change in unpublished_changes()] == ["servers.files.tools.t0"]


@given(old=policies, new=policies)
@settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck])
def test_whatever_the_tables_hold_can_be_counted(old: Document, new: Document) -> None:
    before: Any = normalise(old)
    assert written_changes(before, before) == []
    assert bool(written_changes(before, normalise(new))) == (before != normalise(new))


def test_every_object_of_a_policy_is_taken_back_by_the_path_of_its_change() -> None:
    whole = checked(read_policy([EXAMPLE]))
    nothing: Any = {"toolgate": 1}
    paths = {change.object for change in written_changes(nothing, whole)}
    assert len(paths) > 15
    for old, new in ((nothing, whole), (whole, nothing)):
        document: Any = new
        for path in sorted(paths):
            document = normalise(taken_back(document, old, path))
            assert path not in {change.object for change in written_changes(old, document)}
        assert document == old


def test_discarding_makes_the_draft_what_is_in_force_and_is_recorded_with_both_digests() -> None:
    published(many())
    bad = edited(many(), three_fields)
    replace_draft(actor=COMMAND, document=bad)
    lost = discard_draft(actor=COMMAND, dry_run=True)
    assert [(one.action, one.object) for one in lost.changes] == [("changed", "rule-00000")]
    assert records("draft.discarded") == []
    made = discard_draft(actor=COMMAND, reason="It was wrong", expected_revision=lost.revision, expected_release=1)
    assert made.changes == lost.changes
    assert read_draft().document == many()
    (said,) = records("draft.discarded")
    assert said["before"]["digest"] == digest(checked(bad))
    assert said["after"]["digest"] == said["digest"] == newest_version().digest
    assert (said["release"], said["reason"], said["object"]) == (1, "It was wrong", "draft")
    assert records("changed")[-1]["object"] == "rule-00000"
    with pytest.raises(NothingDiffers):
        discard_draft(actor=COMMAND)


def test_the_draft_becomes_an_old_release_again() -> None:
    published(many())
    published(policy(rules=9))
    restore_draft(actor=COMMAND, number=1)
    assert checked(read_draft().document) == checked(many())
    assert newest_version().number == 2, "nothing comes into force by it"
    assert DraftState.objects.get().based_on == 1
    assert records("draft.restored")[-1]["release"] == 1


def test_what_no_release_holds_survives() -> None:
    people = {"alice": {"roles": ["analyst"], "tier": "user"}}
    binding = {"secret": "token", "server": "files", "into": {"header": "Authorization"}}
    document = edited(many(), lambda said: said.update(bindings=[binding]))
    Secret.objects.create(slug="token", provider="files", owner="alice", version=1)
    SecretVersion.objects.create(
        secret=Secret.objects.get(), number=1, sealed=b"sealed", wrapping_key_id="k", created_by="alice"
    )
    ToolPin.objects.create(server="files", own_name="t1", fingerprint="f", quarantined=False)
    User.objects.create_user("alice", password="correct horse")
    published({**document, "principals": people})
    kept = [list(model.objects.order_by("pk").values()) for model in (Secret, SecretVersion, ToolPin, User)]
    principal = PolicyPrincipal.objects.values().get()
    replace_draft(actor=COMMAND, document={**policy(), "principals": people})
    assert not Binding.objects.exists()
    discard_draft(actor=COMMAND)
    assert Binding.objects.get().secret == "token"
    replace_draft(
        actor=COMMAND, document={**document, "principals": people, "servers": {}, "rules": [], "bindings": []}
    )
    take_back(actor=COMMAND, path="servers.files")
    restore_draft(actor=COMMAND, number=1)
    assert [list(model.objects.order_by("pk").values()) for model in (Secret, SecretVersion, ToolPin, User)] == kept
    assert PolicyPrincipal.objects.values().get() == principal


def test_a_principal_of_the_draft_that_needs_what_the_release_has_not_is_named() -> None:
    published(many())
    more = edited(many(), lambda said: said["roles"].update(auditor={"tier": "user"}))
    replace_draft(actor=COMMAND, document={**more, "principals": {"carol": {"roles": ["auditor"]}}})
    with pytest.raises(ReturnRefused, match=r"principals\.carol\.roles\[0\]: .?auditor"):
        discard_draft(actor=COMMAND)


def test_one_change_is_taken_back_and_the_others_stay() -> None:
    published(many())
    replace_draft(actor=COMMAND, document=edited(edited(many(), three_fields), nested))
    take_back(actor=COMMAND, path="rules.rule-00000", reason="Not this one")
    assert {change.object for change in written_changes(newest_version().document, draft_version().document)} == {
        "servers.files.tools.t99"
    }
    (record,) = records("draft.taken_back")
    assert (record["name"], record["reason"]) == ("rules.rule-00000", "Not this one")
    take_back(actor=COMMAND, path="servers.files.tools.t99")
    assert counted() == [0] * 4


def test_what_was_removed_comes_back_a_server_with_its_tools() -> None:
    published(many())
    replace_draft(actor=COMMAND, document={**many(), "servers": {}, "rules": []})
    take_back(actor=COMMAND, path="servers.files")
    assert Tool.objects.count() == 20
    take_back(actor=COMMAND, path="rules.rule-00001")
    assert [rule["id"] for rule in read_draft().document["rules"]] == ["rule-00001"]


def test_what_something_else_in_the_draft_needs_is_refused_by_name() -> None:
    published(many())

    def needs(document: Document) -> None:
        nested(document)
        document["rules"].append({**document["rules"][0], "id": "uses-it", "entities": ["tool:files/t99"]})

    replace_draft(actor=COMMAND, document=edited(many(), needs))
    with pytest.raises(ReturnRefused, match=r"rules\.uses-it\.entities\[0\]: .*tool:files/t99"):
        take_back(actor=COMMAND, path="servers.files.tools.t99")
    with pytest.raises(ReturnRefused, match="has anything at rules.nobody"):
        take_back(actor=COMMAND, path="rules.nobody")
    assert counted() == [2] * 4


def test_who_saw_another_draft_or_another_release_is_refused() -> None:
    published(many())
    replace_draft(actor=COMMAND, document=edited(many(), renamed))
    seen = DraftState.objects.get().changed_revision
    replace_draft(actor=Actor.component("somebody"), document=edited(many(), three_fields))
    told = "the draft was changed by somebody since you opened it"
    with pytest.raises(Conflict, match=told):
        discard_draft(actor=COMMAND, expected_revision=seen)
    with pytest.raises(Conflict, match=told):
        restore_draft(actor=COMMAND, number=1, expected_revision=seen)
    with pytest.raises(Conflict, match=told):
        take_back(actor=COMMAND, path="rules.rule-00000", expected_revision=seen)
    with pytest.raises(ReturnRefused, match="Release 1 came into force since you looked"):
        discard_draft(actor=COMMAND, expected_release=0)
    assert counted() == [1] * 4


def test_before_the_first_release_there_is_nothing_to_go_back_to() -> None:
    replace_draft(actor=COMMAND, document=many())
    with pytest.raises(ReturnRefused, match="Nothing has been published"):
        discard_draft(actor=COMMAND)


def test_a_scoped_author_puts_back_what_their_grant_reaches_and_nothing_else() -> None:
    two = edited(many(), lambda said: said["servers"].update(pay={"tools": {"send": {}}}))
    published(two)

    def both(document: Document) -> None:
        nested(document)
        document["servers"]["pay"]["name"] = "Money"

    replace_draft(actor=COMMAND, document=edited(two, both))
    author = Actor.person(staff("policy_author", scope_kind=ScopeKind.SERVER, scope="files"))
    for dry_run in (True, False):
        with pytest.raises(NotPermitted):
            discard_draft(actor=author, dry_run=dry_run)
        with pytest.raises(NotPermitted):
            take_back(actor=author, path="servers.pay", dry_run=dry_run)
    take_back(actor=author, path="servers.files.tools.t99")
    assert Server.objects.get(slug="pay").name == "Money"
    with pytest.raises(NotPermitted):
        restore_draft(actor=Actor.person(staff("viewer")), number=1)


def test_what_only_the_draft_holds_is_never_taken_back() -> None:
    published({**many(), "principals": {"alice": {"tier": "user"}}})
    replace_draft(
        actor=COMMAND,
        document={**edited(many(), lambda said: said["servers"].pop("files", None)), "rules": [], "bindings": [],
                  "principals": {"alice": {"tier": "admin"}, "bob": {}}},
    )  # fmt: skip
    before = sorted(PolicyPrincipal.objects.values_list("slug", "tier"))
    for name in ("alice", "bob", "nobody"):
        with pytest.raises(ReturnRefused, match=f"has anything at principals.{name}"):
            take_back(actor=COMMAND, path=f"principals.{name}")
    take_back(actor=COMMAND, path="servers.files")
    assert sorted(PolicyPrincipal.objects.values_list("slug", "tier")) == before


def test_what_comes_into_force_meanwhile_is_what_the_draft_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release that lands after the page was looked at and before the draft is locked is not undone."""
    published(many())
    real = objects.draft_locked

    def after_a_release(*, actor: Actor) -> Any:
        monkeypatch.setattr(returning, "draft_locked", real)
        published(edited(many(), lambda said: said.update(departments={"later": {}})))
        replace_draft(actor=COMMAND, document=many())
        return real(actor=actor)

    replace_draft(actor=COMMAND, document=edited(many(), lambda said: said.update(departments={"bad": {}})))
    monkeypatch.setattr(returning, "draft_locked", after_a_release)
    discard_draft(actor=COMMAND)
    assert set(read_draft().document["departments"]) == {"later"}
    assert not unpublished_changes()


def test_a_draft_that_is_unsound_already_says_so_and_blames_nothing_else() -> None:
    published(many())
    replace_draft(actor=COMMAND, document=edited(many(), lambda said: said.update(departments={"new": {}})))
    RateLimits.objects.update_or_create(pk=1, defaults={"burst_multipliers": {"nope": 3}})
    with pytest.raises(ReturnRefused, match="no sound policy as it is: .*nope.* Mend that first"):
        take_back(actor=COMMAND, path="departments.new")


def test_a_department_grant_brings_a_removed_server_back_with_its_tools() -> None:
    two = edited(
        many(),
        lambda said: said.update(
            departments={"finance": {}},
            servers={**said["servers"], "pay": {"departments": ["finance"], "tools": {"send": {}}}},
        ),
    )
    published(two)
    replace_draft(actor=COMMAND, document={**two, "servers": many()["servers"]})
    author = Actor.person(staff("policy_author", scope_kind=ScopeKind.DEPARTMENT, scope="finance"))
    take_back(actor=author, path="servers.pay")
    assert Tool.objects.filter(server_id="pay").exists()

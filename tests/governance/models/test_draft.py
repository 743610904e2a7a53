"""The draft: written by services only, all or nothing, with a record for every object that changed."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import ScopeKind
from accounts.selectors.history import history_of
from accounts.services.actor import Actor
from accounts.services.errors import Conflict, NotPermitted
from audit.models import OutboxEntry
from governance.models import Binding, DraftState, Release, Rule, Server, Tool
from governance.policy.document.errors import PolicyErrors
from governance.policy.files.bundle import read_policy
from governance.policy.tables.compiler import read_draft
from governance.selectors.draft import unpublished_changes
from governance.services.authoring import draft
from governance.services.authoring import objects as authoring
from tests.governance.admin.actors import staff

EXAMPLE = Path(__file__).parent / "maximal.yaml"
SETUP = Actor.component("setup")
pytestmark = pytest.mark.django_db


def rule(slug: str = "readers", **said: Any) -> Rule:
    return Rule(
        **{"slug": slug, "effect": "allow", "subjects": {"roles": ["analyst"]}, "entities": ["tool:files/*"], **said}
    )


def numbered(count: int, *, limit: int = 0) -> dict[str, Any]:
    rules = [
        {"id": f"r{n}", "effect": "allow", "subjects": {"everyone": True}, "entities": [f"tool:files/x{n}*"],
         "when": f"args.n > {limit}"}
        for n in range(count)
    ]  # fmt: skip
    return {"toolgate": 1, "rules": rules}


def test_a_new_object_raises_the_drafts_revision_and_leaves_a_record_with_what_it_is() -> None:
    authoring.create_object(actor=SETUP, instance=rule())
    assert DraftState.objects.get().changed_revision == 1
    [entry] = history_of(model="governance.rule", object_id="readers")
    assert (entry.action, entry.before, entry.who) == ("created", None, "setup")
    assert entry.after == {
        "id": "readers",
        "effect": "allow",
        "subjects": {"roles": ["analyst"]},
        "entities": ["tool:files/*"],
    }


def test_a_change_is_recorded_with_before_and_after_and_a_save_without_change_with_nothing() -> None:
    authoring.create_object(actor=SETUP, instance=rule())
    kept = Rule.objects.get()
    assert authoring.update_object(actor=SETUP, instance=kept, expected_revision=1) is None
    kept.effect, kept.justification = "deny", "Month end"
    authoring.update_object(actor=SETUP, instance=kept, expected_revision=1)
    [newest, _] = history_of(model="governance.rule", object_id="readers")
    assert {each.key: (each.before, each.after) for each in newest.differences} == {
        "effect": ("allow", "deny"),
        "justification": ("–", "Month end"),
    }
    assert Rule.objects.get().revision == 2
    assert DraftState.objects.get().changed_revision == 2


def test_a_writer_with_an_old_version_gets_a_conflict_that_carries_both() -> None:
    authoring.create_object(actor=SETUP, instance=rule())
    mine, theirs = Rule.objects.get(), Rule.objects.get()
    theirs.entities = ["tool:files/read"]
    authoring.update_object(actor=SETUP, instance=theirs, expected_revision=1)
    mine.entities = ["tool:files/write"]
    with pytest.raises(Conflict) as refused:
        authoring.update_object(actor=SETUP, instance=mine, expected_revision=1)
    assert (refused.value.expected, refused.value.current, refused.value.by) == (1, 2, "setup")
    assert refused.value.fields == ("entities",)
    assert refused.value.theirs is not None
    assert (refused.value.yours["entities"], refused.value.theirs["entities"]) == (
        ["tool:files/write"],
        ["tool:files/read"],
    )
    assert Rule.objects.get().entities == ["tool:files/read"]


def test_changing_what_somebody_removed_is_a_conflict() -> None:
    authoring.create_object(actor=SETUP, instance=rule())
    mine = Rule.objects.get()
    authoring.delete_object(actor=SETUP, instance=Rule.objects.get())
    with pytest.raises(Conflict) as refused:
        authoring.update_object(actor=SETUP, instance=mine, expected_revision=1)
    assert refused.value.theirs is None


@pytest.mark.parametrize(
    "said,column",
    [
        ({"effect": "deny"}, "justification"),
        ({"subjects": {"agents": ["reporter"]}}, "subjects"),
        ({"subjects": {"rolls": ["analyst"]}}, "subjects"),
        ({"entities": []}, "entities"),
        ({"entities": ["tool:a b"]}, "entities"),
        ({"when": "args.n >"}, "when"),
        ({"parameters": {"deny": ["no-pointer"]}}, "parameters"),
        ({"slug": "Not A Slug"}, "slug"),
    ],
)
def test_a_faulty_rule_is_refused_at_its_field(said: dict[str, Any], column: str) -> None:
    with pytest.raises(ValidationError) as refused:
        authoring.create_object(actor=SETUP, instance=rule(**said))
    assert column in refused.value.message_dict
    assert not Rule.objects.exists()
    assert not OutboxEntry.objects.exists()


def test_an_id_cannot_be_changed() -> None:
    authoring.create_object(actor=SETUP, instance=rule())
    kept = Rule.objects.get()
    kept.slug = "writers"
    with pytest.raises(ValidationError, match="id cannot be changed"):
        authoring.update_object(actor=SETUP, instance=kept, expected_revision=1)


def test_removing_a_server_removes_its_tools_and_records_each() -> None:
    authoring.create_object(actor=SETUP, instance=Server(slug="files"))
    authoring.create_object(actor=SETUP, instance=Tool(server_id="files", own_name="read"))
    changes = authoring.delete_object(actor=SETUP, instance=Server.objects.get())
    assert [change.object for change in changes] == ["files/read", "files"]
    assert read_draft().document == {"toolgate": 1}


def test_replacing_the_draft_with_a_faulty_document_changes_nothing() -> None:
    draft.replace_draft(actor=SETUP, document=numbered(2))
    before, records = read_draft(), OutboxEntry.objects.count()
    broken = numbered(3)
    broken["rules"][2]["entities"] = ["tool:nowhere/gone"]
    with pytest.raises(PolicyErrors):
        draft.replace_draft(actor=SETUP, document=broken)
    assert read_draft() == before
    assert OutboxEntry.objects.count() == records


def test_replacing_the_draft_fails_whole_when_one_row_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    draft.replace_draft(actor=SETUP, document=numbered(2))
    before = read_draft()
    monkeypatch.setattr(draft, "validate", lambda _document: [])
    broken = {**numbered(3), "layers": {"scope": {"mode": "shadow"}}}
    with pytest.raises(DatabaseError), transaction.atomic():
        draft.replace_draft(actor=SETUP, document=broken)
    assert read_draft() == before


def test_replacing_records_each_object_that_differs_and_no_other() -> None:
    draft.replace_draft(actor=SETUP, document=numbered(5))
    wanted = numbered(6)
    wanted["rules"][1]["when"] = "args.n > 7"
    del wanted["rules"][3]
    done = draft.replace_draft(actor=SETUP, document=wanted)
    assert sorted((change.action, change.object) for change in done.changes) == [
        ("changed", "r1"),
        ("created", "r5"),
        ("deleted", "r3"),
    ]
    changed = next(change for change in done.changes if change.action == "changed")
    assert changed.before is not None
    assert changed.after is not None
    assert (changed.before["when"], changed.after["when"]) == ("args.n > 0", "args.n > 7")
    assert Rule.objects.get(slug="r1").revision == 2


def test_a_dry_run_says_what_would_change_and_changes_nothing() -> None:
    done = draft.replace_draft(actor=SETUP, document=numbered(3), dry_run=True)
    assert len(done.changes) == 3
    assert not Rule.objects.exists()
    assert not OutboxEntry.objects.exists()


def test_replacing_a_draft_that_moved_on_is_a_conflict() -> None:
    draft.replace_draft(actor=SETUP, document=numbered(1))
    with pytest.raises(Conflict):
        draft.replace_draft(actor=SETUP, document=numbered(2), expected_revision=0)


def test_compiling_takes_the_same_queries_for_one_rule_and_for_a_thousand() -> None:
    draft.replace_draft(actor=SETUP, document=numbered(1))
    with CaptureQueriesContext(
        connection,
    ) as few:
        read_draft()
    draft.replace_draft(actor=SETUP, document=numbered(1_000))
    with CaptureQueriesContext(connection) as many:
        assert len(read_draft().document["rules"]) == 1_000
    assert len(few) == len(many) <= 30


def test_twins_without_an_id_of_their_own_are_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft, "validate", lambda _document: [])
    document = read_policy([EXAMPLE])
    exemption = document["exemptions"][0]
    document["exemptions"] = [exemption, {**exemption, "justification": "Another reason"}]
    draft.replace_draft(actor=SETUP, document=document)
    assert len(read_draft().document["exemptions"]) == 2
    assert Binding.objects.count() == 1


def test_changes_since_the_newest_release_are_counted() -> None:
    assert len(unpublished_changes()) == 0
    authoring.create_object(actor=SETUP, instance=rule(subjects={"everyone": True}))
    authoring.create_object(actor=SETUP, instance=rule("writers", subjects={"everyone": True}))
    assert len(unpublished_changes()) == 2


def test_a_release_cannot_be_changed_or_removed() -> None:
    from datetime import UTC, datetime

    Release.objects.create(
        number=1, document=b"{}", digest="0" * 64, signature=b"", key_id="k", author="a", message="m",
        created_at=datetime.now(tz=UTC),
    )  # fmt: skip
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
        Release.objects.update(digest="1" * 64)
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
        Release.objects.all().delete()


def test_a_grant_for_a_server_reaches_its_rules_before_and_after_the_change() -> None:
    author = Actor.person(staff("policy_author", scope_kind=ScopeKind.SERVER, scope="files"))
    authoring.create_object(actor=author, instance=rule())
    kept = Rule.objects.get()
    kept.entities = ["tool:pay/*"]
    with pytest.raises(NotPermitted):
        authoring.update_object(actor=author, instance=kept, expected_revision=1)
    with pytest.raises(NotPermitted):
        authoring.create_object(actor=author, instance=rule("wide", entities=["tool:*/read"]))
    with pytest.raises(NotPermitted):
        draft.replace_draft(actor=author, document=numbered(0) | {"departments": {"finance": {}}})


@pytest.mark.django_db(transaction=True)
def test_of_two_writers_at_once_one_wins_and_the_other_gets_a_conflict() -> None:
    authoring.create_object(actor=SETUP, instance=rule())
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def write(name: str) -> None:
        mine = Rule.objects.get()
        mine.description = name
        start.wait()
        try:
            authoring.update_object(actor=Actor.component(name), instance=mine, expected_revision=1)
            outcomes.append("won")
        except Conflict:
            outcomes.append("conflict")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(outcomes) == ["conflict", "won"]
    assert Rule.objects.get().revision == 2
    assert DraftState.objects.get().changed_revision == 2


@pytest.mark.django_db(transaction=True)
def test_a_reader_of_the_draft_waits_for_a_writer_and_sees_all_of_it_or_nothing() -> None:
    draft.replace_draft(actor=SETUP, document=numbered(1))
    inside, seen = threading.Event(), []

    def read() -> None:
        inside.wait(timeout=10)
        seen.append(len(read_draft().document["rules"]))
        connections.close_all()

    reader = threading.Thread(target=read)
    reader.start()
    with authoring.draft_locked(actor=SETUP):
        inside.set()
        time.sleep(0.2)
        assert seen == []
        draft.replace_draft(actor=SETUP, document=numbered(40))
    reader.join(timeout=10)
    assert seen == [40]

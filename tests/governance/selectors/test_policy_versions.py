"""Which policy is meant: current, draft, a release; read once, seen anew when it changes, refused when altered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Role
from governance.deciding import startup
from governance.models import DraftState
from governance.policy.document.codec import digest
from governance.policy.document.errors import PolicyErrors
from governance.selectors import policy_versions
from governance.selectors.policy_versions import (
    KEPT,
    DraftVersion,
    ReleaseAltered,
    ReleaseUnknown,
    Which,
    asked_version,
    base_version,
    draft_version,
    newest_version,
    policy_version,
    reference_of,
    release_version,
)
from governance.services.authoring.draft import replace_draft
from governance.services.authoring.objects import delete_object
from governance.services.releasing.publish import roll_back
from tests.governance.api.deciding import compiled
from tests.governance.releases import alter
from tests.governance.services.policies import COMMAND, policy, published

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    policy_versions.forget()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is read, verified or compiled, in order."""
    told: list[str] = []

    def counted(name: str) -> None:
        before = getattr(policy_versions, name)

        def call(*given: Any, **more: Any) -> Any:
            told.append(name)
            return before(*given, **more)

        monkeypatch.setattr(policy_versions, name, call)

    for name in ("verify_release", "read_draft", "compile_slices"):
        counted(name)
    return told


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("current", Which.CURRENT),
        ("draft", Which.DRAFT),
        ("7", 7),
        ("policy.yaml", None),
        ("", None),
        ("-1", None),
        ("٣", None),
        ("1" * 19, None),
    ],
)
def test_a_reference_is_current_draft_or_a_number(text: str, meant: object) -> None:
    assert reference_of(text) == meant


def test_before_the_first_release_there_is_a_version_that_says_so() -> None:
    for version in (newest_version(), base_version(0), policy_version(Which.CURRENT), asked_version(Which.CURRENT)):
        assert version.nothing_released
        assert (version.number, version.digest, version.document) == (0, "", {"toolgate": 1})
        assert version.snapshot.release == 0


def test_an_unknown_number_is_one_error_that_carries_it() -> None:
    published(policy())
    for ask in (policy_version, asked_version, release_version, base_version):
        with pytest.raises(ReleaseUnknown, match="There is no release 9") as raised:
            ask(9)
        assert raised.value.number == 9


def test_each_reference_means_its_document_and_compiles_to_it() -> None:
    published(policy())
    published(policy(rules=2, principals={"alice": {"roles": ["analyst"]}}))
    replace_draft(actor=COMMAND, document=policy(rules=3, principals={"alice": {"roles": ["analyst"]}}))
    names = {}
    for reference in (1, 2, *Which):
        version = policy_version(reference)
        assert version.digest == digest(version.document) == version.snapshot.digest
        assert version.snapshot.release == version.number
        assert "principals" not in version.document
        names[version.name] = len(version.document["rules"])
    assert names == {"release 1": 1, "release 2": 2, "draft": 3}
    draft = draft_version()
    assert "principals" in draft.written
    assert draft.revision == DraftState.objects.get().changed_revision


def test_a_version_is_read_verified_and_compiled_once(reads: list[str]) -> None:
    published(policy())
    policy_versions.forget()
    reads.clear()
    for _ in range(3):
        assert newest_version() is release_version(1)
        assert newest_version().snapshot is release_version(1).snapshot
        assert draft_version() is draft_version()
    assert sorted(reads) == ["compile_slices", "read_draft", "verify_release"]


def test_threads_that_ask_at_the_same_time_wait_for_one_compilation(reads: list[str]) -> None:
    published(policy(rules=50))
    version = newest_version()
    with ThreadPoolExecutor(4) as pool:
        snapshots = list(pool.map(lambda _: version.snapshot, range(4)))
    assert len(set(map(id, snapshots))) == 1
    assert reads.count("compile_slices") == 1


def test_what_is_kept_does_not_grow_and_the_longest_unused_is_read_again(reads: list[str]) -> None:
    count = KEPT + 2
    for rules in range(1, count + 1):
        published(policy(rules=rules))
    policy_versions.forget()
    reads.clear()
    for number in range(1, count + 1):
        release_version(number)
    for number in (count, 1):
        release_version(number)
    assert reads == ["verify_release"] * (count + 1)


def test_a_new_revision_of_the_draft_and_a_rollback_are_seen_at_once() -> None:
    published(policy())
    before = draft_version()
    replace_draft(actor=COMMAND, document=policy(rules=2))
    after = draft_version()
    assert (before.digest == newest_version().digest, after.digest == before.digest) == (True, False)
    published(policy(rules=2))
    assert newest_version().digest == after.digest
    roll_back(actor=COMMAND, number=1, at_once=True)
    assert (newest_version().number, newest_version().digest) == (3, before.digest)
    assert draft_version().digest == after.digest


def test_a_change_of_the_draft_that_is_undone_leaves_nothing_behind() -> None:
    replace_draft(actor=COMMAND, document=policy())
    with transaction.atomic():
        replace_draft(actor=COMMAND, document=policy(rules=2))
        undone = draft_version()
        transaction.set_rollback(True)
    replace_draft(actor=COMMAND, document=policy(rules=3))
    redone = draft_version()
    assert redone.revision == undone.revision
    assert len(redone.document["rules"]) == 3


def test_an_unsound_draft_is_refused_with_its_faults_until_it_is_mended() -> None:
    replace_draft(actor=COMMAND, document=policy())
    delete_object(actor=COMMAND, instance=Role.objects.get(slug="analyst"))
    for ask in (policy_version, asked_version):
        with pytest.raises(PolicyErrors, match=r"rules\[0\]"):
            ask(Which.DRAFT)
    replace_draft(actor=COMMAND, document=policy(rules=2))
    assert isinstance(policy_version(Which.DRAFT), DraftVersion)


@pytest.mark.parametrize("column", ["document", "digest", "signature"])
def test_a_release_that_is_altered_after_it_was_read_is_refused_by_every_way_to_it(column: str) -> None:
    published(policy())
    published(policy(rules=2))
    assert newest_version().snapshot.release == 2
    alter(2, column)
    for ask in (newest_version, lambda: policy_version(2), lambda: asked_version(Which.CURRENT)):
        with pytest.raises(ReleaseAltered, match="release 2 was altered") as raised:
            ask()
        assert raised.value.number == 2
    assert release_version(1).number == 1


def test_a_question_is_answered_by_what_the_process_decides_with(monkeypatch: pytest.MonkeyPatch) -> None:
    first = published(policy()).release
    published(policy(rules=2))
    running = compiled(policy())
    monkeypatch.setattr(startup, "current", lambda: SimpleNamespace(snapshot=running))
    asked = asked_version(Which.CURRENT)
    assert (asked.number, asked.snapshot, asked.name) == (1, running, "release 1")
    assert policy_version(Which.CURRENT).number == 2
    assert first is not None
    assert release_version(1).snapshot is running, "nothing is compiled that the process has already"
    assert asked_version(2).snapshot.release == 2

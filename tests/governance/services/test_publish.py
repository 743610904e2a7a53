"""Publishing and rolling back: numbered, signed, recorded, one winner."""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from django.db import connection, connections

from accounts.services.errors import NotPermitted
from audit.models import OutboxEntry
from governance.deciding import keys
from governance.models import DraftState, ProposalStatus, Release, ReleaseProposal
from governance.policy.document.errors import PolicyErrors
from governance.selectors.draft import unpublished_changes
from governance.selectors.policy_versions import ReleaseAltered
from governance.services.authoring.draft import replace_draft
from governance.services.releasing.proposals import ProposalRefused, approve, refuse, withdraw
from governance.services.releasing.publish import (
    NothingToPublish,
    PublishRefused,
    TestsFailed,
    carry_out,
    carry_out_waiting,
    publish_draft,
    roll_back,
)
from governance.services.releasing.releases import PublishConflict
from governance.vault.signing import verify_release
from tests.governance.services.policies import COMMAND, person, policy, published

EXEMPTION = {
    "layer": "secrets", "name": "jwt", "entity": "tool:files/t0", "justification": "It verifies tokens.",
}  # fmt: skip


def until(days: int) -> str:
    return (datetime.now(tz=UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def records(action: str) -> list[dict[str, Any]]:
    bodies = [orjson.loads(bytes(entry.body)) for entry in OutboxEntry.objects.all()]
    return [body for body in bodies if body["data"].get("action") == action]


@pytest.mark.django_db
def test_a_release_is_numbered_hashed_signed_and_recorded() -> None:
    release = published(policy(), message="The first").release
    assert release is not None
    assert (release.number, release.rule_count, release.message) == (1, 1, "The first")
    assert hashlib.sha256(bytes(release.document)).hexdigest() == release.digest
    verify_release(keys.policy_keys(), bytes(release.signature).decode(), number=1, digest=release.digest)
    (record,) = records("release.publish")
    assert record["data"]["release"] == 1
    assert record["data"]["digest"] == release.digest


@pytest.mark.django_db
def test_the_banner_counts_changes_since_what_is_in_force_was_made() -> None:
    published(policy())
    assert len(unpublished_changes()) == 0
    replace_draft(actor=COMMAND, document=policy(rules=2))
    assert len(unpublished_changes()) == 1
    published(policy(rules=2))
    roll_back(actor=COMMAND, number=1, at_once=True)
    assert len(unpublished_changes()) == 1


@pytest.mark.django_db
def test_what_is_in_force_already_is_not_published_again() -> None:
    published(policy())
    with pytest.raises(NothingToPublish):
        publish_draft(actor=COMMAND, message="again", at_once=True)
    assert Release.objects.count() == 1


@pytest.mark.django_db
def test_a_failing_test_needs_a_reason_which_is_recorded() -> None:
    case = {
        "name": "nobody may", "principal": {"kind": "user", "roles": ["analyst"]},
        "call": {"server": "files", "tool": "t0"}, "expect": {"decision": "deny"},
    }  # fmt: skip
    with pytest.raises(TestsFailed, match="nobody may"):
        published(policy(tests=[case]))
    assert not Release.objects.exists()
    release = published(policy(tests=[case]), override_reason="The case is out of date").release
    assert release is not None
    assert release.override_reason == "The case is out of date"
    assert records("release.publish")[0]["data"]["reason"] == "The case is out of date"


@pytest.mark.django_db
def test_an_exemption_ends_within_180_days_of_its_first_publish() -> None:
    with pytest.raises(PolicyErrors, match="180 days"):
        published(policy(exemptions=[{**EXEMPTION, "until": until(181)}]))
    assert published(policy(exemptions=[{**EXEMPTION, "until": until(179)}])).release is not None


@pytest.mark.django_db
def test_who_publishes_on_an_older_release_gets_a_readable_conflict() -> None:
    published(policy())
    published(policy(rules=2))
    replace_draft(actor=COMMAND, document=policy(rules=3))
    with pytest.raises(PublishConflict, match=r"release 2 by command:test came first.*release 1"):
        publish_draft(actor=COMMAND, message="late", expected_release=1, at_once=True)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_publish_at_the_same_time_exactly_one_wins() -> None:
    published(policy())
    replace_draft(actor=COMMAND, document=policy(rules=2))
    proposals = [
        publish_draft(actor=COMMAND, message=f"number {number}", expected_release=1).proposal.pk for number in (1, 2)
    ]
    barrier = threading.Barrier(2)
    came: list[Release | str | None] = []

    def run(number: int) -> None:
        try:
            barrier.wait(5)
            came.append(carry_out(number))
        except PublishConflict as conflict:
            came.append(str(conflict))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in proposals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    won = [one for one in came if isinstance(one, Release)]
    lost = [one for one in came if isinstance(one, str)]
    assert [release.number for release in won] == [2]
    assert len(lost) == 1
    assert "came first" in lost[0]
    states = set(ReleaseProposal.objects.filter(pk__in=proposals).values_list("status", flat=True))
    assert states == {ProposalStatus.PUBLISHED, ProposalStatus.OVERTAKEN}


@pytest.mark.django_db
def test_a_rollback_is_a_new_release_with_an_old_document() -> None:
    first = published(policy()).release
    published(policy(rules=2))
    third = roll_back(actor=COMMAND, number=1, at_once=True).release
    assert first is not None
    assert third is not None
    assert (third.number, third.kind, third.rollback_of, third.digest) == (3, "rollback", 1, first.digest)


@pytest.mark.django_db
def test_an_altered_release_is_not_signed_again_by_rolling_back_to_it() -> None:
    published(policy())
    published(policy(rules=2))
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # as somebody who owns the database might
        cursor.execute("UPDATE governance_release SET document = %s WHERE number = 1", [b'{"toolgate":1}'])
        cursor.execute("SET session_replication_role = DEFAULT")
    with pytest.raises(ReleaseAltered, match="release 1"):
        roll_back(actor=COMMAND, number=1, at_once=True)


@pytest.mark.django_db
def test_in_two_person_mode_every_publish_and_rollback_waits_for_somebody_else() -> None:
    published(policy(settings={"two_person": True}))
    author, approver = person("policy_author"), person("approver")
    asked = published(policy(rules=2, settings={"two_person": True}), actor=author)
    assert asked.release is None
    assert asked.proposal.reasons == ["Two-person mode is on."]
    with pytest.raises(ProposalRefused):
        approve(actor=COMMAND, proposal_id=asked.proposal.pk)
    with pytest.raises(NotPermitted):
        approve(actor=author, proposal_id=asked.proposal.pk)
    approve(actor=approver, proposal_id=asked.proposal.pk)
    release = carry_out(asked.proposal.pk)
    assert release is not None
    assert (release.author, release.approver) == (author.name, approver.name)
    back = roll_back(actor=author, number=1, at_once=True)
    assert (back.release, back.proposal.status) == (None, ProposalStatus.OPEN)


@pytest.mark.django_db
def test_nobody_approves_their_own_proposal_whatever_roles_they_hold() -> None:
    published(policy(settings={"two_person": True}))
    owner = person("owner")
    asked = published(policy(rules=2, settings={"two_person": True}), actor=owner)
    with pytest.raises(ProposalRefused, match="another person"):
        approve(actor=owner, proposal_id=asked.proposal.pk)


@pytest.mark.django_db
def test_switching_two_person_mode_off_is_judged_by_the_mode_before() -> None:
    published(policy(settings={"two_person": True}))
    asked = published(policy())
    assert asked.release is None
    assert any("settings.two_person" in reason for reason in asked.proposal.reasons)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "weaker",
    [
        {"detectors": {"off": ["jwt"]}},
        {"detectors": {"shadow": ["jwt"]}},
        {"detectors": {"packs": []}},
        {"blocklist": {"packs": []}},
        {"rate_limits": {"disabled": True}},
        {"exemptions": [{**EXEMPTION, "until": until(30)}]},
        {"layers": {"blocklist": {"mode": "shadow", "until": until(7)}}},
    ],
    ids=lambda weaker: next(iter(weaker)),
)
def test_less_protection_needs_a_second_person(weaker: dict[str, Any]) -> None:
    published(policy())
    asked = published(policy(**weaker))
    assert asked.release is None
    assert asked.proposal.status == ProposalStatus.OPEN
    assert any("protects less" in reason for reason in asked.proposal.reasons)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "own",
    [
        {"blocklist": {"entries": [{"id": "no-x", "kind": "host", "pattern": "x.example"}]}},
        {"detectors": {"own": [{"id": "acme", "pattern": "acme_[a-z0-9]{32}"}]}},
    ],
    ids=lambda own: next(iter(own)),
)
def test_taking_an_own_control_away_needs_a_second_person_like_switching_it_off(own: dict[str, Any]) -> None:
    published(policy(**own))
    asked = published(policy())
    assert asked.release is None
    assert any("protects less" in reason for reason in asked.proposal.reasons)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changed",
    [
        {"subjects": {"everyone": True}, "except": {"users": ["policy-author-all"]}},
        {"subjects": {"everyone": True}, "when": "principal.id != 'policy-author-all'"},
        {"subjects": {"everyone": True}, "effect": "ask", "approval": {"approvers": {"roles": ["analyst"]}}},
    ],
    ids=["except", "when", "approvers"],
)
def test_a_rule_is_about_its_author_wherever_it_names_them(changed: dict[str, Any]) -> None:
    mine = person("policy_author", roles=["analyst"])
    deny = {
        "id": "stop", "effect": "deny", "subjects": {"everyone": True}, "entities": ["tool:files/t0"],
        "justification": "An incident.",
    }  # fmt: skip
    published(policy(rules=0) | {"rules": [deny]})
    document = policy(rules=0) | {"principals": {mine.name: {}}, "rules": [{**deny, **changed}]}
    asked = published(document, actor=mine)
    assert asked.proposal.reasons == [f"rules.stop is about the author, {mine.name}."]


@pytest.mark.django_db
def test_a_department_boundary_that_opens_to_the_author_is_about_them() -> None:
    mine = person("policy_author", departments=["finance"])
    files = policy()["servers"]["files"]
    departments = {"hr": {"name": "HR"}, "finance": {"name": "Finance"}}
    published(policy(departments=departments, servers={"files": {**files, "departments": ["hr"]}}))
    both = {"files": {**files, "departments": ["finance", "hr"]}}
    asked = published(policy(departments=departments, servers=both), actor=mine)
    assert asked.proposal.reasons == [f"servers.files.departments is about the author, {mine.name}."]


@pytest.mark.django_db
def test_a_deny_that_goes_into_shadow_needs_a_second_person() -> None:
    document = policy(rules=3)
    published(document)
    rules = [{**rule, "mode": "shadow"} if rule["effect"] == "deny" else rule for rule in document["rules"]]
    assert published({**document, "rules": rules}).proposal.reasons == [
        "Rule rule-00002 restricts and goes into shadow."
    ]


@pytest.mark.django_db
def test_a_draft_about_its_own_author_needs_a_second_person_and_another_author_does_not() -> None:
    published(policy())
    mine, other = person("policy_author", roles=["analyst"]), person("owner")
    asked = published(policy(rules=2), actor=mine)
    assert asked.release is None
    assert asked.proposal.reasons == [f"rules.rule-00001 is about the author, {mine.name}."]
    assert publish_draft(actor=other, message="same", at_once=True).release is not None


@pytest.mark.django_db
def test_an_emergency_goes_out_at_once_and_may_only_tighten() -> None:
    two = {"settings": {"two_person": True}}
    published(policy(rules=3, **two))
    operator = person("operator")
    deny = {
        "id": "stop", "effect": "deny", "subjects": {"everyone": True}, "entities": ["tool:files/t0"],
        "justification": "An incident.",
    }  # fmt: skip
    document = policy(rules=3, **two)
    tighter = published({**document, "rules": [*document["rules"], deny]}, actor=operator, emergency=True)
    assert tighter.release is not None
    assert tighter.release.kind == "emergency"
    with pytest.raises(PublishRefused, match="only tighten"):
        published(policy(rules=2, **two), actor=operator, emergency=True)


@pytest.mark.django_db
def test_a_viewer_neither_publishes_nor_rolls_back() -> None:
    published(policy())
    viewer = person("viewer")
    with pytest.raises(NotPermitted):
        published(policy(rules=2), actor=viewer)
    with pytest.raises(NotPermitted):
        roll_back(actor=viewer, number=1)


@pytest.mark.django_db
def test_a_proposal_is_refused_with_a_reason_or_withdrawn_by_its_author_only() -> None:
    published(policy(settings={"two_person": True}))
    author, approver = person("policy_author"), person("approver")
    first = published(policy(rules=2), actor=author).proposal.pk
    with pytest.raises(ProposalRefused):
        withdraw(actor=approver, proposal_id=first)
    withdraw(actor=author, proposal_id=first)
    second = publish_draft(actor=author, message="again").proposal.pk
    refuse(actor=approver, proposal_id=second, reason="Not now")
    with pytest.raises(ProposalRefused, match="not open"):
        approve(actor=approver, proposal_id=second)
    assert [record["data"]["reason"] for record in records("release.refused")] == ["Not now"]


@pytest.mark.django_db
def test_a_proposal_that_was_altered_or_slipped_into_the_table_becomes_no_release() -> None:
    published(policy())
    replace_draft(actor=COMMAND, document=policy(rules=2))
    proposal = publish_draft(actor=COMMAND, message="honest").proposal
    ReleaseProposal.objects.filter(pk=proposal.pk).update(document=b'{"toolgate":1}')
    with pytest.raises(ProposalRefused, match="altered"):
        carry_out(proposal.pk)
    forged = publish_draft(actor=COMMAND, message="honest").proposal
    ReleaseProposal.objects.filter(pk=forged.pk).update(author="somebody else")
    assert carry_out_waiting() == 0
    assert Release.objects.count() == 1


@pytest.mark.django_db
def test_what_the_worker_did_not_hear_is_released_by_the_sweep() -> None:
    replace_draft(actor=COMMAND, document=policy())
    asked = publish_draft(actor=COMMAND, message="for the worker")
    assert (asked.release, asked.proposal.status) == (None, ProposalStatus.QUEUED)
    assert carry_out_waiting() == 1
    assert Release.objects.get().message == "for the worker"
    assert carry_out_waiting() == 0
    assert DraftState.objects.get().based_on == 1

"""Reviewing, publishing, proposing, agreeing, conflicts, comparing and rolling back, by the pages alone."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from governance.models import DraftComment, PolicySettings, Release, ReleaseProposal, Rule
from governance.services.authoring.objects import create_object
from governance.services.releasing.publish import carry_out_waiting
from tests.governance.admin.actors import signed_in, staff
from tests.governance.console.policies import SETUP, change_rule, publish_again

pytestmark = pytest.mark.django_db


@pytest.fixture
def author(demo: Release) -> Client:
    return signed_in(staff("policy_author", name="anna"))


@pytest.fixture
def approver(demo: Release) -> Client:
    return signed_in(staff("approver", name="adam"))


def _page(client: Client, name: str = "review", *args: object, query: str = "") -> str:
    answer = client.get(reverse(f"admin:{name}", args=args) + query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def _publish(client: Client, **data: object) -> str:
    form = client.get(reverse("admin:review")).context["form"]
    sent = {**form.initial, "message": "Because", **data}
    answer = client.post(reverse("admin:review"), sent, follow=True)
    return str(answer.content.decode())


def _forbid() -> None:
    rule = Rule(
        slug="no-status", effect="deny", subjects={"everyone": True}, entities=["tool:deploy/status"],
        justification="Not while we move",
    )  # fmt: skip
    create_object(actor=SETUP, instance=rule)


def _allow() -> None:
    rule = Rule(
        slug="all-read", effect="allow", subjects={"min_tier": "user"}, entities=["tool:deploy/logs"],
        justification="Everybody looks",
    )  # fmt: skip
    create_object(actor=SETUP, instance=rule)


def test_a_draft_that_says_the_same_has_nothing_to_publish(author: Client) -> None:
    assert "says exactly what release 1 says" in _page(author)


def test_the_review_says_in_words_what_a_change_does(author: Client) -> None:
    _forbid()
    html = _page(author)
    assert "tightens" in html
    assert "rules.no-status" in html
    assert "Publish 1 change<" in html
    assert "All 21 come out" not in html  # the new rule denies what a test expects


def test_the_review_names_the_people_of_the_directory_as_it_stands(author: Client) -> None:
    rule = Rule(
        slug="her-balance", effect="allow", subjects={"users": ["carol"]}, entities=["tool:pay/balance"],
        justification="The audit",
    )  # fmt: skip
    create_object(actor=SETUP, instance=rule)
    assert "carol gains pay/balance" in _page(author)
    _forbid()
    assert "loses deploy/status, denied by no-status" in _page(author)
    User.objects.filter(username="carol").update(status="suspended")
    assert "carol gains" not in _page(author)


def test_publishing_goes_through_the_worker_and_the_page_follows(author: Client) -> None:
    change_rule()
    html = _publish(author, message="Say it better")
    proposal = ReleaseProposal.objects.get()
    assert "with the worker" in html
    assert "follow.js" in html
    assert carry_out_waiting() == 1
    release = Release.objects.get(number=2)
    assert (release.author, release.message) == ("anna", "Say it better")
    assert "It is" in _page(author, "proposal", proposal.pk)
    assert "says exactly what release 2 says" in _page(author)


def test_a_failing_test_stops_it_until_somebody_says_why(author: Client) -> None:
    _forbid()
    html = _publish(author)
    assert "tests fail" in html
    assert "Because" in html, "what was typed is kept"
    _publish(author, override_reason="The test is about last year")
    carry_out_waiting()
    assert Release.objects.get(number=2).override_reason == "The test is about last year"


def test_two_person_mode_turns_the_button_into_a_proposal_that_another_person_agrees_to(
    author: Client, approver: Client
) -> None:
    create_object(actor=SETUP, instance=PolicySettings(two_person=True))
    publish_again()
    change_rule(description="With two")
    assert "Propose 1 change to a second person" in _page(author)
    html = _publish(author)
    assert "waiting for a second person" in html
    proposal = ReleaseProposal.objects.get()
    own = author.post(reverse("admin:proposal", args=(proposal.pk,)), {"decision": "approve"}, follow=True)
    assert "Nothing was done" in own.content.decode()
    assert f"Proposal {proposal.pk}" in _page(approver, "releases")
    refused = approver.post(reverse("admin:proposal", args=(proposal.pk,)), {"decision": "refuse"})
    assert "A reason is needed" in refused.content.decode()
    agreed = approver.post(reverse("admin:proposal", args=(proposal.pk,)), {"decision": "approve"}, follow=True)
    assert "Agreed" in agreed.content.decode()
    assert carry_out_waiting() == 1
    release = Release.objects.get(number=3)
    assert (release.author, release.approver) == ("anna", "adam")


def test_a_proposal_can_be_refused_or_withdrawn(author: Client, approver: Client) -> None:
    create_object(actor=SETUP, instance=PolicySettings(two_person=True))
    publish_again()
    change_rule(description="With two")
    for client, decision, state in ((approver, "refuse", "refused"), (author, "withdraw", "withdrawn")):
        _publish(author)
        proposal = ReleaseProposal.objects.get(status="open")
        url = reverse("admin:proposal", args=(proposal.pk,))
        client.post(url, {"decision": decision, "reason": "Not now"})
        proposal.refresh_from_db()
        assert proposal.status == state
    assert carry_out_waiting() == 0


def test_an_emergency_that_only_tightens_needs_no_second_person(author: Client) -> None:
    create_object(actor=SETUP, instance=PolicySettings(two_person=True))
    publish_again()
    _forbid()
    assert "Emergency: publish at once" in _page(author)
    _publish(author, emergency="on", override_reason="We are under attack")
    assert carry_out_waiting() == 1
    assert Release.objects.get(number=3).kind == "emergency"


def test_a_widening_is_offered_no_emergency_and_refused_as_one(author: Client) -> None:
    create_object(actor=SETUP, instance=PolicySettings(two_person=True))
    publish_again()
    _allow()
    assert "Emergency: publish at once" not in _page(author)
    assert "may only tighten" in _publish(author, emergency="on")


def test_whoever_comes_second_sees_who_came_first_and_the_way_on(author: Client) -> None:
    change_rule()
    form = author.get(reverse("admin:review")).context["form"]
    publish_again("Mine was faster", author=staff("policy_author", name="berta"))
    change_rule(description="Later")
    answer = author.post(reverse("admin:review"), {**form.initial, "message": "Mine"})
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Release 2 came first" in html
    assert "berta" in html
    assert "Mine was faster" in html
    assert "old=1&amp;new=2" in html


def test_a_draft_that_changed_since_it_was_reviewed_is_not_published(author: Client) -> None:
    change_rule()
    form = author.get(reverse("admin:review")).context["form"]
    change_rule("no-deletes", description="slipped in")
    html = author.post(reverse("admin:review"), {**form.initial, "message": "Mine"}).content.decode()
    assert "The draft changed since you reviewed it" in html
    assert not ReleaseProposal.objects.exists()


def test_an_unsound_draft_lists_what_is_wrong(author: Client) -> None:
    Rule.objects.filter(slug="no-deletes").update(entities=["tool:gone/away"])
    html = _page(author)
    assert "The draft is no sound policy" in html
    assert "gone/away" in html


def test_any_two_releases_and_the_draft_can_be_compared(author: Client) -> None:
    _forbid()
    publish_again()
    change_rule()
    assert "rules.no-status" in _page(author, "releases", query="?old=1&new=2")
    assert "rules.no-status" in _page(author, "releases", query="?old=2&new=1")
    assert "rules.administrators" in _page(author, "releases", query="?old=2&new=draft")
    for nonsense in ("?old=1&new=99", "?old=x&new=%00", "?old=-1&new=99999999999999999999", "?page=zzz"):
        _page(author, "releases", query=nonsense)


def test_going_back_shows_what_it_changes_and_makes_a_new_release_with_the_old_document(author: Client) -> None:
    _forbid()
    publish_again()
    html = _page(author, "rollback", 1)
    assert "rules.no-status" in html
    assert "Put release 1 in force again" in html
    form = author.get(reverse("admin:rollback", args=(1,))).context["form"]
    author.post(reverse("admin:rollback", args=(1,)), form.initial)
    assert carry_out_waiting() == 1
    third = Release.objects.get(number=3)
    assert (third.kind, third.rollback_of) == ("rollback", 1)
    assert third.digest == Release.objects.get(number=1).digest
    assert Rule.objects.filter(slug="no-status").exists(), "the draft stays as it is"


def test_going_back_to_what_is_not_there_is_not_found(author: Client) -> None:
    for name, number in (("rollback", 99), ("proposal", 99)):
        assert author.get(reverse(f"admin:{name}", args=(number,))).status_code == 404


def test_comments_stand_on_the_draft_until_they_are_settled(author: Client, approver: Client) -> None:
    approver.post(reverse("admin:comment"), {"text": "Why <b>this</b>?"})
    comment = DraftComment.objects.get()
    html = _page(author)
    assert "Why &lt;b&gt;this&lt;/b&gt;?" in html
    author.post(reverse("admin:comment"), {"settle": str(comment.pk)})
    comment.refresh_from_db()
    assert comment.resolved_by == "anna"
    assert "Why &lt;b&gt;" not in _page(author)


def test_a_viewer_neither_publishes_nor_comments(demo: Release) -> None:
    viewer = signed_in(staff("viewer"))
    change_rule()
    html = _page(viewer)
    assert "Your grant lets you look, not publish." in html
    assert viewer.post(reverse("admin:comment"), {"text": "hello"}).status_code == 403
    assert not DraftComment.objects.exists()


def test_an_altered_release_is_said_to_be_altered_and_shown_by_nobody(author: Client) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE governance_release DISABLE TRIGGER USER")
        cursor.execute("UPDATE governance_release SET document = document || '\\x20'::bytea")
        cursor.execute("ALTER TABLE governance_release ENABLE TRIGGER USER")
    assert "is not what was signed" in _page(author, "index")

"""Discarding the draft, making it a release, taking one change back: by the pages alone."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from governance.models import Release, Rule, Tool
from governance.services.releasing.publish import roll_back
from tests.governance.admin.actors import signed_in, staff
from tests.governance.console.policies import SETUP, change_rule, publish_again

pytestmark = pytest.mark.django_db


@pytest.fixture
def author(demo: Release) -> Client:
    return signed_in(staff("policy_author", name="anna"))


def _page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return str(answer.content.decode())


def _confirm(client: Client, url: str, **data: object) -> str:
    form = client.get(url).context["form"]
    answer = client.post(url, {**form.initial, "reason": "It was wrong", **data}, follow=True)
    return str(answer.content.decode())


def test_one_number_on_the_banner_the_review_its_button_and_the_overview(author: Client) -> None:
    change_rule(description="Anew", justification="Otherwise", when="args.n > 1")
    Tool.objects.filter(server_id="deploy", own_name="status").update(name="How it stands")
    change_rule("oncall-rolls-back", description="Anew")
    html = _page(author, reverse("admin:review"))
    assert re.findall(r"(\d+) unpublished change", html) == ["3"]
    assert re.findall(r"<strong>(\d+) changes</strong>", html) == ["3"]
    assert re.findall(r"Publish (\d+) changes", html) == ["3", "3"]
    assert html.count('class="tg-back"') == 3
    assert set(re.findall(r"(\d+) unpublished change", _page(author, reverse("admin:index")))) == {"3"}


def test_discarding_tells_what_is_lost_and_then_says_what_is_in_force(author: Client) -> None:
    change_rule(description="Anew")
    url = reverse("admin:discard")
    assert f'href="{url}"' in _page(author, reverse("admin:review"))
    html = _page(author, url)
    assert "1 object of the draft" in html
    assert "<code>description</code>: <del>Anew</del>" in html
    assert Rule.objects.get(slug="administrators").description == "Anew", "looking changes nothing"
    assert "says exactly what release 1 says" in _confirm(author, url)
    assert "This cannot be done" in _page(author, url)


def test_a_change_is_taken_back_from_the_review(author: Client) -> None:
    change_rule(description="Anew")
    change_rule("oncall-rolls-back", description="Anew")
    html = _page(author, reverse("admin:review"))
    url = f"{reverse('admin:take-back')}?object=rules.administrators"
    assert f'href="{url}"' in html
    html = _confirm(author, url)
    assert "1 object of the draft put back" in html
    assert "rules.administrators" not in html
    assert "rules.oncall-rolls-back" in html


def test_a_draft_that_changed_meanwhile_is_a_readable_conflict_and_what_was_typed_is_kept(author: Client) -> None:
    change_rule(description="Anew")
    url = reverse("admin:discard")
    seen = author.get(url).context["form"].initial
    change_rule("oncall-rolls-back", description="Anew")
    html = author.post(url, {**seen, "reason": "It was wrong"}).content.decode()
    assert "Nothing was done: the draft was changed by setup since you opened it." in html
    assert "2 objects of the draft" in html
    assert "It was wrong</textarea>" in html
    assert Rule.objects.get(slug="administrators").description == "Anew"


def test_what_others_need_is_named_and_offers_no_button(author: Client) -> None:
    Tool.objects.create(server_id="deploy", own_name="undo")
    change_rule("oncall-rolls-back", entities=["tool:deploy/undo"])
    html = _page(author, f"{reverse('admin:take-back')}?object=servers.deploy.tools.undo")
    assert "rules.oncall-rolls-back.entities[0]" in html
    assert '<form method="post" class="tg-form">' not in html


def test_an_unsound_draft_can_be_discarded(author: Client) -> None:
    Tool.objects.filter(server_id="deploy", own_name="rollback").delete()
    change_rule(description="Anew")
    html = _page(author, reverse("admin:review"))
    assert "The draft is no sound policy" in html
    assert "<strong>2 changes</strong>" in html
    assert "2 unpublished changes" in html
    assert "says exactly what release 1 says" in _confirm(author, reverse("admin:discard"))


def test_a_rollback_says_that_the_draft_keeps_the_bad_change_and_offers_the_way_out(author: Client) -> None:
    change_rule(description="Anew")
    publish_again()
    restore = reverse("admin:restore", args=(1,))
    html = _page(author, reverse("admin:rollback", args=(1,)))
    assert "what you roll back still stands in it" in html
    assert f'href="{restore}"' in html
    done = roll_back(actor=SETUP, number=1, at_once=True)
    html = _page(author, reverse("admin:proposal", args=(done.proposal.pk,)))
    assert "The draft still holds what was rolled back" in html
    assert f'href="{reverse("admin:discard")}"' in html
    html = _page(author, reverse("admin:releases"))
    assert "The draft holds 1 change that is not in force" in html
    assert "says exactly what release 3 says" in _confirm(author, restore)
    assert "still holds" not in _page(author, reverse("admin:proposal", args=(done.proposal.pk,)))
    assert author.get(reverse("admin:restore", args=(99,))).status_code == 404


def test_who_may_not_write_the_draft_is_offered_nothing_and_refused(demo: Release) -> None:
    change_rule(description="Anew")
    viewer = signed_in(staff("viewer"))
    html = _page(viewer, reverse("admin:review"))
    assert reverse("admin:discard") not in html
    assert "tg-back" not in html
    for url in (reverse("admin:discard"), f"{reverse('admin:take-back')}?object=rules.administrators"):
        assert "This cannot be done" in _page(viewer, url)
        viewer.post(url, {"expected_revision": 2})
    assert Rule.objects.get(slug="administrators").description == "Anew"
    guarded = Client(enforce_csrf_checks=True)
    guarded.force_login(staff("owner", name="olga"))
    assert guarded.post(reverse("admin:discard"), {"expected_revision": 2}).status_code == 403

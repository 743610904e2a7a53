"""Which staff role opens which page, and what strangers get."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from governance.console.pages.routes import PAGES
from governance.deciding import keys
from governance.models import Release, SwitchScope
from governance.services.switches import set_switch
from tests.governance.admin.actors import signed_in, staff
from tests.governance.console.policies import SETUP, change_rule

pytestmark = pytest.mark.django_db
ROLES = ("owner", "policy_author", "approver", "operator", "auditor", "viewer")
LISTED = [page.name for page in PAGES if page.listed]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", LISTED)
def test_every_staff_role_may_look_and_finds_nothing_inline(demo: Release, role: str, name: str) -> None:
    answer = signed_in(staff(role)).get(reverse(f"admin:{name}"))
    assert answer.status_code == 200
    html = answer.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"\sstyle=\"|<style|\son[a-z]+=\"", html)


@pytest.mark.parametrize("name", ["index", *LISTED])
def test_nobody_else_sees_a_page(demo: Release, name: str) -> None:
    url = reverse(f"admin:{name}")
    stranger = Client(headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"})
    assert stranger.get(url).status_code == 302
    outsider = signed_in(User.objects.create_user("outsider", password="correct horse"))
    answer = outsider.get(url)
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]


def test_every_page_that_is_listed_stands_in_the_navigation(demo: Release) -> None:
    html = signed_in(staff("owner")).get(reverse("admin:index")).content.decode()
    for name in LISTED:
        assert f'href="{reverse(f"admin:{name}")}"' in html


def test_the_banners_count_changes_and_name_switches_on_every_page(demo: Release) -> None:
    change_rule()
    set_switch(actor=SETUP, scope=SwitchScope.AGENT, target="coder", reason="test", macs=keys.state_macs())
    for url in (reverse("admin:index"), reverse("admin:governance_rule_changelist"), reverse("admin:simulator")):
        html = signed_in(staff("owner", name=f"o{len(url)}")).get(url).content.decode()
        assert "1 unpublished change<" in html
        assert "agent:coder" in html
        assert "1 off, in shadow or exempted" in html


@pytest.mark.parametrize(
    "role,name,data",
    [
        ("viewer", "switches", {"scope": "agent", "target": "coder", "reason": "because"}),
        ("policy_author", "switches", {"scope": "agent", "target": "coder", "reason": "because"}),
        ("viewer", "review", {"expected_release": 1, "expected_revision": 2, "message": "mine"}),
        ("operator", "review", {"expected_release": 1, "expected_revision": 2, "message": "mine"}),
    ],
)
def test_who_may_look_may_not_act(demo: Release, role: str, name: str, data: dict[str, object]) -> None:
    change_rule()
    html = signed_in(staff(role)).post(reverse(f"admin:{name}"), data).content.decode()
    assert "Nothing was done" in html
    assert Release.objects.count() == 1


def test_a_form_without_its_token_is_refused(demo: Release) -> None:
    client = Client(
        enforce_csrf_checks=True,
        headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
    )
    client.force_login(staff("owner"))
    for name in ("switches", "review", "try", "simulator"):
        assert client.post(reverse(f"admin:{name}"), {"reason": "x"}).status_code == 403

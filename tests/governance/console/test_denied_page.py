"""A denied page says which staff role would do; the root leads to the console."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from governance.models import Release
from tests.governance.admin.actors import signed_in, staff


def test_the_root_leads_to_the_console() -> None:
    answer = Client(headers={"user-agent": "Mozilla/5.0"}).get("/")
    assert (answer.status_code, answer.headers["location"]) == (302, reverse("admin:index"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "page", "needed"),
    [
        ("viewer", "admin:governance_rule_add", "<strong>owner</strong> or <strong>policy author</strong>"),
        ("viewer", "admin:accounts_staffgrant_add", "<strong>owner</strong>, granted for the whole installation"),
        ("viewer", "admin:accounts_user_changelist", "<strong>owner</strong>, <strong>policy author</strong>, "),
        (
            "policy_author",
            "admin:accounts_agentkey_changelist",
            "<strong>operator</strong> or <strong>auditor</",
        ),
    ],
)
def test_a_denied_page_says_which_staff_role_would_do(role: str, page: str, needed: str) -> None:
    answer = signed_in(staff(role)).get(reverse(page))
    html = answer.content.decode()
    assert answer.status_code == 403
    assert needed in html
    assert f"You hold {role.replace('_', ' ')}." in html


@pytest.mark.django_db
def test_a_denied_page_of_the_consoles_own_says_so_too() -> None:
    answer = signed_in(staff("viewer")).post(reverse("admin:comment"), {"text": "hello"})
    assert answer.status_code == 403
    needed = "<strong>owner</strong>, <strong>policy author</strong> or <strong>approver</strong>."
    assert f"It takes the staff role {needed}" in answer.content.decode()


@pytest.mark.django_db
def test_a_role_that_is_held_for_less_is_said_to_be(demo: Release) -> None:
    author = staff("policy_author", scope_kind="department", scope="finance")
    answer = signed_in(author).post(reverse("admin:governance_ratelimits_change", args=(1,)), {})
    assert answer.status_code == 403
    assert "You hold one of them, but not for this." in answer.content.decode()

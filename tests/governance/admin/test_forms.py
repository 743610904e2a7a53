"""Forms: faults at their fields, conflicts that can be read, secrets that are nowhere, history before and after."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import AgentKey, Department, Role, User
from accounts.services.actor import Actor
from governance.models import PolicySettings, RateLimits, Rule, Server, Tool
from governance.services.authoring import objects as authoring
from tests.governance.admin.actors import signed_in, staff

pytestmark = pytest.mark.django_db
SETUP = Actor.component("setup")
RULE = {
    "slug": "readers", "effect": "allow", "mode": "enforce", "entities": "tool:files/read\ntool:files/list",
    "subjects_3": "analyst", "when": "args.path.endsWith('.csv')",
}  # fmt: skip


@pytest.fixture
def author() -> Client:
    return signed_in(staff("policy_author"))


def _add(client: Client, **said: Any) -> Any:
    return client.post(reverse("admin:governance_rule_add"), {**RULE, **said})


def test_a_rule_typed_into_the_form_is_the_rule_of_the_policy(author: Client) -> None:
    assert _add(author).status_code == 302
    kept = Rule.objects.get()
    assert (kept.subjects, kept.entities) == ({"roles": ["analyst"]}, ["tool:files/list", "tool:files/read"])
    assert kept.updated_by == "policy-author-all"


@pytest.mark.parametrize(
    "said,column,message",
    [
        ({"when": "args.path >"}, "when", "column"),
        ({"effect": "deny"}, "justification", "needs a reason"),
        ({"subjects_3": ""}, "subjects", ""),
        ({"entities": "tool:a b"}, "entities", "tool:a b"),
        ({"slug": "No Slug"}, "slug", "a–z"),
        ({"approval_5": "soon"}, "approval", "expires"),
    ],
)
def test_a_fault_stands_at_its_field(author: Client, said: dict[str, str], column: str, message: str) -> None:
    answer = _add(author, **said)
    errors = answer.context["adminform"].form.errors
    assert column in errors
    assert message in str(errors[column])
    assert not Rule.objects.exists()


def test_a_field_that_cannot_be_read_hides_no_other_fault(author: Client) -> None:
    answer = _add(author, slug="No Slug", effect="deny", when="args.path >")
    assert set(answer.context["adminform"].form.errors) == {"slug", "justification", "when"}


@pytest.mark.parametrize(
    ("model", "said", "column", "message"),
    [
        ("hook", {"type": "command", "prompt": "May it?"}, "command", "a command hook needs it"),
        ("hook", {"type": "command", "prompt": "May it?"}, "prompt", "means nothing for a command hook"),
        ("server", {"mode": "required", "transport_0": "stdio"}, "transport", "command is missing"),
        ("plugin", {"slug": "ab"}, "slug", "3 to 50"),
    ],
)
def test_a_form_refuses_what_the_policy_file_refuses(
    author: Client, model: str, said: dict[str, str], column: str, message: str
) -> None:
    usual = {
        "slug": "new", "event": "PreToolUse", "timeout": "5", "matcher": "*", "on_failure": "block", "enabled": "on",
        "category": "custom", "max_sensitivity": "internal", "sensitivity": "internal", "rate_class": "mcp",
        "capture": "redacted", "scopes": "user",
    }  # fmt: skip
    answer = author.post(reverse(f"admin:governance_{model}_add"), {**usual, "mode": "enforce", **said})
    errors = answer.context["adminform"].form.errors
    assert message in str(errors.get(column)), errors


def test_two_people_on_one_page_conflict_and_the_second_sees_both_versions(author: Client) -> None:
    _add(author)
    kept = Rule.objects.get()
    url = reverse("admin:governance_rule_change", args=(kept.pk,))
    kept.entities = ["tool:files/stat"]
    authoring.update_object(actor=SETUP, instance=kept, expected_revision=1)
    said = {**RULE, "description": "mine", "expected_revision": 1}
    answer = author.post(url, said)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "changed this while you had it open" in html
    assert "tool:files/stat" in html
    assert Rule.objects.get().description == ""
    assert author.post(url, {**said, "overwrite": "on"}).status_code == 302
    assert Rule.objects.get().description == "mine"


def test_removing_asks_first_and_says_what_goes(author: Client) -> None:
    _add(author)
    url = reverse("admin:governance_rule_delete", args=(Rule.objects.get().pk,))
    asked = author.get(url).content.decode()
    assert "What goes" in asked
    assert "tool:files/read" in asked
    assert Rule.objects.exists()
    author.post(url, {"post": "yes"})
    assert not Rule.objects.exists()


def test_several_are_removed_through_the_service_with_a_record_each(author: Client) -> None:
    from accounts.models import ChangeRef

    for slug in ("a", "b"):
        authoring.create_object(actor=SETUP, instance=Department(slug=slug))
    marked = {"action": "delete_selected", "_selected_action": [d.pk for d in Department.objects.all()], "post": "yes"}
    author.post(reverse("admin:accounts_department_changelist"), marked)
    assert not Department.objects.exists()
    assert ChangeRef.objects.filter(model="accounts.department").count() == 4


def test_history_shows_before_and_after_and_who(author: Client) -> None:
    _add(author)
    kept = Rule.objects.get()
    kept.when = ""
    authoring.update_object(actor=SETUP, instance=kept, expected_revision=1, reason="Too narrow")
    html = author.get(reverse("admin:governance_rule_history", args=(kept.pk,))).content.decode()
    assert "Too narrow" in html
    assert "args.path.endsWith(&#x27;.csv&#x27;)" in html
    assert html.index("<strong>setup</strong> changed") < html.index("<strong>policy-author-all</strong> made")


def test_the_banner_counts_what_is_not_published_and_is_gone_at_none(author: Client) -> None:
    assert "unpublished change" not in author.get(reverse("admin:index")).content.decode()
    _add(author)
    assert "1 unpublished change<" in author.get(reverse("admin:index")).content.decode(), "its role is nowhere"
    authoring.create_object(actor=SETUP, instance=Role(slug="analyst"))
    authoring.create_object(actor=SETUP, instance=Server(slug="files"))
    for name in ("list", "read"):
        authoring.create_object(actor=SETUP, instance=Tool(server_id="files", own_name=name))
    assert "3 unpublished changes<" in author.get(reverse("admin:index")).content.decode()


def test_settings_open_at_their_defaults_and_are_written_once_saved(author: Client) -> None:
    url = reverse("admin:governance_policysettings_changelist")
    opened = author.get(url, follow=True)
    assert opened.context["adminform"].form["stale_after"].value() == 300
    said = {"stale_after": 120, "stale_after_restricted": 30, "two_person": "on"}
    assert author.post(reverse("admin:governance_policysettings_change", args=(1,)), said).status_code == 302
    assert PolicySettings.current().stale_after == 120


def test_limits_keep_only_what_differs_from_what_is_shipped(author: Client) -> None:
    url = reverse("admin:governance_ratelimits_change", args=(1,))
    form = author.get(url).context["adminform"].form
    place = [part.path[0] for part in form.fields["base_per_second"].parts].index("mcp")
    assert author.post(url, {"burst_multiplier": "4", f"base_per_second_{place}": "25"}).status_code == 302
    assert (RateLimits.current().base_per_second, RateLimits.current().burst_multiplier) == ({"mcp": 25}, 4)


def _named(page: Any, field: str, label: str) -> str:
    """The name of one input of an object."""
    parts = page.context["adminform"].form.fields[field].parts
    return f"{field}_{[part.label for part in parts].index(label)}"


def test_a_burst_is_set_by_class_and_an_own_class_stays_what_it_was(author: Client) -> None:
    RateLimits(base_per_second={"reports": 5}, burst_multipliers={"reports": 9}).save()
    url = reverse("admin:governance_ratelimits_change", args=(1,))
    page = author.get(url)
    widget = page.context["adminform"].form["burst_multipliers"].subwidgets[0].data
    said = {sub["name"]: sub["value"] for sub in widget["subwidgets"] if sub["value"] not in (None, "")}
    assert said == {_named(page, "burst_multipliers", "others"): '{\n  "reports": 9\n}'}
    kept = {
        _named(page, field, "others"): json.dumps({"reports": 9}) for field in ("base_per_second", "burst_multipliers")
    }
    changed = {"burst_multiplier": "3", _named(page, "burst_multipliers", "mcp"): "2", **kept}
    assert author.post(url, changed).status_code == 302
    current = RateLimits.current()
    assert (current.base_per_second, current.burst_multipliers) == ({"reports": 9}, {"mcp": 2, "reports": 9})


@pytest.mark.parametrize(
    ("label", "value", "fault"),
    [
        ("mcp", "0.5", "greater than or equal to 1"),
        ("mcp", "1001", "less than or equal to 1000"),
        ("others", "[3]", "others: This must be a JSON object."),
        ("others", '{"reports": 0}', "reports: "),
    ],
)
def test_a_burst_that_cannot_be_is_told_of_at_its_field(author: Client, label: str, value: str, fault: str) -> None:
    url = reverse("admin:governance_ratelimits_change", args=(1,))
    name = _named(author.get(url), "burst_multipliers", label)
    answered = author.post(url, {"burst_multiplier": "3", name: value})
    assert answered.status_code == 200
    [told] = answered.context["adminform"].form.errors["burst_multipliers"]
    assert fault in told


HOSTILE = "<script>alert(1)</script>\"'=cmd|\u202e"


def test_a_hostile_name_is_inert_in_lists_and_pages(author: Client) -> None:
    Department.objects.create(slug="finance", name=HOSTILE, description=HOSTILE)
    kept = Department.objects.get()
    for url in (
        reverse("admin:accounts_department_changelist"),
        reverse("admin:accounts_department_change", args=(kept.pk,)),
        reverse("admin:accounts_department_delete", args=(kept.pk,)),
    ):
        assert "<script>alert(1)" not in author.get(url).content.decode()


def test_nothing_secret_is_listed_searched_filtered_or_shown() -> None:
    client = signed_in(staff("owner"))
    alice = User.objects.create_user("alice", password="correct horse")
    key = AgentKey.objects.create(
        public_id="tg_abc", digest=b"DIGESTBYTES", digest_key_id="DIGESTKEY", name="ci", agent="r", principal=alice
    )
    for model, pk in ((AgentKey, key.pk), (User, alice.pk)):
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for url in (
            reverse(f"{base}_changelist"),
            reverse(f"{base}_change", args=(pk,)),
            reverse(f"{base}_history", args=(pk,)),
        ):
            html = client.get(url).content.decode()
            for value in ("DIGESTBYTES", "DIGESTKEY", alice.password):
                assert value not in html, url


@pytest.mark.parametrize("model", [AgentKey, User])
def test_no_filter_reaches_a_secret_column(model: Any) -> None:
    page = admin.site._registry[model]
    for column in model.secret_fields:
        assert column not in str((page.list_display, page.search_fields, page.list_filter, page.get_fieldsets))
        client = signed_in(staff("owner", name=f"owner-{column.replace('_', '-')}"))
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert client.get(url, {f"{column}__startswith": "a"}).status_code in (302, 400)


def test_a_password_is_set_on_its_own_page_and_never_shown() -> None:
    client = signed_in(staff("owner"))
    alice = User.objects.create_user("alice")
    url = reverse("admin:accounts_user_password", args=(alice.pk,))
    said = {"password1": "a longer one, new", "password2": "a longer one, new", "usable_password": "true"}
    assert client.post(url, said).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password("a longer one, new")
    history = client.get(reverse("admin:accounts_user_history", args=(alice.pk,))).content.decode()
    assert "a longer one" not in history
    assert alice.password not in history


def test_what_a_service_refuses_is_said_on_the_page_and_nothing_happens() -> None:
    owner = staff("owner")
    client = signed_in(owner)
    grant = owner.staff_grants.get()
    removed = client.post(reverse("admin:accounts_staffgrant_delete", args=(grant.pk,)), {"post": "yes"}, follow=True)
    assert "The last owner stays" in removed.content.decode()
    marked = {"action": "delete_selected", "_selected_action": grant.pk, "post": "yes"}
    listed = client.post(reverse("admin:accounts_staffgrant_changelist"), marked, follow=True)
    assert "The last owner stays" in listed.content.decode()
    assert owner.staff_grants.exists()

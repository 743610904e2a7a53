"""Six staff roles, each on the pages of each model: what opens, what is refused, and how far a grant reaches."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from accounts.admin.base.object_admin import ObjectAdmin, ReadOnlyAdmin
from accounts.models import Department, ScopeKind, StaffGrant, StaffRole, User
from accounts.models.staff import PERMISSIONS, role_gives
from accounts.services.actor import Actor
from accounts.services.change import permission
from governance.models import Exemption, Rule, Server, Tool
from governance.services.authoring import objects as authoring
from tests.governance.admin.actors import signed_in, staff

pytestmark = pytest.mark.django_db
SETUP = Actor.component("setup")
MODELS = [model for model, page in admin.site._registry.items() if isinstance(page, ObjectAdmin)]
POLICY = {
    "agent", "server", "tool", "datasource", "skill", "plugin", "rule", "blocklistsettings", "blocklistentry",
    "detectorsettings", "detector", "exemption", "ratelimits", "layermode", "policysettings", "hook", "binding",
    "policytest", "policyprincipal", "department", "group", "role",
}  # fmt: skip
ACCESS = {"user", "staffgrant", "agentkey", "revocation"}
IN_FORCE = {"guardentry", "release", "releaseproposal", "switch"}

SEES = {
    StaffRole.OWNER: POLICY | IN_FORCE | ACCESS,
    StaffRole.AUTHOR: POLICY | IN_FORCE | {"user"},
    StaffRole.APPROVER: POLICY | IN_FORCE | {"user"},
    StaffRole.OPERATOR: POLICY | IN_FORCE | ACCESS,
    StaffRole.AUDITOR: POLICY | IN_FORCE | ACCESS,
    StaffRole.VIEWER: POLICY | IN_FORCE,
}
ADDS = {
    StaffRole.OWNER: (POLICY | {"user", "staffgrant", "guardentry"}),
    StaffRole.AUTHOR: POLICY | {"guardentry"},
    StaffRole.APPROVER: set(),
    StaffRole.OPERATOR: {"user", "guardentry"},
    StaffRole.AUDITOR: set(),
    StaffRole.VIEWER: set(),
}
ONE_OF_A_KIND = {"blocklistsettings", "detectorsettings", "ratelimits", "policysettings"}


@pytest.mark.parametrize("role", StaffRole.values)
def test_each_role_opens_exactly_its_own_lists_and_forms(role: str) -> None:
    client = signed_in(staff(role))
    seen, added = set(), set()
    for model in MODELS:
        name = str(model._meta.model_name)
        base = f"admin:{model._meta.app_label}_{name}"
        if client.get(reverse(f"{base}_changelist")).status_code in (200, 302):
            seen.add(name)
        if client.get(reverse(f"{base}_add")).status_code == 200:
            added.add(name)
    assert seen == SEES[StaffRole(role)]
    assert added == ADDS[StaffRole(role)] - ONE_OF_A_KIND


def test_somebody_without_a_grant_and_a_stranger_are_sent_to_the_door() -> None:
    colleague = User.objects.create_user("colleague", password="correct horse")
    for client in (signed_in(colleague), signed_in(staff("viewer"))):
        answer = client.get(reverse("admin:index"))
        assert answer.status_code == (302 if client.session["_auth_user_id"] == str(colleague.pk) else 200)


@pytest.mark.parametrize("role", [StaffRole.APPROVER, StaffRole.OPERATOR, StaffRole.AUDITOR, StaffRole.VIEWER])
def test_who_may_only_look_cannot_change_or_remove_by_posting(role: str) -> None:
    authoring.create_object(actor=SETUP, instance=Department(slug="finance"))
    kept = Department.objects.get()
    client = signed_in(staff(role))
    url = reverse("admin:accounts_department_change", args=(kept.pk,))
    assert client.get(url).status_code == 200
    assert client.post(url, {"name": "Taken", "expected_revision": 1}).status_code == 403
    assert client.post(reverse("admin:accounts_department_delete", args=(kept.pk,)), {"post": "yes"}).status_code == 403
    marked = {"action": "delete_selected", "_selected_action": kept.pk, "post": "yes"}
    client.post(reverse("admin:accounts_department_changelist"), marked)
    assert Department.objects.get().name == ""


def test_what_is_in_force_is_never_written_by_a_form_whoever_asks() -> None:
    client = signed_in(staff("owner"))
    for model, page in admin.site._registry.items():
        if isinstance(page, ReadOnlyAdmin):
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_add"
            assert client.get(reverse(name)).status_code == 403


def _two_servers() -> None:
    for slug in ("files", "pay"):
        authoring.create_object(actor=SETUP, instance=Server(slug=slug))
        authoring.create_object(actor=SETUP, instance=Tool(server_id=slug, own_name="read"))
        authoring.create_object(
            actor=SETUP,
            instance=Rule(slug=f"{slug}-all", effect="allow", subjects={"everyone": True}, entities=[f"tool:{slug}/*"]),
        )


def test_a_grant_for_a_server_shows_and_changes_only_what_is_of_that_server() -> None:
    _two_servers()
    author = staff("policy_author", scope_kind=ScopeKind.SERVER, scope="files")
    client = signed_in(author)
    listed = client.get(reverse("admin:governance_rule_changelist")).content.decode()
    assert "files-all" in listed
    assert "pay-all" not in listed
    other = Rule.objects.get(slug="pay-all")
    assert client.get(reverse("admin:governance_rule_change", args=(other.pk,))).status_code == 302
    assert [tool.object_id for tool in Tool.objects.all() if author.has_perm("governance.change_tool", tool)] == [
        "files/read"
    ]
    assert not author.has_perm("governance.change_policysettings")
    assert not author.has_perm("governance.publish_release")


def test_a_grant_for_a_department_covers_what_is_closed_to_it_and_nothing_open() -> None:
    author = staff("policy_author", scope_kind=ScopeKind.DEPARTMENT, scope="finance")
    inside = Server(slug="ledger", departments=["finance"])
    assert author.has_perm("governance.change_server", inside)
    assert not author.has_perm("governance.change_server", Server(slug="open"))
    assert not author.has_perm("governance.change_server", Server(slug="both", departments=["finance", "engineering"]))
    assert author.has_perm(
        "governance.add_rule", Rule(slug="r", subjects={"departments": ["finance"]}, entities=["**"])
    )
    assert not author.has_perm("governance.add_rule", Rule(slug="r", subjects={"everyone": True}, entities=["**"]))
    assert not author.has_perm("governance.add_exemption", Exemption(entity="tool:files/read"))


def test_a_scoped_author_who_writes_outside_is_told_and_nothing_is_saved() -> None:
    client = signed_in(staff("policy_author", scope_kind=ScopeKind.SERVER, scope="files"))
    said = {"slug": "wide", "effect": "allow", "mode": "enforce", "entities": "tool:pay/*", "subjects_0": "on"}
    answer = client.post(reverse("admin:governance_rule_add"), said, follow=True)
    assert "Your grant does not reach that far" in answer.content.decode()
    assert not Rule.objects.exists()


def test_a_grant_that_has_ended_gives_nothing() -> None:
    user = User.objects.create_user("visitor")
    ended = timezone.now() - timedelta(seconds=1)
    StaffGrant.objects.create(user=user, role="owner", reason="was here", valid_until=ended)
    assert not user.is_staff
    assert not user.has_perm("governance.change_rule")
    assert signed_in(user).get(reverse("admin:index")).status_code == 302


@pytest.mark.parametrize("role", [role for role in StaffRole.values if role != StaffRole.OWNER])
def test_only_owners_give_staff_roles(role: str) -> None:
    assert not role_gives(role, permission("add", StaffGrant))
    assert not role_gives(role, permission("change", StaffGrant))


def test_only_auditors_open_captured_payloads_and_no_wildcard_gives_it() -> None:
    assert {role for role in PERMISSIONS if role_gives(role, "audit.open_payload")} == {"auditor"}

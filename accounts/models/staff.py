"""Staff roles: who may do what in the console and the management API, least privilege, each for a place and a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cache
from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models.authored import Versioned
from accounts.models.slug import SlugField


class StaffRole(models.TextChoices):
    """The six staff roles."""

    OWNER = "owner", "owner"
    AUTHOR = "policy_author", "policy author"
    APPROVER = "approver", "approver"
    OPERATOR = "operator", "operator"
    AUDITOR = "auditor", "auditor"
    VIEWER = "viewer", "viewer"


_POLICY_GOVERNANCE = (
    "agent",
    "server",
    "tool",
    "datasource",
    "skill",
    "plugin",
    "rule",
    "blocklistsettings",
    "blocklistentry",
    "detectorsettings",
    "detector",
    "exemption",
    "ratelimits",
    "layermode",
    "policysettings",
    "hook",
    "binding",
    "policytest",
    "policyprincipal",
    "draftcomment",
)
_POLICY_ACCOUNTS = ("department", "group", "role", "guardentry")
#: What every staff role may look at: the policy, its releases and switches, and the directory's definitions.
_IN_FORCE = ("release", "releaseproposal", "draftstate", "switch")
_LOOK = tuple(f"governance.view_{name}" for name in (*_POLICY_GOVERNANCE, *_IN_FORCE)) + tuple(
    f"accounts.view_{name}" for name in _POLICY_ACCOUNTS
)
_AUTHOR = tuple(
    f"{app}.{action}_{name}"
    for app, names in (("governance", _POLICY_GOVERNANCE), ("accounts", _POLICY_ACCOUNTS))
    for name in names
    for action in ("add", "change", "delete")
)

PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    StaffRole.OWNER: ("*",),
    StaffRole.AUTHOR: (
        *_LOOK,
        *_AUTHOR,
        "accounts.view_user",
        "governance.propose_release",
        "governance.publish_release",
        "governance.rollback_release",
        "audit.view_decision*",
        "audit.view_history",
    ),
    StaffRole.APPROVER: (
        *_LOOK,
        "accounts.view_user",
        "governance.approve_release",
        "governance.publish_release",
        "governance.decide_approval",
        "governance.view_approval*",
        "governance.add_draftcomment",
        "audit.view_decision*",
        "audit.view_history",
    ),
    StaffRole.OPERATOR: (
        *_LOOK,
        "accounts.view_*",
        "accounts.add_user",
        "accounts.change_user",
        "accounts.add_agentkey",
        "accounts.change_agentkey",
        "accounts.add_revocation",
        "accounts.*_guardentry",
        "governance.add_switch",
        "governance.lift_switch",
        "governance.tighten_release",
        "governance.view_approval*",
        "governance.operate_*",
        "audit.view_*",
    ),
    StaffRole.AUDITOR: (
        *_LOOK,
        "accounts.view_*",
        "governance.view_*",
        "audit.view_*",
        "audit.open_payload",
        "audit.export",
    ),
    StaffRole.VIEWER: (*_LOOK, "audit.view_decision*", "audit.view_history"),
}
"""Staff role → permission patterns (`app.action_model`, `*` within a part)."""

GLOBAL_ONLY = (
    "accounts.*_staffgrant",
    "governance.*_policysettings",
    "governance.*_layermode",
    "governance.*_detectorsettings",
    "governance.*_blocklistsettings",
    "governance.*_ratelimits",
    "governance.publish_release",
    "governance.rollback_release",
    "governance.approve_release",
    "governance.tighten_release",
)
"""What concerns the whole installation: a grant for one department or server never gives it."""


NAMED_ONLY = ("audit.open_payload",)
"""What a role has only where it names it: no wildcard gives it, not even an owner's."""


@cache
def role_gives(role: str, perm: str) -> bool:
    """Whether a staff role as such, wherever it is granted, contains a permission."""
    if perm in NAMED_ONLY:
        return perm in PERMISSIONS.get(role, ())
    return any(pattern == "*" or fnmatchcase(perm, pattern) for pattern in PERMISSIONS.get(role, ()))


@cache
def global_only(perm: str) -> bool:
    """Whether a permission takes a grant for the whole installation; looking is never so."""
    action = perm.partition(".")[2].partition("_")[0]
    return action != "view" and any(fnmatchcase(perm, pattern) for pattern in GLOBAL_ONLY)


class ScopeKind(models.TextChoices):
    """How far a staff grant reaches."""

    GLOBAL = "global", "everything"
    DEPARTMENT = "department", "a department"
    SERVER = "server", "a server"


class StaffGrant(Versioned):
    """One staff role, for one person, for everything or one department or server, with an optional end.

    A stand-in acts in somebody's place: the grant names whom, and history shows both.
    """

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="staff_grants")
    role = models.CharField(max_length=16, choices=StaffRole)
    scope_kind = models.CharField("reaches", max_length=16, choices=ScopeKind, default=ScopeKind.GLOBAL)
    scope = SlugField("department or server", blank=True, default="", help_text="Its id; empty for everything.")
    valid_until = models.DateTimeField(null=True, blank=True, help_text="When the grant ends by itself (UTC).")
    stand_in_for = models.ForeignKey(
        "accounts.User",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="stood_in_by",
        help_text="Whose place this person takes, if it is only for a time.",
    )
    reason = models.CharField(max_length=500, help_text="Why this person holds the role.")
    granted_by = models.CharField(max_length=128, blank=True, default="", editable=False)

    bookkeeping_fields: ClassVar[frozenset[str]] = Versioned.bookkeeping_fields | {"granted_by"}

    class Meta:
        ordering = ("user__username", "role")
        constraints = (
            models.CheckConstraint(condition=Q(role__in=StaffRole.values), name="accounts_staffgrant_role"),
            models.CheckConstraint(
                condition=(Q(scope_kind=ScopeKind.GLOBAL) & Q(scope=""))
                | (Q(scope_kind__in=(ScopeKind.DEPARTMENT, ScopeKind.SERVER)) & ~Q(scope="")),
                name="accounts_staffgrant_scope",
                violation_error_message="Name the department or server, or nothing for everything.",
            ),
            models.CheckConstraint(
                condition=Q(stand_in_for__isnull=True) | Q(valid_until__isnull=False),
                name="accounts_staffgrant_stand_in_ends",
                violation_error_message="A stand-in's grant needs an end.",
            ),
            models.CheckConstraint(
                condition=~Q(role=StaffRole.OWNER) | Q(scope_kind=ScopeKind.GLOBAL),
                name="accounts_staffgrant_owner_is_global",
                violation_error_message="An owner owns the whole installation.",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "scope_kind", "scope"],
                name="accounts_staffgrant_once",
                violation_error_message="This person holds that role there already.",
            ),
        )

    def __str__(self) -> str:
        where = f" of {self.scope}" if self.scope else ""
        return f"{self.user.username}: {self.get_role_display()}{where}"

    @property
    def is_global(self) -> bool:
        """Whether the grant reaches everything."""
        return self.scope_kind == ScopeKind.GLOBAL

    def is_live(self, now: datetime) -> bool:
        """Whether the grant has not ended."""
        return self.valid_until is None or now < self.valid_until

    @property
    def departments(self) -> frozenset[str]:
        """The department this grant is for, as a set."""
        return frozenset({self.scope}) if self.scope_kind == ScopeKind.DEPARTMENT else frozenset()

    @property
    def servers(self) -> frozenset[str]:
        """The server this grant is for, as a set."""
        return frozenset({self.scope}) if self.scope_kind == ScopeKind.SERVER else frozenset()

    def gives(self, perm: str, obj: object | None = None) -> bool:
        """Whether this grant gives a permission, for this object when one is given."""
        if not role_gives(self.role, perm):
            return False
        if self.is_global:
            return True
        if global_only(perm):
            return False
        if obj is None:
            return True
        return isinstance(obj, Versioned) and obj.in_scope(departments=self.departments, servers=self.servers)

    def gives_module(self, app_label: str) -> bool:
        """Whether anything of an app is given."""
        return any(pattern == "*" or pattern.partition(".")[0] == app_label for pattern in PERMISSIONS[self.role])

    def clean(self) -> None:
        """A stand-in for oneself is a grant that pretends to be one."""
        from django.core.exceptions import ValidationError

        super().clean()
        if self.stand_in_for_id is not None and self.stand_in_for_id == self.user_id:
            raise ValidationError({"stand_in_for": "Nobody stands in for themselves."})

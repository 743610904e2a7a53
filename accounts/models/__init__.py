"""Who asks: principals, the parts of the organisation, staff grants, agent keys and revocations."""

from __future__ import annotations

from accounts.models.attempts import SignInAttempts
from accounts.models.directory import Department, DirectoryEpoch, Group, Role
from accounts.models.guard import GuardEntry, GuardKind
from accounts.models.history import ChangeRef
from accounts.models.key import AgentKey, Revocation, RevocationKind
from accounts.models.slug import RateTier, Sensitivity, TierChoice
from accounts.models.staff import ScopeKind, StaffGrant, StaffRole
from accounts.models.user import Status, User, UserKind

__all__ = [
    "AgentKey",
    "ChangeRef",
    "Department",
    "DirectoryEpoch",
    "Group",
    "GuardEntry",
    "GuardKind",
    "RateTier",
    "Revocation",
    "RevocationKind",
    "Role",
    "ScopeKind",
    "Sensitivity",
    "SignInAttempts",
    "StaffGrant",
    "StaffRole",
    "Status",
    "TierChoice",
    "User",
    "UserKind",
]

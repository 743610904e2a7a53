"""People in a policy document: departments, groups, roles, principals."""

from __future__ import annotations

from typing import Literal, TypeAlias, TypedDict

TierWord: TypeAlias = Literal["admin", "user", "service", "a2a", "mcp", "anonymous"]
KindWord: TypeAlias = Literal["user", "service", "anonymous"]
SensitivityWord: TypeAlias = Literal["public", "internal", "confidential", "restricted"]
StatusWord: TypeAlias = Literal["active", "inactive", "suspended", "pending", "deleted", "temporary"]


class DepartmentFields(TypedDict, total=False):
    """A department, or a group."""

    name: str
    description: str


class RoleFields(TypedDict, total=False):
    """A role."""

    name: str
    tier: TierWord
    max_sensitivity: SensitivityWord
    description: str


class MemberFields(TypedDict, total=False):
    """What is said of every principal."""

    tier: TierWord
    roles: list[str]
    groups: list[str]
    departments: list[str]
    status: StatusWord


class PrincipalFields(MemberFields, total=False):
    """A person or a service."""

    name: str
    email: str
    kind: Literal["user", "service"]
    owner: str


class InlinePrincipalFields(MemberFields, total=False):
    """A principal that a test describes on the spot."""

    kind: KindWord

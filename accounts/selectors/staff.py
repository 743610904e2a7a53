"""Which rows a person's staff grants reach."""

from __future__ import annotations

from django.db.models import Q

from accounts.models import User
from accounts.models.authored import Versioned
from accounts.models.staff import global_only, role_gives


def scoped_rows(user: User, perm: str, model: type[Versioned]) -> Q | None:
    """The rows of a model that a person's grants reach for a permission: None for all, a filter otherwise."""
    reached = Q(pk__in=())
    for grant in user.live_grants():
        if not role_gives(grant.role, perm):
            continue
        if grant.is_global:
            return None
        if global_only(perm):
            continue
        rows = model.scope_filter(departments=grant.departments, servers=grant.servers)
        if rows is not None:
            reached |= rows
    return reached

"""The page of a denied page: which permission it takes, and which staff roles have it."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from accounts.models.staff import StaffRole, global_only, role_gives
from governance.console.pages.page import NeedsPermission, show

_ACTIONS = {"changelist": "view", "history": "view", "add": "add", "delete": "delete", "password": "change"}


def denied(request: HttpRequest, exception: PermissionDenied) -> HttpResponse:
    """Say what would open the page: a role that the person does not hold, or holds for less than this."""
    needed = exception.permission if isinstance(exception, NeedsPermission) else _needed(request)
    roles = [role.label for role in StaffRole if needed is not None and role_gives(role, needed)]
    person = request.user if isinstance(request.user, User) else None
    held = {StaffRole(grant.role).label for grant in person.live_grants()} if person is not None else set()
    return show(
        request,
        "console/denied.html",
        title="Not permitted",
        status=403,
        roles=roles,
        held=sorted(held),
        reach=bool(held.intersection(roles)),
        everywhere=needed is not None and global_only(needed),
    )


def _needed(request: HttpRequest) -> str | None:
    """The permission behind a page of a model, by the page's name; None for any other page."""
    match = request.resolver_match
    admin_class = getattr(match.func, "model_admin", None) if match is not None else None
    if match is None or admin_class is None:
        return None
    page = str(match.url_name).rpartition("_")[2]
    action = _ACTIONS.get(page, "change" if request.method == "POST" else "view")
    return f"{admin_class.opts.app_label}.{action}_{admin_class.opts.model_name}"

"""Where accounts and staff roles are."""

from __future__ import annotations

from governance.api.management.door.documents import NUMBER, route
from governance.api.management.people import staff, views
from governance.engine.normalise.names import SLUG

people_routes = [
    route("users", "users", views.UsersView),
    route(f"users/(?P<key>{SLUG})/history", "user-history", views.UserHistoryView),
    route(f"users/(?P<key>{SLUG})/sign-out", "user-sign-out", views.SignOutView),
    route(f"users/(?P<key>{SLUG})", "user", views.UserView),
    route("staff-grants", "staff-grants", staff.StaffGrantsView),
    route(f"staff-grants/(?P<key>{NUMBER})", "staff-grant", staff.StaffGrantView),
]

"""The people of the admin's tests: one for each staff role, each with a client that is signed in."""

from __future__ import annotations

from django.test import Client

from accounts.models import ScopeKind, StaffGrant, User


def staff(role: str, *, scope_kind: str = ScopeKind.GLOBAL, scope: str = "", name: str | None = None) -> User:
    """A person with one staff grant."""
    user = User.objects.create_user(name or f"{role}-{scope or 'all'}".replace("_", "-"), password="correct horse")
    StaffGrant.objects.create(user=user, role=role, scope_kind=scope_kind, scope=scope, reason="test")
    return user


def signed_in(user: User) -> Client:
    """A client in which this person is signed in."""
    client = Client(headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"})
    client.force_login(user)
    return client

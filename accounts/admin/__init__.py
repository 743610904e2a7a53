"""The pages of people and access."""

from __future__ import annotations

from accounts.admin import directory, guard, key, staff, user

__all__ = ["directory", "guard", "key", "staff", "user"]

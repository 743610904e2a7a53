"""The pages of people and access."""

from __future__ import annotations

from accounts.admin import guard, key, staff, user

__all__ = ["guard", "key", "staff", "user"]

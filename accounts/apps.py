"""The accounts app: who asks."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Principals, their directory data, staff roles, keys and revocations."""

    name = "accounts"
    label = "accounts"
    verbose_name = "People and access"
    default_auto_field = "django.db.models.BigAutoField"

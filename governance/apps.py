"""The governance app: the policy, its releases and its switches."""

from __future__ import annotations

from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    """Authoring tables, releases and kill switches."""

    name = "governance"
    label = "governance"
    verbose_name = "Policy"
    default_auto_field = "django.db.models.BigAutoField"

"""The governance app: the policy, its releases and its switches."""

from __future__ import annotations

from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    """Authoring tables, releases and kill switches; hands the audit room the keys of its journal."""

    name = "governance"
    label = "governance"
    verbose_name = "Policy"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from audit.writing import process
        from governance.deciding import keys

        process.install(kid=keys.journal_kid, key_for=keys.journal_key)

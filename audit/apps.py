from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The trail. The journal's keys are handed in by the application that holds the vault."""

    name = "audit"
    verbose_name = "Audit"

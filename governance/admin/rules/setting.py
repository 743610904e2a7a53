"""The page of the policy's settings."""

from __future__ import annotations

from django.contrib import admin

from governance.admin.base.policy_admin import SettingsAdmin
from governance.models import PolicySettings


@admin.register(PolicySettings)
class PolicySettingsAdmin(SettingsAdmin):
    """How long unconfirmed state may be used, and whether publishing takes two."""

    fieldsets = (
        ("Unconfirmed state", {"fields": ("stale_after", "stale_after_restricted")}),
        ("Publishing", {"fields": ("two_person",)}),
        ("History", {"fields": ("last_change",)}),
    )

"""The page of rate limits."""

from __future__ import annotations

from django.contrib import admin

from governance.admin.base.policy_admin import SettingsAdmin
from governance.models import RateLimits


@admin.register(RateLimits)
class RateLimitsAdmin(SettingsAdmin):
    """Buckets by class and tier, and the session's window. A grey number is the shipped value."""

    fieldsets = (
        (None, {"fields": ("disabled",)}),
        ("Calls a second, by class", {"fields": ("base_per_second",)}),
        ("Factor, by tier", {"fields": ("tier_multipliers",)}),
        (
            "Burst",
            {
                "description": "A bucket holds so many seconds' worth of calls, which can be made at once.",
                "fields": ("burst_multiplier", "burst_multipliers"),
            },
        ),
        ("One session", {"fields": ("session",)}),
        ("History", {"fields": ("last_change",)}),
    )

"""A kill switch as the API tells it."""

from __future__ import annotations

from datetime import UTC, datetime

from rest_framework import serializers

from governance.api.management.door.serializers import RowAnswer
from governance.models import Switch
from governance.models.releases.switch import SwitchScope
from governance.selectors.switch_targets import SwitchTargets


class SwitchAnswer(RowAnswer[Switch]):
    """A kill switch; `on` says whether it holds now, `stops` what it stops by what is known now."""

    on = serializers.SerializerMethodField()
    stops = serializers.SerializerMethodField()

    class Meta:
        model = Switch
        fields = (
            "id", "scope", "target", "reason", "until", "drill", "on", "stops", "set_by", "set_at", "lifted_by",
            "lifted_second", "lifted_at", "lift_reason",
        )  # fmt: skip

    def get_on(self, switch: Switch) -> bool:
        """Neither lifted nor over."""
        return switch.lifted_at is None and (switch.until is None or switch.until > datetime.now(tz=UTC))

    def get_stops(self, switch: Switch) -> str:
        """In words."""
        return SwitchTargets().stopped(SwitchScope(switch.scope), switch.target)

"""Which kill switches are on."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.models import Q, QuerySet

from governance.models.releases.switch import Switch


def live_switches(now: datetime | None = None) -> QuerySet[Switch]:
    """Every switch that is on, newest first; live ones and drills."""
    now = now or datetime.now(tz=UTC)
    return Switch.objects.filter(Q(until=None) | Q(until__gt=now), lifted_at=None)

"""Which kill switches are on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from django.db.models import Q, QuerySet, Subquery
from django.db.models.expressions import Combinable

from governance.models.releases.switch import Switch, SwitchScope


def live_switches(now: datetime | None = None) -> QuerySet[Switch]:
    """Every switch that is on, newest first; live ones and drills."""
    now = now or datetime.now(tz=UTC)
    return Switch.objects.filter(Q(until=None) | Q(until__gt=now), lifted_at=None)


def switch_on(targets: Mapping[SwitchScope, Combinable]) -> Subquery:
    """The number of a live switch that stops a row, newest first: for everything, or for one of these columns of it."""
    meant = Q(scope=SwitchScope.ALL)
    for scope, column in targets.items():
        meant |= Q(scope=scope, target=column)
    return Subquery(live_switches().filter(meant).order_by("drill", "-set_at").values("pk")[:1])

"""Which kill switches are on, and whether one of them stops somebody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from governance.models.releases.switch import Switch, SwitchScope

ANNOUNCED = timedelta(hours=1)
"""How long before its end a switch is announced."""


def live_switches(now: datetime | None = None) -> QuerySet[Switch]:
    """Every switch that is on, newest first; live ones and drills."""
    now = now or datetime.now(tz=UTC)
    return Switch.objects.filter(Q(until=None) | Q(until__gt=now), lifted_at=None)


def ending_soon(now: datetime | None = None) -> QuerySet[Switch]:
    """The live switches that end by themselves within the hour, the soonest first: people are told beforehand."""
    now = now or datetime.now(tz=UTC)
    return live_switches(now).filter(drill=False, until__lte=now + ANNOUNCED).order_by("until")


def is_stopped(
    principal: str, agent: str | None = None, *, departments: Iterable[str] = (), now: datetime | None = None
) -> Switch | None:
    """The oldest switch that stops this principal or agent, None where none does; nothing is issued to the stopped."""
    targets = (
        Q(scope=SwitchScope.ALL)
        | Q(scope=SwitchScope.PRINCIPAL, target=principal)
        | Q(scope=SwitchScope.DEPARTMENT, target__in=list(departments))
    )
    if agent:
        targets |= Q(scope=SwitchScope.AGENT, target=agent)
    return live_switches(now).filter(targets).order_by("epoch").first()

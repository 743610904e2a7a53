"""Counts of recent decisions, bounded in time and rows: what the trail held a moment ago, never a slow page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction
from django.db.models import Count
from django.db.models.functions import TruncDate

from audit.models.trail import TrailRecord
from audit.records.kinds import Kind, Retention
from audit.records.uuid7 import floor_of
from governance.selectors.kept import Kept

REMEMBERED = 15.0
"""Seconds for which a count is shown again before it is counted anew."""
LONGEST = "1500ms"
"""What one count may cost the database."""
NEWEST = 5_000
"""Denials that the list of the most denied looks back over."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Decisions of the last 24 hours by effect, and what was denied most among the newest `NEWEST` of them.

    `counted` False: the database could not count within its time; the numbers are then 0.
    """

    counted: bool = True
    calls: int = 0
    allow: int = 0
    deny: int = 0
    ask: int = 0
    tools: tuple[tuple[str, int], ...] = ()
    agents: tuple[tuple[str, int], ...] = ()
    rules: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryHits:
    """Denials of the last 7 days by entry or detector, newest day last; `counted` as in `Traffic`."""

    counted: bool = True
    days: tuple[str, ...] = ()
    by_entry: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


_days: Kept[str, Traffic] = Kept(most=1, seconds=REMEMBERED)
_weeks: Kept[str, EntryHits] = Kept(most=1, seconds=REMEMBERED)


def traffic_of_a_day() -> Traffic:
    """The last 24 hours."""
    return _days.once("day", lambda: _bounded(count_a_day, Traffic(counted=False)))


def hits_of_a_week() -> EntryHits:
    """Denials by layers 2 and 3, the last 7 days."""
    return _weeks.once("week", lambda: _bounded(_count_a_week, EntryHits(counted=False)))


def forget() -> None:
    """Count anew next time."""
    _days.forget()
    _weeks.forget()


def _bounded(count: Callable[[], _T], otherwise: _T) -> _T:
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [LONGEST])
            return count()
    except OperationalError:
        return otherwise


def count_a_day() -> Traffic:
    """Counted now, in as many queries as there are numbers."""
    start = _first_of(datetime.now(tz=UTC) - timedelta(hours=24))
    if start is None:
        return Traffic()
    decisions = TrailRecord.objects.filter(kind=Kind.DECISION.value, seq__gte=start)
    calls = decisions.count()
    restricted = dict(
        TrailRecord.objects.filter(effect__in=("deny", "ask"), kind=Kind.DECISION.value, seq__gte=start)
        .values_list("effect")
        .annotate(Count("id"))
    )
    deny, ask = restricted.get("deny", 0), restricted.get("ask", 0)
    newest = list(
        TrailRecord.objects.filter(effect="deny", kind=Kind.DECISION.value, seq__gte=start)
        .order_by("-seq")
        .values_list("server", "tool", "agent", "rule", "code")[:NEWEST]
    )
    return Traffic(
        calls=calls,
        allow=calls - deny - ask,
        deny=deny,
        ask=ask,
        tools=_most(f"{server}/{tool}" if tool else server for server, tool, *_ in newest if server),
        agents=_most(agent for _, _, agent, _, _ in newest if agent),
        rules=_most(rule or code for *_, rule, code in newest if rule or code),
    )


def _count_a_week() -> EntryHits:
    today = datetime.now(tz=UTC).date()
    days = [today - timedelta(days=back) for back in range(6, -1, -1)]
    start = _first_of(datetime.combine(days[0], datetime.min.time(), tzinfo=UTC))
    if start is None:
        return EntryHits(days=tuple(day.isoformat() for day in days))
    found = (
        TrailRecord.objects.filter(
            effect="deny", kind=Kind.DECISION.value, seq__gte=start, layer__in=("secrets", "blocklist")
        )
        .exclude(rule=None)
        .annotate(day=TruncDate("at", tzinfo=UTC))
        .values_list("rule", "day")
        .annotate(Count("id"))
    )
    by_entry: dict[str, list[int]] = {}
    for rule, day, count in found:
        if day in days:
            by_entry.setdefault(rule, [0] * 7)[days.index(day)] += count
    return EntryHits(
        days=tuple(day.isoformat() for day in days),
        by_entry={name: tuple(counts) for name, counts in by_entry.items()},
    )


def _first_of(moment: datetime) -> int | None:
    """The order number of the first evidence made at or after a moment; ids begin with their time, so this is one
    step into the primary key. None when there is none."""
    floor = floor_of(int(moment.timestamp() * 1_000_000))
    rows = TrailRecord.objects.filter(retention=Retention.EVIDENCE.value, id__gte=floor)
    return rows.order_by("id").values_list("seq", flat=True).first()


def _most(names: Any, count: int = 5) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(names).most_common(count))

"""The scanner guard's lists as the admin has them."""

from __future__ import annotations

from accounts.guard.lists import GuardLists
from accounts.models.guard import GuardEntry, GuardKind, GuardNumber


def guard_lists() -> GuardLists:
    """Every enabled entry. A number that is not there has its default."""
    found: dict[str, list[tuple[str, int]]] = {kind: [] for kind in GuardKind.values}
    rows = GuardEntry.objects.filter(enabled=True).order_by("kind", "value").values_list("kind", "value", "number")
    for kind, value, number in rows:
        found[kind].append((value, number or 0))

    def values(kind: GuardKind) -> tuple[str, ...]:
        return tuple(value for value, _ in found[kind])

    numbers = dict(found[GuardKind.NUMBER])
    shipped = GuardLists()
    return GuardLists(
        paths=values(GuardKind.PATH),
        extensions=frozenset(values(GuardKind.EXTENSION)),
        segments=frozenset(values(GuardKind.SEGMENT)),
        name_starts=values(GuardKind.NAME_START),
        agents=values(GuardKind.AGENT),
        browsers=tuple(found[GuardKind.BROWSER]),
        shortest_agent=numbers.get(GuardNumber.SHORTEST_AGENT, shipped.shortest_agent),
        refusals_per_minute=numbers.get(GuardNumber.REFUSALS, shipped.refusals_per_minute),
        ban_seconds=float(numbers.get(GuardNumber.BAN, int(shipped.ban_seconds))),
    )

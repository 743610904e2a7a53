"""Networks that are refused for a while, because too much of what they asked for was refused or is nobody's."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from accounts.guard.lists import GuardLists

MINUTE = 60.0
TOLD_SINGLY = 10
"""So many refusals of a network are records of their own; after that one a minute tells how many there were."""

NETWORKS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """What is to be recorded: `count` refusals of one network, for the reason of the last."""

    network: str
    reason: str
    count: int
    banned: bool


@dataclass(slots=True)
class _Network:
    """One network: what it did in the minute that began at `since`, and until when it is banned."""

    since: float = 0.0
    offences: int = 0
    banned_until: float = 0.0
    told: int = 0
    told_at: float = 0.0
    untold: int = 0
    reason: str = ""


class BanTable:
    """At most `capacity` networks. The one longest quiet is forgotten first, a banned one only when all are."""

    def __init__(self, lists: GuardLists, *, capacity: int = NETWORKS) -> None:
        self.lists = lists
        self._capacity = capacity
        self._networks: OrderedDict[str, _Network] = OrderedDict()
        self._untold: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._networks)

    def banned(self, network: str, now: float) -> bool:
        """Whether the network is refused at `now`."""
        found = self._networks.get(network)
        return found is not None and found.banned_until > now

    def offend(self, network: str, now: float) -> bool:
        """Count one refused or unknown path of a network; whether it is banned for it just now."""
        entry = self._entry(network, now)
        if now - entry.since >= MINUTE:
            entry.since, entry.offences = now, 0
        entry.offences += 1
        if entry.offences > self.lists.refusals_per_minute and entry.banned_until <= now:
            entry.banned_until = now + self.lists.ban_seconds
            return True
        return False

    def refused(self, network: str, reason: str, now: float) -> Refusals | None:
        """Note one refusal; what is to be recorded of it now, if anything."""
        entry = self._entry(network, now)
        entry.reason = reason
        if not entry.untold and now - entry.told_at >= self.lists.ban_seconds:
            entry.told = 0  # it has been quiet for as long as a ban lasts: each one is news again
        if entry.told < TOLD_SINGLY:
            entry.told += 1
            entry.told_at = now
            return Refusals(network=network, reason=reason, count=1, banned=entry.banned_until > now)
        entry.untold += 1
        self._untold[network] = None
        return self._due(network, entry, now)

    def due(self, now: float, *, all_of_it: bool = False) -> list[Refusals]:
        """What networks that went quiet still have to be recorded; to be asked for about once a minute.

        `all_of_it`, where the process ends: of every network, however short the time since its last record.
        """
        wait = 0.0 if all_of_it else MINUTE
        waiting = [(network, self._networks[network]) for network in self._untold]
        return [said for network, entry in waiting if (said := self._due(network, entry, now, wait))]

    def _due(self, network: str, entry: _Network, now: float, wait: float = MINUTE) -> Refusals | None:
        if not entry.untold or now - entry.told_at < wait:
            return None
        count, entry.untold, entry.told_at = entry.untold, 0, now
        self._untold.pop(network, None)
        return Refusals(network=network, reason=entry.reason, count=count, banned=entry.banned_until > now)

    def _entry(self, network: str, now: float) -> _Network:
        found = self._networks.get(network)
        if found is not None:
            self._networks.move_to_end(network)
            return found
        if len(self._networks) >= self._capacity:
            self._forget(now)
        made = self._networks[network] = _Network()
        return made

    def _forget(self, now: float) -> None:
        for _ in range(8):
            network, entry = self._networks.popitem(last=False)
            if entry.banned_until <= now and not entry.untold:
                return
            self._networks[network] = entry
        network, _ = self._networks.popitem(last=False)
        self._untold.pop(network, None)

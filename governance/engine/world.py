"""State outside the release: kill switches, freshness and the directory. Each change makes a new World."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from governance.engine.principal import Directory


class SwitchKind(StrEnum):
    """What a kill switch stops."""

    ALL = "all"
    PRINCIPAL = "principal"
    AGENT = "agent"
    DEPARTMENT = "department"
    SERVER = "server"
    TOOL = "tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One kill switch that is on. `target` is empty for `all`; `until` is epoch seconds, None for no end."""

    id: str
    kind: SwitchKind
    target: str = ""
    epoch: int = 0
    until: float | None = None
    drill: bool = False

    def holds(self, now: float) -> bool:
        """Whether the switch is still on at `now`."""
        return self.until is None or now < self.until


Switchboard = Mapping[tuple[str, str], tuple[Switch, ...]]
_EMPTY: Switchboard = MappingProxyType({})


def switchboard(switches: Iterable[Switch]) -> Switchboard:
    """The switches by (kind, target). A live switch comes before a drill on the same target."""
    found: dict[tuple[str, str], list[Switch]] = {}
    for switch in sorted(switches, key=lambda switch: (switch.drill, switch.id)):
        found.setdefault((switch.kind.value, switch.target), []).append(switch)
    return MappingProxyType({key: tuple(value) for key, value in found.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What every process holds beside the release.

    `confirmed_at` is when release, switches and revocations were last confirmed, in epoch seconds; None means
    never, which denies everything as stale. `epoch` grows with every change of the switches.
    """

    switches: Switchboard = field(default_factory=lambda: _EMPTY)
    confirmed_at: float | None = None
    directory: Directory = field(default_factory=dict)
    epoch: int = 0

    @classmethod
    def of(
        cls,
        *,
        switches: Iterable[Switch] = (),
        confirmed_at: float | None = None,
        directory: Directory | None = None,
        epoch: int = 0,
    ) -> World:
        """A world with its switches indexed."""
        return cls(
            switches=switchboard(switches),
            confirmed_at=confirmed_at,
            directory=directory if directory is not None else {},
            epoch=epoch,
        )

    def confirmed(self, at: float) -> World:
        """The same world, confirmed at `at`."""
        return replace(self, confirmed_at=at)

    def active(self, principal: str | None) -> bool:
        """Whether the directory holds this principal as active; nobody is not."""
        entry = self.directory.get(principal) if principal is not None else None
        return entry is not None and entry.active

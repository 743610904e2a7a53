"""Exemptions: one detector or blocklist entry that does not hold for one entity, until a date."""

from __future__ import annotations

from dataclasses import dataclass

from governance.engine.compiled.pattern import Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """One exemption. `path` is a JSON pointer; None holds for the whole call. `until` is epoch seconds."""

    layer: str
    name: str
    entity: Pattern
    until: float
    path: str | None = None

    @property
    def id(self) -> str:
        """How a decision names it."""
        return f"{self.layer}:{self.name}:{self.entity.text}" + (f":{self.path}" if self.path is not None else "")

    def holds(self, *, kind: str, entity: str, name: str, path: str, now: float) -> bool:
        """Whether a finding `name` at `path` of a call to this entity is exempted at `now`."""
        return (
            name == self.name
            and now < self.until
            and (self.path is None or path == self.path or path.startswith(self.path + "/"))
            and self.entity.matches(kind, entity)
        )

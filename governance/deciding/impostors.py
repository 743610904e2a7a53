"""Names that only look like a registered server or tool: refused like anything unknown, and reported.

A call under such a name is denied as `entity.unknown`, as every name that is not registered exactly. Here the record of
it is accompanied by a security event that says which name it imitates, once a minute for each name.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from governance.engine.compiled.snapshot import Snapshot
from governance.engine.normalise.names import name_key

REPORTED_AGAIN = 60.0  # seconds
REMEMBERED = 2_000


@dataclass(slots=True)
class Impostors:
    """The registered names of a release by the key under which a reader takes them for each other."""

    _keys: dict[str, str] = field(default_factory=dict)
    _of: Snapshot | None = None
    _reported: OrderedDict[str, float] = field(default_factory=OrderedDict)

    def imitated(self, snapshot: Snapshot, entity: str, *, now: float) -> str | None:
        """The entity that `entity` is read as without being it, unless it was reported within the last minute."""
        if now < self._reported.get(entity, 0.0):
            return None
        if self._of is not snapshot:
            known = sorted(entity.id for entity in snapshot.ordered if entity.kind in ("server", "tool"))
            self._keys, self._of = {name_key(name): name for name in known}, snapshot
        found = self._keys.get(name_key(entity))
        if found is None or found == entity:
            return None
        self._reported[entity] = now + REPORTED_AGAIN
        if len(self._reported) > REMEMBERED:
            self._reported.popitem(last=False)
        return found

"""The newest decisions of this process, so that reporting what became of one need not wait for the trail."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

from governance.engine.call import Labels

REMEMBERED = 50_000


class Reportable(NamedTuple):
    """What must be known of a decision to report on it. `at` in seconds UTC."""

    id: str
    principal: str
    agent: str | None
    allowed: bool
    entity: str
    capture: str
    labels: Labels
    at: float
    call_id: str | None = None
    tool_use: str | None = None


@dataclass(slots=True)
class RecentDecisions:
    """The newest decisions of this process, by id and by the client's own id of the tool use."""

    _by_id: OrderedDict[str, Reportable] = field(default_factory=OrderedDict)
    _by_use: OrderedDict[tuple[str, str | None, str], str] = field(default_factory=OrderedDict)

    def remember(self, decided: Reportable) -> None:
        """Keep one; the oldest goes where there are too many."""
        self._by_id[decided.id] = decided
        if decided.tool_use is not None:
            self._by_use[decided.principal, decided.agent, decided.tool_use] = decided.id
        if len(self._by_id) > REMEMBERED:
            self._by_id.popitem(last=False)
        if len(self._by_use) > REMEMBERED:
            self._by_use.popitem(last=False)

    def find(self, decision_id: str) -> Reportable | None:
        """By the decision's id."""
        return self._by_id.get(decision_id)

    def of_use(self, principal: str, agent: str | None, tool_use: str) -> Reportable | None:
        """By the client's id of the tool use."""
        found = self._by_use.get((principal, agent, tool_use))
        return self._by_id.get(found) if found is not None else None

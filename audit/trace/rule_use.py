"""Which rules matched recorded calls, and when last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.models.intake import RuleUse, TrailHead

PRECISION = timedelta(hours=1)
"""How much later than noted a rule may have matched last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleUses:
    """`since`: from when on uses are counted. `last`: when each rule that was used since matched last."""

    since: datetime
    last: Mapping[str, datetime]

    def idle(self, rule: str, *, since: datetime) -> bool | None:
        """Whether a rule matched no call from `since` on; None where uses were not counted for all of that time."""
        if since < self.since:
            return None
        return rule not in self.last or self.last[rule] + PRECISION < since


def rule_uses() -> RuleUses:
    """What ingest has counted: one row a rule, whatever the trail holds. Raises django.db.Error."""
    head = TrailHead.objects.get()
    return RuleUses(since=head.rules_since, last=dict(RuleUse.objects.values_list("rule", "last")))

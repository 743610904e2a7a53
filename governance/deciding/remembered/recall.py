"""What a restarted process remembers of `call_id`s: the decisions of its host's last ten minutes, from the trail.

The answers themselves are not given again, since what they rested on is of another process; but the same id with
another request is still a conflict, and a repeat is linked to the decision that it repeats.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import structlog
from django.db.utils import Error as DatabaseError
from django.utils import timezone

from audit.models import TrailRecord
from audit.records.decision_reading import read_question
from audit.records.kinds import Kind
from audit.records.uuid7 import floor_of
from governance.deciding.database import in_database
from governance.deciding.remembered.call_ids import KEPT_SECONDS, LocalCallIds, RememberedAnswer

MOST = 20_000
ANOTHER_PROCESS = "another process"

log = structlog.get_logger(__name__)


async def recall_call_ids(call_ids: LocalCallIds, *, node: str) -> int:
    """Fill the table; how many. A database that is away leaves it empty, which costs a link and no safety."""
    try:
        found = await in_database(_read, UUID(node))
    except DatabaseError:
        log.warning("call_ids.not_recalled")
        return 0
    for owner, call_id, remembered in found:
        call_ids.recall(owner, call_id, remembered)
    return len(found)


def _read(node: UUID) -> list[tuple[tuple[str, str, str], str, RememberedAnswer]]:
    since = timezone.now() - timedelta(seconds=KEPT_SECONDS)
    rows = TrailRecord.objects.filter(
        id__gte=floor_of(int(since.timestamp() * 1_000_000)),
        kind=Kind.DECISION.value,
        node=node,
        call_id__isnull=False,
        effect__in=("allow", "deny"),
    ).order_by("-seq")[:MOST]
    found = []
    for row in rows:
        request = read_question(bytes(row.body)).request
        if request is not None:
            remembered = RememberedAnswer(
                digest=request,
                basis=ANOTHER_PROCESS,
                decision_id=str(row.id),
                effect=row.effect or "",
                stored_at=row.at.timestamp(),
                valid_until=None,
                body="",
            )
            found.append(((row.principal or "", row.agent or "", row.session or ""), row.call_id or "", remembered))
    return found[::-1]

"""What was set aside on the way into the trail, and whether somebody has looked at it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Max, QuerySet

from audit.models import QuarantinedFrame, QuarantineReview
from audit.records.kinds import Kind
from audit.records.who import Who
from audit.writing.outbox import record_change

FOLDER = "quarantine"
REVIEWED = "reviewed"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a review covered: rows of the quarantine, and segments of this host's journal."""

    frames: int
    segments: list[str]


def unreviewed_frames() -> QuerySet[QuarantinedFrame]:
    """Frames in quarantine that no review covers, oldest first."""
    through = QuarantineReview.objects.aggregate(last=Max("through"))["last"] or 0
    return QuarantinedFrame.objects.filter(id__gt=through).order_by("id")


def unreviewed_segments(journal: Path) -> list[Path]:
    """Segments that this host's shipper has set aside or kept as evidence, and nobody has looked at."""
    return sorted((journal / FOLDER).glob("*.log"))


def review(journal: Path, *, staff: str, reason: str) -> Reviewed:
    """Record that `staff` has looked at all that is in quarantine now, and why it may rest.

    The rows stay; the files go to `quarantine/reviewed/`. Nothing is recorded where nothing is there. Raises OSError.
    """
    segments = unreviewed_segments(journal)
    with transaction.atomic():
        waiting = unreviewed_frames()
        frames, through = waiting.count(), waiting.aggregate(last=Max("id"))["last"] or 0
        if not frames and not segments:
            return Reviewed(0, [])
        names = [path.stem for path in segments]
        if frames:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO audit_quarantine_review (through, staff, reason) VALUES (%s, %s, %s)",
                    [through, staff, reason],
                )
        record_change(
            actor=Who.component("audit", staff=staff),
            kind=Kind.ADMIN_CHANGE,
            action="reviewed",
            model="audit.quarantinedframe",
            object=str(through),
            after={"frames": frames, "segments": names},
            reason=reason,
        )
    for path in segments:
        aside = path.parent / REVIEWED
        aside.mkdir(mode=0o700, exist_ok=True)
        path.rename(aside / path.name)
    return Reviewed(frames, names)

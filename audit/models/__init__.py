"""The trail's tables, and those that carry records into it. None is managed: their SQL is in the migrations."""

from __future__ import annotations

from audit.models.capture import DayKey
from audit.models.execution import Execution
from audit.models.intake import (
    OutboxEntry,
    QuarantinedFrame,
    QuarantineReview,
    RuleUse,
    SegmentCursor,
    TrailHead,
)
from audit.models.trail import TrailRecord

__all__ = [
    "DayKey",
    "Execution",
    "OutboxEntry",
    "QuarantineReview",
    "QuarantinedFrame",
    "RuleUse",
    "SegmentCursor",
    "TrailHead",
    "TrailRecord",
]

"""How the draft stands beside what is in force."""

from __future__ import annotations

from governance.models import DraftState, Release


def unpublished_changes() -> int:
    """How many changes the draft has had since the newest release was made from it; two queries, no document."""
    changed = DraftState.objects.filter(pk=1).values_list("changed_revision", flat=True).first() or 0
    published = Release.objects.order_by("-number").values_list("draft_revision", flat=True).first() or 0
    return max(0, changed - published)

"""How the draft stands beside what is in force."""

from __future__ import annotations

from governance.models import DraftState, Release
from governance.policy.tables.row_mapping import ROW_MAPPINGS, Form


def draft_revision() -> int:
    """How often the draft has changed."""
    return DraftState.objects.filter(pk=1).values_list("changed_revision", flat=True).first() or 0


def unpublished_changes() -> int:
    """How many changes the draft has had since what is in force was made from it; two queries, no document.

    A rollback carries the revision of the release whose document it is, so afterwards the changes since then count.
    """
    published = Release.objects.order_by("-number").values_list("draft_revision", flat=True).first() or 0
    return max(0, draft_revision() - published)


def holds_a_policy() -> bool:
    """Whether anything at all has been written into the draft; rows that only hold defaults do not count."""
    return DraftState.objects.filter(changed_revision__gt=0).exists() or any(
        home.model._default_manager.exists() for home in ROW_MAPPINGS if home.form not in (Form.SINGLE, Form.PARTS)
    )

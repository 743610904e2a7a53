"""How the draft stands beside what is in force."""

from __future__ import annotations

from governance.models import DraftState
from governance.policy.diff.semantic import written_changes
from governance.policy.document.errors import PolicyErrors
from governance.policy.tables.row_mapping import ROW_MAPPINGS, Form
from governance.selectors.kept import Kept
from governance.selectors.policy_versions import draft_version, newest_version

_counted: Kept[tuple[str, str], int] = Kept(most=8)


def draft_revision() -> int:
    """How often the draft has changed."""
    return DraftState.objects.filter(pk=1).values_list("changed_revision", flat=True).first() or 0


def unpublished_changes() -> int | None:
    """How many changes publishing the draft would make: as many as its diff with what is in force lists as written.

    None where the draft is no sound policy, so that it has no diff. Raises `ReleaseAltered`.
    """
    try:
        draft = draft_version()
    except PolicyErrors:
        return None
    before = newest_version()
    return _counted.once((before.digest, draft.digest), lambda: len(written_changes(before.document, draft.document)))


def holds_a_policy() -> bool:
    """Whether anything at all has been written into the draft; rows that only hold defaults do not count."""
    return DraftState.objects.filter(changed_revision__gt=0).exists() or any(
        home.model._default_manager.exists() for home in ROW_MAPPINGS if home.form not in (Form.SINGLE, Form.PARTS)
    )

"""How the draft stands beside what is in force."""

from __future__ import annotations

from governance.models import DraftState
from governance.policy.diff.semantic import Change, written_changes
from governance.policy.document.canonical import without_principals
from governance.policy.tables.compiler import WRITTEN_IN, read_draft
from governance.policy.tables.row_mapping import ROW_MAPPINGS, Form
from governance.selectors.kept import Kept
from governance.selectors.policy_versions import PolicyVersion, newest_version

_changes: Kept[tuple[str, tuple[int, str] | None], tuple[Change, ...]] = Kept(most=4)


def draft_revision() -> int:
    """How often the draft has changed."""
    return DraftState.objects.filter(pk=1).values_list("changed_revision", flat=True).first() or 0


def unpublished_changes() -> tuple[Change, ...]:
    """What publishing the draft would write differently from what is in force; there are as many changes as these.

    Whether the draft is sound is not asked: the review's diff says the same of one that is. Raises `ReleaseAltered`.
    """
    before = newest_version()
    row = DraftState.objects.filter(pk=1).annotate(written_in=WRITTEN_IN).values_list("changed_revision", "written_in")
    return _changes.once((before.digest, row.first()), lambda: _written_since(before))


def _written_since(before: PolicyVersion) -> tuple[Change, ...]:
    return tuple(written_changes(before.document, without_principals(read_draft().document)))


def holds_a_policy() -> bool:
    """Whether anything at all has been written into the draft; rows that only hold defaults do not count."""
    return DraftState.objects.filter(changed_revision__gt=0).exists() or any(
        home.model._default_manager.exists() for home in ROW_MAPPINGS if home.form not in (Form.SINGLE, Form.PARTS)
    )

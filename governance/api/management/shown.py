"""Releases, proposals and switches as the API tells them, with their shapes for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from governance.api.door.shapes import Shape, listed, nullable, record, text
from governance.engine.moment import moment
from governance.engine.world import SwitchKind
from governance.models import DraftComment, DraftState, ProposalStatus, Release, ReleaseKind, ReleaseProposal, Switch
from governance.policy.diff.moves import Move
from governance.policy.diff.semantic import Change
from governance.policy.testing import CaseResult

NUMBER: Shape = {"type": "integer", "minimum": 0}
MAYBE_NUMBER = nullable(NUMBER)
MAYBE_MOMENT = nullable(text(format="date-time"))

CHANGE = record(
    {
        "kind": text("Kind of object, or `right` for what somebody may now do more or less."),
        "path": text(),
        "summary": text(),
        "effect": text(enum=[move.value for move in Move]),
    }
)
CHANGES = record({"from": text(), "to": text(), "changes": listed(CHANGE)})
FINDING = record({"code": text(), "path": text(), "message": text()})
RESULT = record(
    {"name": text(), "pass": {"type": "boolean"}, "expected": {"type": "object"}, "got": {"type": "object"}}
)
DRAFT = record(
    {
        "revision": NUMBER,
        "changed_at": MAYBE_MOMENT,
        "changed_by": text(),
        "based_on": nullable(NUMBER),
        "unpublished_changes": NUMBER,
    }
)
COMMENT = record(
    {
        "id": NUMBER,
        "draft_revision": NUMBER,
        "object_type": text(),
        "object_id": text(),
        "author": text(),
        "text": text(),
        "created_at": text(format="date-time"),
        "resolved_at": MAYBE_MOMENT,
        "resolved_by": text(),
    }
)
RELEASE = record(
    {
        "number": NUMBER,
        "kind": text(enum=list(ReleaseKind.values)),
        "digest": text("SHA-256 of the canonical document, hex."),
        "key_id": text("The key that signed it."),
        "author": text(),
        "approver": text(),
        "message": text(),
        "override_reason": text(),
        "based_on": MAYBE_NUMBER,
        "rollback_of": MAYBE_NUMBER,
        "rules": NUMBER,
        "created_at": text(format="date-time"),
    }
)
PROPOSAL = record(
    {
        "id": NUMBER,
        "kind": text(enum=list(ReleaseKind.values)),
        "status": text(enum=list(ProposalStatus.values)),
        "digest": text(),
        "author": text(),
        "message": text(),
        "override_reason": text(),
        "reasons": listed(text("Why a second person is needed.")),
        "summary": {"type": "object"},
        "based_on": MAYBE_NUMBER,
        "rollback_of": MAYBE_NUMBER,
        "decided_by": text(),
        "decided_at": MAYBE_MOMENT,
        "decision_reason": text(),
        "release": MAYBE_NUMBER,
        "created_at": text(format="date-time"),
    }
)
PUBLISHED = record(
    {
        "proposal": PROPOSAL,
        "release": nullable(RELEASE),
        "changes": listed(CHANGE),
        "failing_tests": listed(RESULT),
    }
)
SWITCH = record(
    {
        "id": NUMBER,
        "scope": text(enum=[kind.value for kind in SwitchKind]),
        "target": text(),
        "reason": text(),
        "until": MAYBE_MOMENT,
        "drill": {"type": "boolean"},
        "on": {"type": "boolean"},
        "set_by": text(),
        "set_at": text(format="date-time"),
        "lifted_by": text(),
        "lifted_second": text(),
        "lifted_at": MAYBE_MOMENT,
        "lift_reason": text(),
    }
)


def shown_changes(changes: Iterable[Change]) -> list[Any]:
    """The changes of a diff."""
    return [change.line() for change in changes]


def shown_results(results: Iterable[CaseResult]) -> list[Any]:
    """Results of policy tests."""
    return [result.line() for result in results]


def shown_draft(state: DraftState | None, *, unpublished: int) -> dict[str, Any]:
    """How the draft stands."""
    return {
        "revision": state.changed_revision if state else 0,
        "changed_at": _at(state.changed_at if state else None),
        "changed_by": state.changed_by if state else "",
        "based_on": state.based_on if state else None,
        "unpublished_changes": unpublished,
    }


def shown_comment(comment: DraftComment) -> dict[str, Any]:
    """One comment on the draft."""
    return {
        "id": comment.pk,
        "draft_revision": comment.draft_revision,
        "object_type": comment.object_type,
        "object_id": comment.object_id,
        "author": comment.author,
        "text": comment.text,
        "created_at": _at(comment.created_at),
        "resolved_at": _at(comment.resolved_at),
        "resolved_by": comment.resolved_by,
    }


def shown_release(release: Release) -> dict[str, Any]:
    """A release without its document."""
    return {
        "number": release.number,
        "kind": release.kind,
        "digest": release.digest,
        "key_id": release.key_id,
        "author": release.author,
        "approver": release.approver,
        "message": release.message,
        "override_reason": release.override_reason,
        "based_on": release.based_on,
        "rollback_of": release.rollback_of,
        "rules": release.rule_count,
        "created_at": _at(release.created_at),
    }


def shown_proposal(proposal: ReleaseProposal) -> dict[str, Any]:
    """A proposal without its document."""
    return {
        "id": proposal.pk,
        "kind": proposal.kind,
        "status": proposal.status,
        "digest": proposal.digest,
        "author": proposal.author,
        "message": proposal.message,
        "override_reason": proposal.override_reason,
        "reasons": proposal.reasons,
        "summary": proposal.summary,
        "based_on": proposal.based_on,
        "rollback_of": proposal.rollback_of,
        "decided_by": proposal.decided_by,
        "decided_at": _at(proposal.decided_at),
        "decision_reason": proposal.decision_reason,
        "release": proposal.release.number if proposal.release is not None else None,
        "created_at": _at(proposal.created_at),
    }


def shown_switch(switch: Switch, *, now: datetime) -> dict[str, Any]:
    """A kill switch; `on` says whether it holds now."""
    return {
        "id": switch.pk,
        "scope": switch.scope,
        "target": switch.target,
        "reason": switch.reason,
        "until": _at(switch.until),
        "drill": switch.drill,
        "on": switch.lifted_at is None and (switch.until is None or switch.until > now),
        "set_by": switch.set_by,
        "set_at": _at(switch.set_at),
        "lifted_by": switch.lifted_by,
        "lifted_second": switch.lifted_second,
        "lifted_at": _at(switch.lifted_at),
        "lift_reason": switch.lift_reason,
    }


def _at(at: datetime | None) -> str | None:
    return moment(at.timestamp()) if at is not None else None

"""Proposals: what waits for a second person, and the worker's queue of releases.

A proposal's row is a job: what the worker signs is covered by a MAC, so nothing that was slipped into the table, or
altered after somebody agreed to it, becomes a release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from celery import current_app
from django.db import transaction

from accounts.services.actor import Actor
from accounts.services.errors import ServiceError
from audit.records.kinds import Kind
from audit.writing.outbox import record_change
from governance.deciding import keys
from governance.engine.document.policy import PolicyDocument
from governance.models import ProposalStatus, ReleaseKind, ReleaseProposal
from governance.policy.document.codec import canonical_json, digest
from governance.selectors.policy_versions import newest_release
from governance.vault.errors import VaultError

DOMAIN = "proposal"
WAITING = (ProposalStatus.QUEUED, ProposalStatus.APPROVED)
"""Agreed, and without a release yet: the worker's."""


class ProposalRefused(ServiceError):
    """A proposal that cannot be decided so; says why."""


def propose(
    *,
    actor: Actor,
    document: PolicyDocument,
    kind: ReleaseKind,
    message: str,
    based_on: int,
    reasons: Sequence[str],
    override_reason: str = "",
    rollback_of: int | None = None,
    draft_revision: int = 0,
    summary: Mapping[str, Any] | None = None,
) -> ReleaseProposal:
    """A new proposal for a document that was found sound: open where there are reasons for a second person."""
    with transaction.atomic():
        proposal = ReleaseProposal.objects.create(
            kind=kind,
            document=canonical_json(document),
            digest=digest(document),
            message=message,
            override_reason=override_reason,
            reasons=list(reasons),
            author=actor.name,
            based_on=based_on or None,
            rollback_of=rollback_of,
            draft_revision=draft_revision,
            summary=dict(summary or {}),
            status=ProposalStatus.OPEN if reasons else ProposalStatus.QUEUED,
            created_at=datetime.now(tz=UTC),
        )
        sign_proposal(proposal)
        if reasons:
            _record(actor, proposal, action="release.proposed")
        else:
            hand_over(proposal)
    return proposal


def approve(*, actor: Actor, proposal_id: int, reason: str = "") -> ReleaseProposal:
    """Agree to somebody else's proposal; the worker then releases it. Raises `ProposalRefused`, NotPermitted."""
    actor.require("governance.approve_release")
    with transaction.atomic():
        proposal = _open(proposal_id)
        if actor.user is None or actor.name == proposal.author:
            raise ProposalRefused("Nobody approves what they proposed: this takes another person.")
        newest, overtaken = newest_release(), ""
        if newest is not None and newest.number != (proposal.based_on or 0):
            overtaken = f"It was made from release {proposal.based_on or 0}, and release {newest.number} came first."
        status = ProposalStatus.OVERTAKEN if overtaken else ProposalStatus.APPROVED
        _decide(actor, proposal, status=status, reason=overtaken or reason)
        if not overtaken:
            hand_over(proposal)
    if overtaken:
        raise ProposalRefused(overtaken + " Propose it again.")
    return proposal


def refuse(*, actor: Actor, proposal_id: int, reason: str) -> ReleaseProposal:
    """Say no to a proposal, with a reason. Raises `ProposalRefused`, NotPermitted."""
    actor.require("governance.approve_release")
    if not reason.strip():
        raise ProposalRefused("A reason is needed.")
    with transaction.atomic():
        proposal = _open(proposal_id)
        _decide(actor, proposal, status=ProposalStatus.REFUSED, reason=reason)
    return proposal


def withdraw(*, actor: Actor, proposal_id: int, reason: str = "") -> ReleaseProposal:
    """Take one's own proposal back. Raises `ProposalRefused`."""
    with transaction.atomic():
        proposal = _open(proposal_id)
        if proposal.author != actor.name:
            raise ProposalRefused("Only who made a proposal withdraws it; others refuse it.")
        _decide(actor, proposal, status=ProposalStatus.WITHDRAWN, reason=reason)
    return proposal


def sign_proposal(proposal: ReleaseProposal) -> None:
    """Write the row with the MAC over what it says now."""
    proposal.mac = keys.state_macs().tag(domain=DOMAIN, epoch=proposal.pk, body=_covered(proposal))
    proposal.save(force_update=True)


def check_proposal(proposal: ReleaseProposal) -> None:
    """Raise `ProposalRefused` unless the row says what was written by a process with our keys."""
    try:
        keys.state_macs().check(proposal.mac, domain=DOMAIN, epoch=proposal.pk, body=_covered(proposal))
    except VaultError:
        raise ProposalRefused(f"Proposal {proposal.pk} was altered in the database.") from None


def hand_over(proposal: ReleaseProposal) -> None:
    """Wake the worker once this is committed. The row is the job: beat looks for what was not heard."""
    number = proposal.pk
    transaction.on_commit(lambda: _wake_worker(number), robust=True)


def _wake_worker(number: int) -> None:
    current_app.send_task(
        "governance.tasks.publish_release", kwargs={"proposal": number}, retry=False, ignore_result=True
    )


def _covered(proposal: ReleaseProposal) -> bytes:
    names = (
        "kind", "digest", "message", "override_reason", "reasons", "author", "based_on", "rollback_of",
        "draft_revision", "status", "decided_by",
    )  # fmt: skip
    covered = {name: getattr(proposal, name) for name in names}
    covered |= {"status": str(proposal.status), "kind": str(proposal.kind)}
    return orjson.dumps(covered, option=orjson.OPT_SORT_KEYS)


def _open(proposal_id: int) -> ReleaseProposal:
    proposal = ReleaseProposal.objects.select_for_update().filter(pk=proposal_id).first()
    if proposal is None or proposal.status != ProposalStatus.OPEN:
        state = proposal.get_status_display() if proposal is not None else "unknown"
        raise ProposalRefused(f"Proposal {proposal_id} is not open: {state}.")
    check_proposal(proposal)
    return proposal


def _decide(actor: Actor, proposal: ReleaseProposal, *, status: ProposalStatus, reason: str) -> None:
    proposal.status, proposal.decided_by, proposal.decision_reason = status, actor.name, reason
    proposal.decided_at = datetime.now(tz=UTC)
    sign_proposal(proposal)
    _record(actor, proposal, action=f"release.{status}", reason=reason)


def _record(actor: Actor, proposal: ReleaseProposal, *, action: str, reason: str = "") -> None:
    record_change(
        actor=actor.who,
        kind=Kind.ADMIN_CHANGE,
        action=action,
        model="governance.releaseproposal",
        object=str(proposal.pk),
        name=proposal.message[:200],
        after={"status": str(proposal.status), "reasons": proposal.reasons, **proposal.summary},
        reason=reason or None,
        digest=proposal.digest,
        second=proposal.decided_by or None,
    )

"""Publishing: the draft, or an old document again, through every check to a signed release.

What a person asks for is checked here, in their own process; signing is the worker's, which alone holds the private
key in production. Where this process holds it (commands, tests) it is done at once with `at_once`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.services.actor import Actor
from accounts.services.errors import NotPermitted, ServiceError
from governance.deciding import keys
from governance.engine.document.policy import PolicyDocument
from governance.models import ProposalStatus, Release, ReleaseKind, ReleaseProposal
from governance.policy.checks.publishable import publish_errors
from governance.policy.checks.validate import checked
from governance.policy.diff.semantic import Change, compare, only_tightens
from governance.policy.document.codec import digest
from governance.policy.document.errors import PolicyErrors
from governance.policy.tables.compiler import read_draft
from governance.policy.testing import CaseResult, run_tests
from governance.selectors.directory_now import directory_now
from governance.selectors.policy_versions import newest_version, release_version
from governance.services.releasing.proposals import WAITING, ProposalRefused, check_proposal, propose, sign_proposal
from governance.services.releasing.releases import PublishConflict, make_release, require_newest
from governance.services.releasing.second_person import second_person_reasons
from governance.vault.errors import KeyMaterialError

log = structlog.get_logger(__name__)


class PublishRefused(ServiceError):
    """A release that may not be asked for so; says why."""


class NothingToPublish(PublishRefused):
    """The document is the one in force."""


class TestsFailed(PublishRefused):
    """Policy tests fail, and nobody said why it may be published anyway."""

    __test__ = False  # for pytest, which takes the name for a test class

    def __init__(self, failing: Sequence[CaseResult]) -> None:
        self.failing = tuple(failing)
        names = "; ".join(result.name for result in failing[:5])
        super().__init__(f"{len(failing)} of the policy's tests fail ({names}): mend them, or say why to override.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What came of it: a release, or a proposal that waits for a second person (or, without reasons, the worker)."""

    proposal: ReleaseProposal
    release: Release | None
    changes: tuple[Change, ...]
    failing: tuple[CaseResult, ...]


def publish_draft(
    *,
    actor: Actor,
    message: str,
    expected_release: int | None = None,
    expected_revision: int | None = None,
    override_reason: str = "",
    emergency: bool = False,
    at_once: bool = False,
) -> Published:
    """Publish the draft as it stands, or propose it where that takes a second person.

    `expected_release` is the newest release, `expected_revision` the draft, that its reviewer saw. An `emergency` goes
    out without a second person and must only tighten. With `at_once` this process signs.
    Raises PolicyErrors, `TestsFailed`, `NothingToPublish`, `PublishRefused`, `PublishConflict`, NotPermitted.
    """
    draft = read_draft()
    if expected_revision is not None and draft.revision != expected_revision:
        raise PublishRefused(
            f"The draft changed since you reviewed it (revision {expected_revision}, now {draft.revision})."
        )
    return _ask(
        actor=actor,
        document=draft.document,
        kind=ReleaseKind.EMERGENCY if emergency else ReleaseKind.PUBLISH,
        message=message,
        expected_release=expected_release,
        override_reason=override_reason,
        draft_revision=draft.revision,
        at_once=at_once,
    )


def roll_back(
    *,
    actor: Actor,
    number: int,
    message: str = "",
    expected_release: int | None = None,
    override_reason: str = "",
    at_once: bool = False,
) -> Published:
    """Put the document of release `number` in force again, as a new release. The draft stays as it is.

    The same checks hold as for publishing, but tests: they were met, or overridden, when it was first released.
    Raises as `publish_draft`, and `ReleaseUnknown` and `ReleaseAltered` of the old release.
    """
    document = release_version(number).document
    old = Release.objects.defer("document").get(number=number)
    return _ask(
        actor=actor,
        document=document,
        kind=ReleaseKind.ROLLBACK,
        message=message or f"Back to release {number}: {old.message}",
        expected_release=expected_release,
        override_reason=override_reason,
        draft_revision=old.draft_revision,
        rollback_of=number,
        at_once=at_once,
    )


def carry_out(proposal_id: int, *, actor: Actor | None = None) -> Release | None:
    """Sign and announce an agreed proposal; None where there is nothing (or no longer anything) to do.

    Raises `PublishConflict` and PolicyErrors after noting them on the proposal, KeyMaterialError without the key.
    """
    failure: Exception | None = None
    with transaction.atomic():
        proposal = ReleaseProposal.objects.select_for_update(skip_locked=True).filter(pk=proposal_id).first()
        if proposal is None or proposal.status not in WAITING or proposal.release_id is not None:
            return None
        try:
            check_proposal(proposal)
            release = _released(proposal, actor or _author(proposal))
        except PublishConflict as conflict:
            proposal.status, proposal.decision_reason, failure = ProposalStatus.OVERTAKEN, str(conflict), conflict
        except KeyMaterialError:
            raise
        except (PolicyErrors, ProposalRefused, ValueError) as error:
            proposal.status, proposal.decision_reason, failure = ProposalStatus.FAILED, str(error)[:4_000], error
        else:
            proposal.release = release
            _overtake(release)
            if proposal.status == ProposalStatus.QUEUED:
                proposal.status = ProposalStatus.PUBLISHED
        sign_proposal(proposal)
    if failure is not None:
        log.error("release.not_made", proposal=proposal_id, reason=str(failure))
        raise failure
    return proposal.release


def carry_out_waiting() -> int:
    """Release whatever was agreed to and not heard by the worker, oldest first; how many."""
    done = 0
    waiting = ReleaseProposal.objects.filter(status__in=WAITING, release=None).order_by("created_at")
    for number in waiting.values_list("pk", flat=True):
        try:
            done += carry_out(number) is not None
        except (ServiceError, PolicyErrors, ValueError) as error:
            log.warning("release.waits", proposal=number, reason=str(error))
    return done


def _ask(
    *,
    actor: Actor,
    document: PolicyDocument,
    kind: ReleaseKind,
    message: str,
    expected_release: int | None,
    override_reason: str,
    draft_revision: int,
    at_once: bool,
    rollback_of: int | None = None,
) -> Published:
    if not message.strip():
        raise PublishRefused("Say what changes.")
    _require_any(actor, _ASKING[kind])
    if expected_release is not None:
        require_newest(expected_release)
    current = newest_version()
    sound = checked(document)
    if digest(sound) == current.digest:
        raise NothingToPublish(f"Release {current.number} says exactly this already.")
    late = publish_errors(sound, published=current.document, now=time.time(), production=settings.PRODUCTION)
    if late:
        raise PolicyErrors(late)
    failing = () if kind is ReleaseKind.ROLLBACK else _failing(document)
    if failing and not override_reason.strip():
        raise TestsFailed(failing)
    changes = tuple(compare(current.document, sound, directory=directory_now().principals))
    if kind is ReleaseKind.EMERGENCY:
        if not only_tightens(list(changes)):
            wider = next(change for change in changes if not only_tightens([change]))
            raise PublishRefused(f"An emergency may only tighten: {wider.path} {wider.summary}.")
        reasons: list[str] = []
    else:
        reasons = second_person_reasons(current, sound, changes=changes, author=actor.user)
        if not actor.may(_RELEASING[kind]):
            reasons.append(f"{actor.name} may propose, not publish.")
    proposal = propose(
        actor=actor,
        document=sound,
        kind=kind,
        message=message.strip(),
        based_on=current.number,
        reasons=reasons,
        override_reason=override_reason.strip() if failing else "",
        rollback_of=rollback_of,
        draft_revision=draft_revision,
        summary=_summary(changes, failing),
    )
    release = carry_out(proposal.pk, actor=actor) if at_once and not reasons else None
    proposal.refresh_from_db()
    return Published(proposal=proposal, release=release, changes=changes, failing=tuple(failing))


_RELEASING: Mapping[str, str] = {
    ReleaseKind.PUBLISH: "governance.publish_release",
    ReleaseKind.ROLLBACK: "governance.rollback_release",
    ReleaseKind.EMERGENCY: "governance.tighten_release",
}
_ASKING: Mapping[str, tuple[str, ...]] = {
    ReleaseKind.PUBLISH: ("governance.publish_release", "governance.propose_release"),
    ReleaseKind.ROLLBACK: ("governance.rollback_release", "governance.propose_release"),
    ReleaseKind.EMERGENCY: ("governance.tighten_release", "governance.publish_release"),
}


def _require_any(actor: Actor, perms: Sequence[str]) -> None:
    if not any(actor.may(perm) for perm in perms):
        raise NotPermitted(actor=actor.name, perm=perms[0])


def _failing(document: PolicyDocument) -> tuple[CaseResult, ...]:
    if not document.get("tests"):
        return ()
    return tuple(result for result in run_tests(document, now=time.time()) if not result.passed)


def _summary(changes: Sequence[Change], failing: Sequence[CaseResult]) -> dict[str, Any]:
    """How much was written differently, and which way it moves: as many changes as the review counts."""
    written = [change for change in changes if change.object]
    counted: dict[str, int] = {}
    for change in written:
        counted[change.effect.value] = counted.get(change.effect.value, 0) + 1
    summary: dict[str, Any] = {"changes": len(written), **counted}
    if failing:
        summary["failing_tests"] = [result.name for result in failing[:50]]
    return summary


def _released(proposal: ReleaseProposal, actor: Actor) -> Release:
    document: PolicyDocument = json.loads(bytes(proposal.document))
    if digest(document) != proposal.digest:
        raise ProposalRefused(f"Proposal {proposal.pk} was altered in the database.")
    return make_release(
        actor=actor,
        document=document,
        message=proposal.message,
        based_on=proposal.based_on or 0,
        signing=keys.policy_keys(),
        engine=keys.engine_keys(),
        kind=ReleaseKind(proposal.kind),
        approver=proposal.decided_by if proposal.status == ProposalStatus.APPROVED else "",
        override_reason=proposal.override_reason,
        rollback_of=proposal.rollback_of,
        draft_revision=proposal.draft_revision,
        summary=dict(proposal.summary),
        sound=True,
    )


def _overtake(release: Release) -> None:
    """What is still open was made from an older release: it has to be proposed again."""
    for other in ReleaseProposal.objects.select_for_update().filter(status=ProposalStatus.OPEN):
        try:
            check_proposal(other)
        except ProposalRefused:
            continue
        other.status = ProposalStatus.OVERTAKEN
        other.decision_reason = f"Release {release.number} by {release.author} came first."
        sign_proposal(other)


def _author(proposal: ReleaseProposal) -> Actor:
    user = User.objects.filter(username=proposal.author).first()
    return Actor.person(user) if user is not None else Actor.component(proposal.author)

"""Making a release: one canonical document, numbered, hashed, signed and announced in one transaction.

Everything that decides whether a document may be released (tests, widenings, a second person) has been decided before
`make_release` is called; it runs in a worker, or in a command that holds the policy key.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection, transaction

from accounts.services.actor import Actor
from accounts.services.errors import ServiceError
from audit.records.kinds import Kind
from audit.writing.outbox import record_change
from governance.engine.compiled.compilation import compile_snapshot
from governance.engine.compiled.snapshot import EngineKeys
from governance.engine.document.policy import PolicyDocument
from governance.models.releases.draft import DraftState
from governance.models.releases.release import Release, ReleaseKind
from governance.policy.checks.validate import checked
from governance.policy.document.codec import canonical_json, digest
from governance.selectors.policy_versions import newest_release
from governance.vault.keypair import SigningKeys
from governance.vault.signing import sign_release

CHANNEL = "toolgate_release"
_LOCK = 7_041_001  # the advisory lock under which releases are numbered


class PublishConflict(ServiceError):
    """Somebody else's release came first: `expected` is the one that this was made from, `current` the newest."""

    def __init__(self, *, expected: int, current: int, author: str) -> None:
        self.expected, self.current, self.author = expected, current, author
        super().__init__(
            f"release {current} by {author} came first; this was made from release {expected}. "
            "Look at what changed, then publish again."
        )


def require_newest(expected: int) -> None:
    """Raise `PublishConflict` unless release `expected` is the newest; 0 is none yet."""
    newest = newest_release()
    if (newest.number if newest is not None else 0) != expected:
        current, author = (newest.number, newest.author) if newest is not None else (0, "")
        raise PublishConflict(expected=expected, current=current, author=author)


def make_release(
    *,
    actor: Actor,
    document: PolicyDocument,
    message: str,
    based_on: int,
    signing: SigningKeys,
    engine: EngineKeys,
    kind: ReleaseKind = ReleaseKind.PUBLISH,
    approver: str = "",
    override_reason: str = "",
    rollback_of: int | None = None,
    draft_revision: int = 0,
    summary: dict[str, object] | None = None,
    sound: bool = False,
) -> Release:
    """Sign `document` as the next release and announce it; with `sound` it came out of `checked` before.

    `based_on` is the newest release that whoever published this had seen: of concurrent publishers exactly one wins.
    Raises `PublishConflict`, `PolicyErrors`, and `KeyMaterialError` where this process cannot sign.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        require_newest(based_on)
        number = based_on + 1
        canonical = document if sound else checked(document)
        named = digest(canonical)
        compile_snapshot(canonical, release=number, digest=named, keys=engine)  # or no process could take it up
        signature = sign_release(signing, number=number, digest=named)
        rules = canonical.get("rules")
        release = Release.objects.create(
            number=number,
            kind=kind,
            document=canonical_json(canonical),
            digest=named,
            signature=signature.encode("ascii"),
            key_id=signature.partition(":")[0],
            author=actor.name,
            approver=approver,
            message=message,
            override_reason=override_reason,
            based_on=based_on or None,
            rollback_of=rollback_of,
            rule_count=len(rules) if isinstance(rules, list) else 0,
            draft_revision=draft_revision,
            created_at=datetime.now(tz=UTC),
        )
        if rollback_of is None:
            DraftState.objects.filter(pk=1).update(based_on=number)
        record_change(
            actor=actor.who,
            kind=Kind.ADMIN_CHANGE,
            action=f"release.{kind}",
            model="governance.release",
            object=str(number),
            name=message[:200],
            before={"release": based_on},
            after={"release": number, "digest": named, "rules": release.rule_count, **(summary or {})},
            reason=override_reason or None,
            release=number,
            digest=named,
            second=approver or None,
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(number)])
    return release

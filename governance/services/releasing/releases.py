"""Making a release: one canonical document, numbered, hashed, signed and announced in one transaction.

Everything that decides whether a document may be released (tests, widenings, a second person) has been decided before
`make_release` is called; it runs in a worker, or in a command that holds the policy key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from accounts.services.actor import Actor
from accounts.services.errors import ServiceError
from audit.records.kinds import Kind
from audit.writing.outbox import record_change
from governance.engine.compiled.compilation import compile_snapshot
from governance.engine.compiled.snapshot import EngineKeys, Snapshot
from governance.engine.document.policy import PolicyDocument
from governance.models.releases.draft import DraftState
from governance.models.releases.release import Release, ReleaseKind
from governance.policy.checks.validate import normalise, validate
from governance.policy.document.codec import canonical_json, digest
from governance.policy.document.errors import PolicyErrors
from governance.vault.errors import VaultError
from governance.vault.keypair import SigningKeys
from governance.vault.signing import sign_release, verify_release

CHANNEL = "toolgate_release"
_LOCK = 7_041_001  # the advisory lock under which releases are numbered


class ReleaseAltered(ServiceError):
    """A stored release is not what was signed; nothing may be concluded from it."""

    def __init__(self, number: int) -> None:
        super().__init__(f"release {number} was altered in the database: its signature does not hold")


class PublishConflict(ServiceError):
    """Somebody else's release came first: `expected` is the one that this was made from, `current` the newest."""

    def __init__(self, *, expected: int, current: int, author: str) -> None:
        self.expected, self.current, self.author = expected, current, author
        super().__init__(
            f"release {current} by {author} came first; this was made from release {expected}. "
            "Look at what changed, then publish again."
        )


def newest_number() -> int:
    """The newest release's number; 0 before the first."""
    return Release.objects.order_by("-number").values_list("number", flat=True).first() or 0


def verified_document(release: Release, *, policy_keys: SigningKeys) -> PolicyDocument:
    """The document of a stored release, once signature and digest hold. Raises `ReleaseAltered`."""
    body = bytes(release.document)
    try:
        verify_release(
            policy_keys, bytes(release.signature).decode("ascii", "replace"), number=release.number,
            digest=release.digest,
        )  # fmt: skip
    except VaultError:
        raise ReleaseAltered(release.number) from None
    if hashlib.sha256(body).hexdigest() != release.digest:
        raise ReleaseAltered(release.number)
    document: PolicyDocument = json.loads(body)
    return document


def checked(document: Mapping[str, Any]) -> PolicyDocument:
    """The document as a release holds it: canonical, without principals. Raises `PolicyErrors` for an unsound one."""
    faults = validate(document)
    if faults:
        raise PolicyErrors(faults)
    canonical = normalise(document)
    canonical.pop("principals", None)
    return canonical


def compiled(
    document: PolicyDocument, *, number: int, keys: EngineKeys, sound: bool = False
) -> tuple[PolicyDocument, Snapshot]:
    """The document as a release holds it and its snapshot. Raises `PolicyErrors` where it is no sound policy.

    With `sound` it came out of `checked` before.
    """
    canonical = document if sound else checked(document)
    return canonical, compile_snapshot(canonical, release=number, digest=digest(canonical), keys=keys)


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
        current = Release.objects.order_by("-number").only("number", "author").first()
        if (current.number if current else 0) != based_on:
            assert current is not None
            raise PublishConflict(expected=based_on, current=current.number, author=current.author)
        number = based_on + 1
        canonical, _ = compiled(document, number=number, keys=engine, sound=sound)
        named = digest(canonical)
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

"""The draft put back: thrown away, made an old release again, or freed of one change. Each leaves a record of its own.

What no release holds stays as it is: the draft's own principals, the directory, secrets and pins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from accounts.services.actor import Actor
from accounts.services.errors import ServiceError
from audit.records.kinds import Kind
from audit.writing.outbox import record_change
from governance.policy.checks.validate import normalise, validate
from governance.policy.diff.semantic import listed_name
from governance.policy.document.canonical import without_principals
from governance.policy.document.codec import digest
from governance.policy.document.errors import PolicyError, PolicyErrors
from governance.policy.document.node import path_step
from governance.policy.tables.compiler import Draft, read_draft
from governance.policy.tables.taking_back import ObjectUnknown, taken_back
from governance.selectors.policy_versions import PolicyVersion, newest_version, release_version
from governance.services.authoring.draft import Replacement, replace_draft, require_revision
from governance.services.authoring.objects import draft_locked

MOST_NAMED = 5
_LISTED = re.compile(r"^(rules|bindings|exemptions|hooks|tests|blocklist\.entries|detectors\.own)\[(\d+)\]")


class ReturnRefused(ServiceError):
    """The draft that would come of it cannot be; says what stands in the way."""


class NothingDiffers(ServiceError):
    """The draft says already what it would be made to say."""


def discard_draft(
    *,
    actor: Actor,
    expected_revision: int | None = None,
    expected_release: int | None = None,
    reason: str = "",
    dry_run: bool = False,
) -> Replacement:
    """Make the draft say what is in force. `expected_revision` and `expected_release` are what the caller saw.

    With `dry_run` nothing is written. Raises `ReturnRefused`, `NothingDiffers`, Conflict, NotPermitted,
    `ReleaseAltered`; then nothing changed.
    """
    return _put(
        lambda: _in_force(expected_release),
        lambda draft, newest: _beside_principals(draft, newest.document),
        actor=actor,
        action="draft.discarded",
        expected_revision=expected_revision,
        reason=reason,
        dry_run=dry_run,
    )


def restore_draft(
    *, actor: Actor, number: int, expected_revision: int | None = None, reason: str = "", dry_run: bool = False
) -> Replacement:
    """Make the draft say what release `number` says. Raises as `discard_draft`, and `ReleaseUnknown`."""
    return _put(
        lambda: release_version(number),
        lambda draft, version: _beside_principals(draft, version.document),
        actor=actor,
        action="draft.restored",
        expected_revision=expected_revision,
        reason=reason,
        dry_run=dry_run,
    )


def take_back(
    *,
    actor: Actor,
    path: str,
    expected_revision: int | None = None,
    expected_release: int | None = None,
    reason: str = "",
    dry_run: bool = False,
) -> Replacement:
    """Put one object of the draft, by the path under which its diff tells it, back to what is in force.

    An object that is new goes, one that was removed comes back. Raises as `discard_draft`; `ReturnRefused` also where
    no object stands there, or where something else in the draft needs the object as it is, which it names.
    """
    try:
        return _put(
            lambda: _in_force(expected_release),
            lambda draft, newest: _beside_principals(
                draft, taken_back(without_principals(draft.document), newest.document, path)
            ),
            actor=actor,
            action="draft.taken_back",
            only=path,
            expected_revision=expected_revision,
            reason=reason,
            dry_run=dry_run,
        )
    except ObjectUnknown as unknown:
        raise ReturnRefused(str(unknown)) from None


def _in_force(expected: int | None) -> PolicyVersion:
    newest = newest_version()
    if newest.nothing_released:
        raise ReturnRefused("Nothing has been published yet, so there is nothing that the draft could go back to.")
    if expected is not None and newest.number != expected:
        raise ReturnRefused(f"Release {newest.number} came into force since you looked. Look again at what is lost.")
    return newest


def _beside_principals(draft: Draft, document: Mapping[str, Any]) -> dict[str, Any]:
    """A document with the draft's own principals, which no release holds and so none can bring back."""
    own = draft.document.get("principals")
    return {**document, **({"principals": own} if own else {})}


def _put(
    find: Callable[[], PolicyVersion],
    make: Callable[[Draft, PolicyVersion], dict[str, Any]],
    *,
    actor: Actor,
    action: str,
    expected_revision: int | None,
    reason: str,
    dry_run: bool,
    only: str = "",
) -> Replacement:
    """Make the draft what `make` makes of it and the version found; `only` is the one object that this is about."""
    with draft_locked(actor=actor) as state:
        require_revision(state, expected_revision)
        version = find()  # under the lock: what came into force a moment before is what is meant
        draft = read_draft()
        document = make(draft, version)
        if normalise(document) == draft.document:
            raise NothingDiffers(f"There is nothing to put back: the draft says what {version.name} says.")
        based_on = None if only else version.number
        try:
            made = replace_draft(actor=actor, document=document, reason=reason, dry_run=dry_run, based_on=based_on)
        except PolicyErrors as unsound:
            raise ReturnRefused(_unsound(unsound.errors, document, draft, version, only)) from None
        if not dry_run:
            record_change(
                actor=actor.who,
                kind=Kind.ADMIN_CHANGE,
                action=action,
                model="governance.draftstate",
                object="draft",
                name=only or version.name,
                before={"revision": draft.revision, "digest": _held(draft.document)},
                after={"revision": made.revision, "digest": _held(document), "objects": len(made.changes)},
                reason=reason or None,
                release=version.number,
                digest=version.digest,
            )
    return made


def _unsound(
    faults: Sequence[PolicyError], document: Mapping[str, Any], draft: Draft, version: PolicyVersion, only: str
) -> str:
    before = {(fault.path, fault.message) for fault in validate(draft.document)}
    new = [fault for fault in faults if (fault.path, fault.message) not in before]
    if not new:
        return f"The draft is no sound policy as it is: {_told(faults, document)}. Mend that first."
    because = f"{only} cannot be taken back by itself. Without its change" if only else f"With what {version.name} says"
    return f"{because} the draft would be no sound policy: {_told(new, document)}."


def _held(document: Mapping[str, Any]) -> str:
    """The digest under which a release would hold a document."""
    return digest(without_principals(normalise(document)))


def _told(faults: Sequence[PolicyError], document: Mapping[str, Any]) -> str:
    named = "; ".join(f"{_by_name(fault, document)}: {fault.message}" for fault in faults[:MOST_NAMED])
    return named if len(faults) <= MOST_NAMED else f"{named}; and {len(faults) - MOST_NAMED} more"


def _by_name(fault: PolicyError, document: Mapping[str, Any]) -> str:
    """A fault's path with the name of the object in a list in place of its number."""
    found = _LISTED.match(fault.path)
    if found is None:
        return fault.path
    table, number = found[1], int(found[2])
    records: Any = document
    for step in table.split("."):
        records = records[step]
    entries: Sequence[Mapping[str, Any]] = records
    return table + path_step(listed_name(table.partition(".")[0], entries[number])) + fault.path[found.end() :]

"""Which policy is meant: the newest release, the draft, or release N, each read, checked and compiled once.

A release counts only while its signature and its digest hold; the draft only while it is sound. Every reader of a
stored policy, at whatever door, comes through here and so sees the same.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias, cast

import structlog
from django.db.models import QuerySet

from accounts.services.errors import ServiceError
from governance.deciding import keys, startup
from governance.engine.compiled.compilation import compile_slices
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.document.policy import PolicyDocument
from governance.models import DraftState, Release
from governance.policy.checks.validate import checked
from governance.policy.document.codec import digest
from governance.policy.tables.compiler import WRITTEN_IN, read_draft
from governance.selectors.kept import Kept
from governance.vault.errors import VaultError
from governance.vault.signing import verify_release

KEPT = 4
"""Versions that a process keeps, each with its snapshot once it was asked for."""
MOST_DIGITS = 18
"""Of a release's number: what a column of the database holds."""


class Which(StrEnum):
    """What is meant where no release is named."""

    CURRENT = "current"
    DRAFT = "draft"


Reference: TypeAlias = Which | int
"""`current`, `draft`, or the number of a release."""

log = structlog.get_logger(__name__)


class ReleaseAltered(ServiceError):
    """A stored release is not what was signed; nothing may be concluded from it."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"release {number} was altered in the database: its signature does not hold")


class ReleaseUnknown(ServiceError):
    """No release has this number."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"There is no release {number}.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PolicyVersion:
    """A policy as a release holds it: canonical, sound, without principals.

    `number` is that of the release, 0 where it is none. `digest` names the document; it is empty before the first
    release, when nothing is allowed and the document says nothing. It is shared: nobody changes the document.
    """

    number: int
    document: PolicyDocument
    digest: str
    _made: list[Snapshot] = field(default_factory=list, repr=False)
    _making: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def name(self) -> str:
        """What people call it."""
        return f"release {self.number}"

    @property
    def nothing_released(self) -> bool:
        """Whether it stands for a first release that is still to come."""
        return not self.digest

    @property
    def snapshot(self) -> Snapshot:
        """It, compiled: by the first who asks, while others wait."""
        with self._making:
            if not self._made:
                self._made.append(_compiled(self))
            return self._made[0]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DraftVersion(PolicyVersion):
    """The draft at one revision. `written` is what its tables say, with the principals that only tests know."""

    revision: int
    written: PolicyDocument

    @property
    def name(self) -> str:
        """What people call it."""
        return "draft"


_kept: Kept[tuple[str, int, str], PolicyVersion] = Kept(most=KEPT)


def forget() -> None:
    """Read, check and compile anew next time."""
    _kept.forget()


def reference_of(text: str) -> Reference | None:
    """The reference that a text is; None where it is none."""
    if text in (Which.CURRENT, Which.DRAFT):
        return Which(text)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def policy_version(reference: Reference) -> PolicyVersion:
    """The policy that is meant; `current` is the newest release.

    Raises `ReleaseUnknown`, `ReleaseAltered`, and PolicyErrors for a draft that is no sound policy.
    """
    if reference is Which.CURRENT:
        return newest_version()
    if reference is Which.DRAFT:
        return draft_version()
    return release_version(int(reference))


def asked_version(reference: Reference) -> PolicyVersion:
    """The policy that a question is asked of. Raises as `policy_version`.

    `current` is what this process decides with, so that it answers as it decides; where it decides nothing, the newest
    release.
    """
    running = _running()
    if reference is not Which.CURRENT or running is None or not running.release:
        return policy_version(reference)
    return PolicyVersion(number=running.release, document=running.document, digest=running.digest, _made=[running])


def newest_version() -> PolicyVersion:
    """The newest release. Raises `ReleaseAltered`."""
    found = _stored(Release.objects.order_by("-number"))
    return found if found is not None else _before_the_first()


def release_version(number: int) -> PolicyVersion:
    """A release. Raises `ReleaseUnknown` and `ReleaseAltered`."""
    found = _stored(Release.objects.filter(number=number))
    if found is None:
        raise ReleaseUnknown(number)
    return found


def base_version(number: int) -> PolicyVersion:
    """The release that another was made from; 0 stands for the time before the first. Raises as `release_version`."""
    return release_version(number) if number else _before_the_first()


def draft_version() -> DraftVersion:
    """The draft as it stands. Raises PolicyErrors where it is no sound policy."""
    row = DraftState.objects.filter(pk=1).annotate(written_in=WRITTEN_IN)
    for revision, written_in in row.values_list("changed_revision", "written_in"):
        known = _kept.get((Which.DRAFT, revision, written_in))
        if isinstance(known, DraftVersion):
            return known
    draft = read_draft()
    document = checked(draft.document)
    version = DraftVersion(
        number=0, document=document, digest=digest(document), revision=draft.revision, written=draft.document
    )
    return cast(DraftVersion, _kept.put((Which.DRAFT, draft.revision, draft.written_in), version))


def newest_release() -> Release | None:
    """The newest release as it was entered, without its document; None before the first."""
    return Release.objects.defer("document").order_by("-number").first()


def _before_the_first() -> PolicyVersion:
    return PolicyVersion(number=0, document={"toolgate": 1}, digest="")


def _stored(rows: QuerySet[Release]) -> PolicyVersion | None:
    """The first of these rows. What was verified is believed until somebody writes the row, whatever they change."""
    row = rows.annotate(written_in=WRITTEN_IN).values_list("number", "digest", "written_in").first()
    if row is None:
        return None
    number, named, written_in = row
    return _kept.once((named, number, written_in), lambda: _verified(number))


def _verified(number: int) -> PolicyVersion:
    release = Release.objects.only("number", "digest", "signature", "document").get(number=number)
    body = bytes(release.document)
    signature = bytes(release.signature).decode("ascii", "replace")
    try:
        verify_release(keys.policy_keys().public_only(), signature, number=number, digest=release.digest)
        intact = hashlib.sha256(body).hexdigest() == release.digest
    except VaultError:
        intact = False
    if not intact:
        log.error("release.altered", number=number)
        raise ReleaseAltered(number)
    document: PolicyDocument = json.loads(body)
    return PolicyVersion(number=number, document=document, digest=release.digest)


def _compiled(version: PolicyVersion) -> Snapshot:
    """Its snapshot, in small steps that let other threads through; the one this process decides with where it is it."""
    running = _running()
    if running is not None and (running.release, running.digest) == (version.number, version.digest):
        return running
    steps = compile_slices(
        version.document,
        release=version.number,
        digest=version.digest,
        keys=keys.engine_keys(),
        previous=running,
    )
    while True:
        try:
            next(steps)
        except StopIteration as end:
            snapshot: Snapshot = end.value
            return snapshot
        time.sleep(0)


def _running() -> Snapshot | None:
    """What this process decides with; None where it does not decide."""
    try:
        return startup.current().snapshot
    except RuntimeError:
        return None

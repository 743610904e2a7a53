"""The policies that pages ask questions of: what is in force, and the draft, each compiled once."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import cast

import structlog
from django import forms

from accounts.directory.live import LiveDirectory
from governance.deciding import keys, startup
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.world import World
from governance.models import DraftState, Release
from governance.policy.document.errors import PolicyErrors
from governance.policy.schema.shapes import Document
from governance.policy.tables.compiler import read_draft
from governance.selectors.switches import live_switches
from governance.services.policies import compiled_document
from governance.services.releasing.releases import ReleaseAltered, checked, verified_document
from governance.services.switches import stored_row
from governance.vault.master import Purpose

KEPT = 4
"""Documents that a process keeps for its pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A compiled policy and what people call it. `number` is None for the draft."""

    name: str
    number: int | None
    document: Document
    snapshot: Snapshot


log = structlog.get_logger(__name__)
_lock = threading.Lock()
_documents: OrderedDict[tuple[int, str], Document] = OrderedDict()


def forget() -> None:
    """Read and verify anew next time."""
    with _lock:
        _documents.clear()


def newest_release() -> Release | None:
    """The newest release without its document."""
    return Release.objects.defer("document").order_by("-number").first()


def release_document(number: int) -> Document | None:
    """A release's document, once its signature holds; None where there is none, or none that was signed.

    Releases never change, so a process reads and verifies each once.
    """
    named = Release.objects.filter(number=number).values_list("digest", flat=True).first()
    if named is None:
        return None
    with _lock:
        known = _documents.get((number, named))
    if known is not None:
        return known
    stored = Release.objects.filter(number=number).first()
    if stored is None:
        return None
    try:
        document = verified_document(stored, policy_keys=keys.policy_keys().public_only())
    except ReleaseAltered as altered:
        log.error("release.altered", number=number, reason=str(altered))
        return None
    with _lock:
        _documents[number, named] = document
        while len(_documents) > KEPT:
            _documents.popitem(last=False)
    return document


def current_policy() -> Policy | None:
    """What this process decides with; where it decides nothing, the newest release. None before the first one."""
    running = running_snapshot()
    if running is not None and running.release:
        return Policy(
            name=f"release {running.release}",
            number=running.release,
            document=cast(Document, running.document),
            snapshot=running,
        )
    newest = newest_release()
    document = release_document(newest.number) if newest is not None else None
    if newest is None or document is None:
        return None
    snapshot = _snapshot(document, release=newest.number)
    return Policy(name=f"release {newest.number}", number=newest.number, document=document, snapshot=snapshot)


def chosen_policy(form: forms.Form, *, draft: bool, unpublished: str) -> Policy | None:
    """What is in force, or the draft; None with an error on the form (`unpublished`, or the draft's faults)."""
    if not draft:
        policy = current_policy()
        if policy is None:
            form.add_error(None, unpublished)
        return policy
    try:
        return draft_policy()
    except PolicyErrors as faults:
        for fault in faults.errors[:10]:
            form.add_error(None, f"The draft cannot be used. {fault}")
        return None


def draft_policy() -> Policy:
    """The draft as it stands. Raises `PolicyErrors` where it is no sound policy."""
    canonical = checked(read_draft().document)
    return Policy(name="draft", number=None, document=canonical, snapshot=_snapshot(canonical, release=0))


def running_snapshot() -> Snapshot | None:
    """What this process decides with; None where it does not decide."""
    try:
        return startup.current().snapshot
    except RuntimeError:
        return None


def world_now() -> World:
    """Switches and directory of this moment: those of the running process, else read from the database."""
    try:
        return startup.current().world
    except RuntimeError:
        pass
    directory = LiveDirectory(macs=keys.digests(Purpose.MAC))
    directory.refresh(time.time())
    return World.of(
        switches=[stored_row(row).switch for row in live_switches()],
        confirmed_at=time.time(),
        directory=directory.state.principals,
    )


def draft_revision() -> int:
    """How often the draft has changed."""
    return DraftState.objects.filter(pk=1).values_list("changed_revision", flat=True).first() or 0


def _snapshot(document: Document, *, release: int) -> Snapshot:
    return compiled_document(document, release=release, previous=running_snapshot())

"""The policies that questions are asked of: what is in force, the draft, and any release, each compiled once."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from governance.deciding import keys
from governance.deciding.runtime import Runtime
from governance.engine.compiled.compilation import compile_slices
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.document.policy import PolicyDocument
from governance.policy.document.codec import digest
from governance.policy.tables.compiler import read_draft
from governance.services.releasing.publish import release_document
from governance.services.releasing.releases import checked

CURRENT, DRAFT = "current", "draft"
KEPT = 4
"""Compiled policies that a process keeps beside the one in force."""

_lock = threading.Lock()
_compiled: OrderedDict[str, Snapshot] = OrderedDict()


def policy_snapshot(said: str | int, *, runtime: Runtime) -> Snapshot:
    """`current`, `draft` or the number of a release, compiled.

    Raises PolicyErrors for a draft that is no sound policy, `PublishRefused` for a release that is not there, and
    `ReleaseAltered` for one that is not what was signed.
    """
    if said == CURRENT or said == runtime.snapshot.release:
        return runtime.snapshot
    if said == DRAFT:
        document = checked(read_draft().document)
        return compiled_document(document, release=0, previous=runtime.snapshot)
    return compiled_document(release_document(int(said)), release=int(said), previous=runtime.snapshot)


def compiled_document(document: PolicyDocument, *, release: int, previous: Snapshot | None = None) -> Snapshot:
    """A snapshot of a sound, canonical document, made in small steps that let other threads through."""
    named = digest(document)
    with _lock:
        known = _compiled.get(named)
    if known is not None and known.release == release:
        return known
    steps = compile_slices(
        document,
        release=release,
        digest=named,
        keys=keys.engine_keys(),
        previous=previous,
    )
    while True:
        try:
            next(steps)
        except StopIteration as end:
            snapshot: Snapshot = end.value
            break
        time.sleep(0)
    with _lock:
        _compiled[named] = snapshot
        while len(_compiled) > KEPT:
            _compiled.popitem(last=False)
    return snapshot

"""The directory's part of the last good state on disk: written when it changed, read when a process starts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import structlog

from accounts.directory.kept import packed, unpacked
from accounts.directory.live import DirectoryState
from accounts.tokens.digest import KeyedDigest
from accounts.tokens.errors import RevocationTampered
from governance.deciding.following.state_files import KeptState

PART = "directory"
SECONDS = 2.0
"""At most once in so long: a directory of a hundred thousand takes a tenth of a second to write."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class KeptDirectory:
    """`revision` is that of the state on disk, None while none of ours is."""

    kept: KeptState
    macs: KeyedDigest
    revision: int | None = None
    _saved_at: float = field(default=float("-inf"), init=False)

    def keep(self, state: DirectoryState) -> None:
        """Write a state that the database confirmed and that is not on disk yet. Called in the directory's thread."""
        if state.confirmed_at is None or state.from_disk or state.tampered or state.revision == self.revision:
            return
        if time.monotonic() - self._saved_at < SECONDS:
            return
        self._saved_at = time.monotonic()
        try:
            self.kept.save(PART, number=state.revision, body=b"\n".join(packed(state)))
        except OSError as error:
            log.error("state.not_kept", part=PART, error=str(error))
            return
        self.revision = state.revision

    def restored(self, now: float) -> DirectoryState | None:
        """The state on disk, None where there is none that holds."""
        found = self.kept.load(PART)
        if found is None:
            return None
        revision, body = found
        try:
            state = unpacked(iter(body.split(b"\n")), revision=revision, macs=self.macs, now=now)
        except (ValueError, KeyError, TypeError, RevocationTampered) as error:
            log.error("state.not_restored", part=PART, error=type(error).__name__)
            return None
        self.revision = revision
        return state

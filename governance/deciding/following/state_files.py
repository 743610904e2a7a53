"""The last good state on disk, so that a process can start while the database is away.

One file a part (`release`, `controls`, `directory`, and `confirmed`, which says when of what) under `var/state/`, mode
0600, written aside and renamed. Its first line is a MAC over the part's name, its number and its bytes: a file that was
altered, or is another part's, is not read. A file says what was good when it was written; what may be newer is judged
by `stale_after`, not here.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from governance.vault.errors import VaultError
from governance.vault.signing import EpochMac


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptState:
    """The folder and the MAC that its files carry."""

    folder: Path
    macs: EpochMac

    def save(self, part: str, *, number: int, body: bytes) -> None:
        """Replace a part; durable before it takes the old one's place. Raises OSError where it cannot be written."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        tag = self.macs.tag(domain=f"state/{part}", epoch=number, body=body)
        descriptor, aside = tempfile.mkstemp(dir=self.folder, prefix=f".{part}-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(f"{number} {tag}\n".encode("ascii"))
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            os.replace(aside, self.folder / part)
        except OSError:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(aside)
            raise

    def load(self, part: str) -> tuple[int, bytes] | None:
        """The part's number and bytes; None where there is none, or where its MAC does not hold."""
        try:
            head, _, body = (self.folder / part).read_bytes().partition(b"\n")
            number, tag = head.decode("ascii").split(" ", 1)
            self.macs.check(tag, domain=f"state/{part}", epoch=int(number), body=body)
        except (OSError, ValueError, VaultError):
            return None
        return int(number), body

"""One segment file of the journal, as its writer holds it: locked for life, appended to, never rewritten."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from audit.records.canonical import canonical
from audit.writing.crash import ARMED, crash_point
from audit.writing.frames import NO_MAC, encode_frame

SEGMENT_BYTES = 16 * 1024 * 1024


class SegmentLost(OSError):
    """The file is no longer in its folder, or what was written of a frame could not be taken back."""


class Segment:
    """The open segment of one process. Every method raises OSError for what the disk refuses."""

    __slots__ = ("_inode", "fd", "mac", "number", "path", "size")

    def __init__(self, folder: Path, *, boot: str, number: int, key: bytes, header: dict[str, object]) -> None:
        """Create `<boot>-<number>.log` with its header. Locked under another name first: no reader sees it free.

        `header` says kid, boot, node, first_n (of the first record) and previous (mac of the segment before, hex).
        """
        self.number, self.path = number, folder / f"{boot}-{number:06d}.log"
        first = canonical({"journal": 1, "segment": number, **header})
        frame, self.mac = encode_frame(key, NO_MAC, first)
        aside = self.path.with_suffix(".tmp")
        self.fd = os.open(aside, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.write(self.fd, frame) != len(frame):
                raise OSError(28, "no space for a segment's header")
            os.rename(aside, self.path)
        except OSError:
            os.close(self.fd)
            with contextlib.suppress(OSError):
                os.unlink(aside)
            raise
        self.size = len(frame)
        self._inode = os.fstat(self.fd).st_ino

    def write(self, data: bytes) -> None:
        """Append `data` in one write. A short or failed write is taken back; SegmentLost when that fails too."""
        try:
            if ARMED:
                crash_point("journal.before_write")
                if crash_point("journal.mid_frame"):
                    os.write(self.fd, data[: len(data) // 2])
                    os.kill(os.getpid(), 9)
            written = os.write(self.fd, data)
        except OSError:
            self._take_back()
            raise
        if written != len(data):
            self._take_back()
            raise OSError(28, "the disk took only a part of a frame")
        # A file removed from its folder takes writes gladly and loses them.
        if os.fstat(self.fd).st_nlink == 0:
            raise SegmentLost(2, "the segment was removed from its folder")
        self.size += written
        if ARMED:
            crash_point("journal.written")

    def in_place(self) -> bool:
        """Whether the segment's name still leads to this very file (a folder may have been moved away)."""
        try:
            return os.stat(self.path).st_ino == self._inode
        except OSError:
            return False

    def sync(self) -> None:
        """Wait until everything written is on the disk."""
        os.fdatasync(self.fd)

    def close(self) -> None:
        """Give the lock back: from now on the shipper may finish and delete the file."""
        with contextlib.suppress(OSError):
            os.close(self.fd)

    def _take_back(self) -> None:
        try:
            os.ftruncate(self.fd, self.size)
        except OSError as error:
            raise SegmentLost(error.errno, "half a frame could not be taken back") from error

"""The journal: each process appends its records to a file of its own before it answers.

`append` is one `write` (about 5 µs with frame and mac); the kernel keeps what was written whatever kills the process.
What cannot be written is not acknowledged: AuditUnavailable, and the door denies.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
import uuid
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from audit.records.canonical import canonical
from audit.records.kinds import Kind, Level
from audit.records.record import Prepared, prepare, stamp
from audit.records.who import Who
from audit.writing import boots
from audit.writing.allowance import CAP, RESERVE, Allowance, AuditUnavailable
from audit.writing.frames import NO_MAC, boot_key, encode_frame, leaf_of
from audit.writing.group_commit import GroupCommit
from audit.writing.promise import Durability, FailMode, JournalStatus, Receipt
from audit.writing.segment import SEGMENT_BYTES, Segment, SegmentLost

__all__ = ["Alarm", "AuditUnavailable", "Journal", "log_alarm"]

Alarm = Callable[[str, Mapping[str, Any]], None]
_log = logging.getLogger("audit.writing.journal")
_ME = Who.component("journal")
_RANDOM = 24


def log_alarm(code: str, detail: Mapping[str, Any]) -> None:
    """The alarm of last resort: an error in the log."""
    _log.error("%s %s", code, dict(detail))


class Journal:
    """The journal of one process. Opened at the first append, dropped in a forked child, safe for many threads."""

    _lock: threading.RLock
    _segment: Segment | None
    boot: str | None
    _boot_file: int
    _boot_key: bytes
    _number: int
    _n: int
    _at: int
    _mac: bytes
    _random: list[bytes]
    _problem: str | None
    _group: GroupCommit | None
    _closed: str | None
    _missed: int

    def __init__(
        self,
        folder: Path,
        *,
        node: str,
        key: bytes,
        kid: str = "",
        durability: Durability = Durability.PROCESS,
        fail: FailMode = FailMode.CLOSED,
        cap: int = CAP,
        reserve: int = RESERVE,
        segment_bytes: int = SEGMENT_BYTES,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
        alarm: Alarm = log_alarm,
    ) -> None:
        """`key` is the journal key of master key `kid`, `clock` gives µs since the epoch.

        `alarm` hears of failing and healing.

        The folder is made here (0700) and never again: one that disappears later is a failure, not a fresh start.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder, self.node, self.durability, self.fail = folder, node, durability, fail
        self._key, self._kid, self._clock, self._alarm = key, kid, clock, alarm
        self._segment_bytes = segment_bytes
        self._cap, self._reserve = cap, reserve
        self._refused = self._unrecorded = 0
        self._group = None
        self._reset()
        reference = weakref.ref(self)

        def drop_in_child() -> None:
            if (journal := reference()) is not None:
                journal._drop()

        os.register_at_fork(after_in_child=drop_in_child)

    # --- Writing

    def append(self, record: Prepared) -> Receipt:
        """Make `record` durable to the extent of `durability` (`group`: await `settled` as well) and say where it is.

        Raises AuditUnavailable when that fails (mode open: the receipt says it is not recorded), RecordInvalid for a
        record that could never be written. With `each` this blocks on the disk: call it off the event loop.
        """
        with self._lock:
            try:
                receipt = self._write(record)
                if self.durability is Durability.EACH:
                    self._sync_or_abandon()
            except AuditUnavailable as unavailable:
                return self._not_recorded(record, unavailable)
            except OSError as error:
                if isinstance(error, SegmentLost):
                    self._abandon()
                failure = AuditUnavailable("disk", error.strerror or str(error))
                failure.__cause__ = error
                return self._not_recorded(record, failure)
        return receipt

    async def append_async(self, record: Prepared) -> Receipt:
        """`append` for the event loop: waits for the disk, where the durability asks for it, off the loop."""
        if self.durability is Durability.EACH:
            return await asyncio.to_thread(self.append, record)
        receipt = self.append(record)
        if self.durability is Durability.GROUP and receipt.recorded:
            await self.settled(receipt)
        return receipt

    async def settled(self, receipt: Receipt) -> None:
        """Return when what `receipt` names is on the disk (at once unless durability is `group`).

        Raises AuditUnavailable when the disk refused: what was appended may or may not survive a loss of power.
        """
        if self.durability is not Durability.GROUP or receipt.boot == self._closed:
            return
        with self._lock:
            waiting = self._group.wait() if self._group is not None and receipt.boot == self.boot else None
        try:
            if waiting is None:
                raise OSError(5, "the boot ended before the disk confirmed")
            await asyncio.wrap_future(waiting)
        except OSError as error:
            raise AuditUnavailable("disk", str(error)) from error

    def close(self) -> None:
        """Write the final record and give the files back. A journal that was never opened leaves nothing."""
        with self._lock:
            if self._segment is None:
                return
            with contextlib.suppress(OSError, AuditUnavailable):
                last = prepare(Kind.SECURITY_EVENT, who=_ME, code="journal.closed", count=self._n + 1)
                self._put([last])
                if self.durability is not Durability.PROCESS:
                    self._segment.sync()
                boots.note_end(self._boot_file, n=self._n, mac=self._mac, closed=True)
                self._closed = self.boot
            group = self._group
            self._abandon()
        if group is not None:
            group.stop()

    def status(self) -> JournalStatus:
        """How the journal is, without touching the disk."""
        return JournalStatus(
            healthy=self._problem is None,
            boot=self.boot,
            n=self._n,
            used=self._allowance.used,
            refused=self._refused,
            unrecorded=self._unrecorded,
            problem=self._problem,
        )

    # --- Parts of an append, under the lock

    def _write(self, record: Prepared) -> Receipt:
        if self._allowance.due():
            self._allowance.measure()
            if self._segment is not None and not self._segment.in_place():
                raise SegmentLost(2, "the segment is no longer in its folder")
        if self._segment is None:
            self._open()
        elif self._segment.size >= self._segment_bytes:
            self._roll()
        if self._problem is None:
            return self._put([record])
        receipt = self._put([self._marker(), record])
        self._healed()
        return receipt

    def _put(self, records: list[Prepared]) -> Receipt:
        segment, boot = self._segment, self.boot
        if segment is None or boot is None:
            raise SegmentLost(9, "no segment is open")
        at = max(self._clock(), self._at)
        n, mac, frames = self._n, self._mac, []
        for record in records:
            for attachment in record.attachments:
                frame, mac = encode_frame(self._boot_key, mac, canonical(attachment))
                frames.append(frame)
            n += 1
            record_id, body = stamp(record, at=at, node=self.node, boot=boot, n=n, random=self._fresh())
            frame, mac = encode_frame(self._boot_key, mac, body)
            frames.append(frame)
        data = frames[0] if len(frames) == 1 else b"".join(frames)
        self._allowance.take(record.who.id, len(data))
        try:
            segment.write(data)
        except OSError:
            self._allowance.give_back(len(data))
            raise
        self._n, self._mac, self._at = n, mac, at
        return Receipt(record_id, self.node, boot, n, leaf_of(body).hex(), at)

    def _fresh(self) -> bytes:
        """24 random bytes, fetched from the kernel 64 times at once; a forked child never sees the parent's."""
        if not self._random:
            block = os.urandom(_RANDOM * 64)
            self._random = [block[at : at + _RANDOM] for at in range(0, len(block), _RANDOM)]
        return self._random.pop()

    # --- Opening, rolling, ending

    def _open(self) -> None:
        boot = str(uuid.uuid4())
        self._boot_file, ended = boots.enter(self.folder, boot=boot)
        try:
            self._boot_key = boot_key(self._key, boot)
            self._segment = self._new_segment(boot, number=1, first_n=1, previous=NO_MAC)
            self.boot, self._n, self._mac, self._number = boot, 0, self._segment.mac, 1
            self._group = GroupCommit(partial(self._sync_shared, boot))
            self._sync_folder()
            unproven = [item.boot for item in ended if not item.closed]
            self._put(
                [
                    prepare(
                        Kind.SECURITY_EVENT,
                        who=_ME,
                        level=Level.WARNING if unproven else Level.INFO,
                        code="journal.opened",
                        reason="tail unproven" if unproven else None,
                        count=len(ended),
                        detail={"previous": [item.told() for item in ended], "pid": os.getpid()},
                    )
                ]
            )
        except BaseException:
            self._abandon()
            with contextlib.suppress(OSError):
                if not list(self.folder.glob(f"{boot}-*.log")):
                    (self.folder / f"{boot}.boot").unlink(missing_ok=True)
            raise
        boots.forget(self.folder, ended)

    def _new_segment(self, boot: str, *, number: int, first_n: int, previous: bytes) -> Segment:
        header = {"kid": self._kid, "boot": boot, "node": self.node, "first_n": first_n, "previous": previous.hex()}
        return Segment(self.folder, boot=boot, number=number, key=self._boot_key, header=header)

    def _roll(self) -> None:
        if self._segment is None or self.boot is None:
            raise SegmentLost(9, "no segment is open")
        if self.durability is not Durability.PROCESS:
            self._sync_or_abandon()
        fresh = self._new_segment(self.boot, number=self._number + 1, first_n=self._n + 1, previous=self._mac)
        self._segment.close()
        self._segment, self._mac, self._number = fresh, fresh.mac, self._number + 1
        self._sync_folder()

    def _sync_folder(self) -> None:
        if self.durability is Durability.PROCESS:
            return
        fd = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def _sync_or_abandon(self) -> None:
        """After a failed fdatasync the kernel may have dropped what was written: this boot can promise nothing more."""
        if self._segment is None:
            raise SegmentLost(9, "no segment is open")
        try:
            self._segment.sync()
        except OSError as error:
            raise SegmentLost(error.errno, "the disk did not confirm") from error

    def _sync_shared(self, boot: str) -> None:
        with self._lock:
            if boot == self._closed:
                return  # closing has synced it
            if self._segment is None or self.boot != boot:
                raise OSError(5, "the boot ended before the disk confirmed")
            fd = os.dup(self._segment.fd)
        try:
            os.fdatasync(fd)
        except OSError:
            with self._lock:
                if self.boot == boot:
                    self._abandon()
            raise
        finally:
            os.close(fd)

    def _abandon(self) -> None:
        """End this boot without a final record; the next append opens another one, which names it."""
        if self._segment is not None:
            self._segment.close()
        if self._boot_file >= 0:
            with contextlib.suppress(OSError):
                os.close(self._boot_file)
        if self._group is not None:
            self._group.end()
        self._segment, self.boot, self._boot_file, self._n, self._group = None, None, -1, 0, None

    def _drop(self) -> None:
        """In a forked child: the parent's files are the parent's. Closing here does not give back its locks."""
        self._group = None  # its thread, and the lock it may hold, are the parent's
        self._abandon()
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._group = None
        self._closed = None
        self._allowance = Allowance(self.folder, cap=self._cap, reserve=self._reserve)
        self._segment = None
        self.boot = None
        self._boot_file, self._number, self._n, self._at = -1, 0, 0, 0
        self._boot_key, self._mac = b"", NO_MAC
        self._random = []
        self._problem = None
        self._missed = 0

    # --- Failing and healing

    def _not_recorded(self, record: Prepared, unavailable: AuditUnavailable) -> Receipt:
        if unavailable.reason != "share":  # one principal's excess is not the journal's failure
            if self._problem is None:
                self._alarm("journal.failed", {"reason": unavailable.reason, "problem": str(unavailable)})
            self._problem = str(unavailable)
            self._missed += 1
        if self.fail is FailMode.CLOSED:
            self._refused += 1
            raise unavailable
        self._unrecorded += 1
        at = max(self._clock(), self._at)
        record_id, body = stamp(record, at=at, node=self.node, boot=None, n=None, random=self._fresh())
        return Receipt(record_id, self.node, self.boot or "", 0, leaf_of(body).hex(), at, False)

    def _marker(self) -> Prepared:
        lost = self.fail is FailMode.OPEN
        return prepare(
            Kind.SECURITY_EVENT,
            who=_ME,
            level=Level.ERROR,
            code="journal.unrecorded" if lost else "journal.recovered",
            reason=self._problem,
            count=self._missed,
        )

    def _healed(self) -> None:
        self._alarm("journal.healed", {"missed": self._missed, "mode": self.fail.value})
        self._problem, self._missed = None, 0

"""The shipper: one per host, from the journal's segments into the trail, by way of Celery or directly.

It is never believed: workers check every mac again, and the trail's cursor alone says what has arrived.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql

from audit.intake.batch import Batch, BatchBroken
from audit.intake.ingest import (
    CHANNEL,
    Alarm,
    Connection,
    Ingest,
    State,
    cursor_positions,
    drain_outbox,
    ingest_batch,
    ingest_stretch,
)
from audit.intake.quarantine import FOLDER
from audit.intake.shipped import SegmentBroken, ShippedSegment
from audit.writing.boots import is_free, note_end_of_dead
from audit.writing.crash import ARMED, crash_point
from audit.writing.frames import NO_MAC, KeyFor

RESEND_SECONDS = 10.0
IDLE_SECONDS = 0.025
OUTBOX_SECONDS = 0.5
WINDOW = 4
"""Batches of one segment under way at once."""
BROKEN_LOOKS = 5
"""Looks at a broken frame of a living writer before it counts as broken: a reader may be faster than a write."""


class AlreadyShipping(RuntimeError):
    """Another shipper of this host holds the folder."""


class Shipper:
    """Ships one journal folder. `step` does one round; `run` rounds until told to stop."""

    def __init__(
        self,
        folder: Path,
        *,
        key_for: KeyFor,
        connect: Callable[[], Connection],
        send: Callable[[Batch], None] | None,
        alarm: Alarm,
        monotonic: Callable[[], float] = time.monotonic,
        resend_seconds: float = RESEND_SECONDS,
        ingest: Ingest = ingest_batch,
        kid: Callable[[], str] = str,
    ) -> None:
        """`connect` opens an autocommit connection; `send` hands a batch to the broker and raises when it cannot.

        Without `send` every batch is stored directly, by `ingest`. `kid` names the key that is written under today, for
        a segment whose header is lost. Raises AlreadyShipping.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._key_for, self._connect, self._send, self._alarm = folder, key_for, connect, send, alarm
        self._monotonic, self._resend, self._ingest, self._kid = monotonic, resend_seconds, ingest, kid
        self._segments: dict[str, ShippedSegment] = {}
        self._looks: dict[str, int] = {}
        self._connection: Connection | None = None
        self._outbox_due = 0.0
        self._lock = os.open(folder / ".ship.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise AlreadyShipping(f"{folder} is shipped by another process") from None

    def run(self, stopped: Callable[[], bool]) -> None:
        """Ship until `stopped()`, then once more what closed writers left behind."""
        while not stopped():
            if not self.step():
                self._wait()
        with suppress(psycopg.Error):
            for _ in range(100):
                if not self.step(direct=True):
                    break
        self.close()

    def close(self) -> None:
        """Give the folder back."""
        self._disconnect()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def step(self, *, direct: bool = False) -> bool:
        """One round over all segments; whether there was anything to do. `direct` stores instead of sending."""
        try:
            connection = self._connected()
            paths = sorted(self._folder.glob("*-[0-9]*.log"))
            busy = self._drain(connection)
            positions = cursor_positions(connection, [path.stem for path in paths]) if paths else {}
            for path in paths:
                busy |= self._ship(connection, path, positions.get(path.stem), direct)
            for name in self._segments.keys() - {path.stem for path in paths}:
                del self._segments[name]
            return busy
        except psycopg.Error as error:
            self._alarm("ship.database", {"problem": str(error)})
            self._disconnect()
            return False

    # --- One segment

    def _ship(self, connection: Connection, path: Path, cursor: tuple[int, bytes] | None, direct: bool) -> bool:
        try:
            # Asked before reading: what is there after a free lock was seen is all there will ever be.
            complete = is_free(path)
            segment = self._segments.get(path.stem)
            if segment is None:
                segment = self._segments[path.stem] = ShippedSegment(path, self._key_for, kids=self._kids())
                if cursor is not None:
                    segment.resume(*cursor)
            self._settle(connection, segment, cursor)
            try:
                busy = self._send_next(connection, segment, complete, direct)
            except SegmentBroken as problem:
                return self._mend(connection, segment, problem, complete)
            self._looks.pop(path.stem, None)
            if complete and not busy and not segment.sent:
                self._finish(connection, segment, cursor)
            return busy
        except FileNotFoundError:
            self._segments.pop(path.stem, None)
        except (SegmentBroken, BatchBroken, LookupError) as problem:
            self._broken(path, problem)
        except OSError as error:
            self._alarm("ship.unreadable", {"segment": path.stem, "problem": str(error)})
        return False

    def _kids(self) -> Iterator[str]:
        """Keys that a segment whose header is lost may be written under: today's, and those that others here name."""
        if kid := self._kid():
            yield kid
        yield from {segment.kid for segment in self._segments.values()}

    def _mend(self, connection: Connection, segment: ShippedSegment, problem: SegmentBroken, complete: bool) -> bool:
        """Store what is proven of a damaged stretch, set aside the rest, and go on after it.

        Never by way of a worker: what is damaged in the file is for the one to say who sees the file.
        """
        looks = self._looks[segment.name] = self._looks.get(segment.name, 0) + 1
        if looks < BROKEN_LOOKS and not complete:
            return False
        found = segment.mend(complete=complete)
        if found is None:
            if looks == BROKEN_LOOKS:
                self._alarm("ship.broken", {"segment": segment.name, "problem": str(problem)})
            return False
        batch, mended, data = found
        outcome = ingest_stretch(connection, batch, mended, data, alarm=self._alarm)
        self._looks.pop(segment.name, None)
        if outcome.state is State.STORED:
            segment.resume(batch.end, mended.mac)
        else:  # another has moved the cursor: read it again
            self._segments.pop(segment.name, None)
        return True

    def _settle(self, connection: Connection, segment: ShippedSegment, cursor: tuple[int, bytes] | None) -> None:
        """Forget what has arrived; send again what has not after 10 s, and the second time store it directly."""
        arrived = cursor[0] if cursor is not None else 0
        while segment.sent and segment.sent[0].batch.end <= arrived:
            segment.sent.popleft()
        now = self._monotonic()
        if not segment.sent or now - segment.sent[0].at < self._resend:
            return
        if segment.sent[0].batch.start != arrived:
            segment.resume(arrived, cursor[1] if cursor is not None else NO_MAC)
            return
        for sent in list(segment.sent):
            if sent.times > 1:
                self._store(connection, sent.batch)
            else:
                self._hand_over(connection, sent.batch, direct=False)
            sent.at, sent.times = now, sent.times + 1

    def _send_next(self, connection: Connection, segment: ShippedSegment, complete: bool, direct: bool) -> bool:
        busy = False
        while len(segment.sent) < WINDOW:
            try:
                found = segment.next_batch(complete=complete)
            except SegmentBroken:
                if busy or segment.sent:  # mended once all that is before it has arrived
                    break
                raise
            if found is None:
                break
            batch, mac = found
            segment.advance(batch, mac, at=self._monotonic())
            self._hand_over(connection, batch, direct=direct)
            if ARMED:
                crash_point("ship.sent")
            busy = True
        return busy

    def _hand_over(self, connection: Connection, batch: Batch, *, direct: bool) -> None:
        if self._send is not None and not direct:
            try:
                self._send(batch)
                return
            except Exception as error:
                self._alarm("ship.broker", {"problem": f"{type(error).__name__}: {error}"})
        self._store(connection, batch)

    def _store(self, connection: Connection, batch: Batch) -> None:
        self._ingest(connection, batch, key_for=self._key_for, alarm=self._alarm)

    # --- The end of a segment

    def _finish(self, connection: Connection, segment: ShippedSegment, cursor: tuple[int, bytes] | None) -> None:
        """Delete a finished segment once the cursor and every digest in the trail say that all of it is there.

        One that was damaged is kept in `quarantine/`, as evidence beside what was set aside of it.
        """
        size = segment.path.stat().st_size
        if cursor is None or cursor[0] != segment.position or (cursor[0] != size and not segment.torn):
            return
        leaves, whole = segment.examined()
        missing = self._missing(connection, segment, leaves)
        if missing:
            self._alarm("ship.missing", {"segment": segment.name, "counters": missing[:20], "count": len(missing)})
            self._set_aside(segment.path)
            return
        if segment.number > 1 and not self._joined(connection, segment):
            return
        if segment.torn:
            self._alarm("ship.torn", {"segment": segment.name, "bytes": size - segment.position})
        last_n = max(leaves, default=(segment.first_n or 1) - 1)
        if not list(self._folder.glob(f"{segment.boot}-{segment.number + 1:06d}.*")):
            note_end_of_dead(self._folder, boot=segment.boot, n=last_n, mac=segment.mac)
        if ARMED:
            crash_point("ship.before_unlink")
        if whole:
            segment.path.unlink(missing_ok=True)
            self._segments.pop(segment.name, None)
            return
        absent = self._absent(connection, segment, leaves)
        self._alarm("ship.damaged", {"segment": segment.name, "missing": absent[:20], "count": len(absent)})
        self._set_aside(segment.path)

    def _absent(
        self, connection: Connection, segment: ShippedSegment, leaves: dict[int, tuple[str, bytes]]
    ) -> list[int]:
        """Counters that a damaged segment must have held, by what is around them, and of which no record is left."""
        before, after = (f"{segment.boot}-{segment.number + step:06d}" for step in (-1, 1))
        first, last = segment.first_n, max(leaves, default=0)
        if first is None and segment.number > 1:
            rows = connection.execute("SELECT n FROM audit_cursor WHERE segment = %s", (before,)).fetchone()
            first = None if rows is None else int(rows[0]) + 1
        with suppress(OSError, SegmentBroken, LookupError):
            following = ShippedSegment(self._folder / f"{after}.log", self._key_for, kids=(segment.kid,))
            last = max(last, (following.first_n or 1) - 1)
        if first is None:
            first = 1 if segment.number == 1 else min(leaves, default=last + 1)
        return sorted(set(range(first, last + 1)) - leaves.keys())

    def _joined(self, connection: Connection, segment: ShippedSegment) -> bool:
        """Whether the segment before has been shipped; an alarm where this one does not go on from its end.

        A segment cut at a frame, or taken away whole, holds by itself: only the chain from one to the next tells.
        """
        before = f"{segment.boot}-{segment.number - 1:06d}"
        if (self._folder / f"{before}.log").exists():
            return False
        arrived = cursor_positions(connection, [before]).get(before)
        if segment.previous is None or segment.first_n is None:
            return True  # the header is lost, and told of as damage
        if arrived is None:  # never shipped, or its cursor was dropped for its age: then its last record is there
            last = connection.execute(
                "SELECT EXISTS (SELECT FROM audit_trail WHERE boot = %(boot)s AND n = %(n)s)"
                " OR EXISTS (SELECT FROM audit_quarantine WHERE boot = %(boot)s AND n = %(n)s)",
                {"boot": segment.boot, "n": segment.first_n - 1},
            ).fetchone()
            holds = last is not None and bool(last[0])
        else:
            holds = arrived[1] == segment.previous
        if not holds:
            self._alarm("ship.gap", {"segment": segment.name, "before": before, "next": segment.first_n})
        return True

    @staticmethod
    def _missing(connection: Connection, segment: ShippedSegment, leaves: dict[int, tuple[str, bytes]]) -> list[int]:
        """Counters of the file that the trail does not hold with the same digest and that are not in quarantine."""
        if not leaves:
            return []
        first, last = min(leaves), max(leaves)
        ids = sorted(record_id for record_id, _ in leaves.values())
        stored = connection.execute(
            "SELECT n, leaf FROM audit_trail WHERE boot = %s AND n BETWEEN %s AND %s AND id BETWEEN %s AND %s "
            "UNION ALL SELECT n, sha256('\\x00'::bytea || frame) FROM audit_quarantine WHERE boot = %s",
            (segment.boot, first, last, ids[0], ids[-1], segment.boot),
        )
        there = {(n, bytes(leaf)) for n, leaf in stored}
        return [n for n, (_, leaf) in leaves.items() if (n, leaf) not in there]

    def _broken(self, path: Path, problem: Exception) -> None:
        looks = self._looks[path.stem] = self._looks.get(path.stem, 0) + 1
        if looks < BROKEN_LOOKS and not is_free(path):
            return
        self._alarm("ship.broken", {"segment": path.stem, "problem": str(problem)})
        self._set_aside(path)

    def _set_aside(self, path: Path) -> None:
        """Keep a segment that does not hold for people to look at; its writer notices and opens another boot."""
        folder = self._folder / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        path.rename(folder / path.name)
        self._segments.pop(path.stem, None)
        self._looks.pop(path.stem, None)

    # --- Database

    def _drain(self, connection: Connection) -> bool:
        """The outbox, in case no worker does: whatever is in it is at most half a second old."""
        if self._monotonic() < self._outbox_due:
            return False
        self._outbox_due = self._monotonic() + OUTBOX_SECONDS
        row = connection.execute("SELECT EXISTS (SELECT FROM audit_outbox)").fetchone()
        return bool(row and row[0]) and drain_outbox(connection, alarm=self._alarm) > 0

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
            self._connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
            self._segments.clear()  # what has arrived is in the cursors, read again at once
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None

    def _wait(self) -> None:
        """Until rows arrive, at most 25 ms; without a database half a second."""
        if self._connection is None:
            time.sleep(0.5)
            return
        with suppress(psycopg.Error):
            for _ in self._connection.notifies(timeout=IDLE_SECONDS, stop_after=1):
                return

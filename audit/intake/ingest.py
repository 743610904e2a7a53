"""Into the trail, exactly once: one transaction moves the segment's cursor, numbers the rows and copies them in."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import psycopg
from psycopg import errors, sql

from audit.intake.batch import Batch, BatchBroken, Checked, Poison, check_batch, check_stretch
from audit.intake.columns import COLUMNS, NoRow, Row, copy_data
from audit.intake.mending import Mended
from audit.writing.crash import ARMED, crash_point
from audit.writing.frames import KeyFor
from audit.writing.outbox import INSERT_DAY_KEY

Connection = psycopg.Connection[Any]
Alarm = Callable[[str, Mapping[str, Any]], None]
Alarms = list[tuple[str, Mapping[str, Any]]]

SEQUENCE_LOCK = (7310298, 1)
CHANNEL = "toolgate_trail"
TRAIL = "audit_trail"
OUTBOX_ROWS = 512
AHEAD_SECONDS = 1.0

_COLUMN_LIST = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
_COPY = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)")


class Ingest(Protocol):
    """A way to store one batch of a segment: `ingest_batch`."""

    def __call__(self, connection: Connection, batch: Batch, *, key_for: KeyFor, alarm: Alarm) -> Ingested:
        """Store the batch. The connection must be in autocommit."""
        raise NotImplementedError


class State(StrEnum):
    """What became of a batch: stored; already stored before; or batches before it are still missing."""

    STORED = "stored"
    STALE = "stale"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """The outcome: `stored` rows up to `seq`, `repeated` ones that were there already, `quarantined` frames."""

    state: State
    stored: int = 0
    repeated: int = 0
    quarantined: int = 0
    seq: int = 0


def ingest_batch(connection: Connection, batch: Batch, *, key_for: KeyFor, alarm: Alarm) -> Ingested:
    """Store one batch of a segment. The connection must be in autocommit. Raises BatchBroken and psycopg.Error.

    A batch that arrives before the one it follows is waited for at most a second, then left to be sent again.
    """
    try:
        checked = check_batch(batch, key_for)
        deadline = time.monotonic() + AHEAD_SECONDS
        while True:
            outcome = _store(connection, checked, alarm)
            if outcome.state is not State.AHEAD or time.monotonic() > deadline:
                return outcome
            time.sleep(0.01)
    except BatchBroken as problem:
        alarm("ingest.broken", {"segment": batch.segment, "position": batch.start, "problem": str(problem)})
        raise


def ingest_stretch(connection: Connection, batch: Batch, mended: Mended, data: bytes, *, alarm: Alarm) -> Ingested:
    """Store what is proven of a damaged stretch and set aside the rest of its bytes, `data`; one alarm tells of it.

    The connection must be in autocommit. Raises BatchBroken and psycopg.Error.
    """
    checked = check_stretch(batch, mended, data)
    outcome = _store(connection, checked, alarm)
    if outcome.state is State.STORED:
        told = {
            "segment": batch.segment, "start": batch.start, "end": batch.end, "proven": len(checked.rows),
            "quarantined": outcome.quarantined, "counters": [item.n for item in checked.poison if item.n][:20],
        }  # fmt: skip
        alarm("ingest.damaged", told)
    return outcome


def _store(connection: Connection, checked: Checked, alarm: Alarm) -> Ingested:
    alarms: Alarms = []
    with connection.transaction():
        lock_sequence(connection)
        state = move_cursor(connection, checked, alarms)
        if state is not State.STORED:
            return Ingested(state=state)
        if ARMED:
            crash_point("ingest.before_insert")
        _insert_day_keys(connection, checked.day_keys)
        stored, seq, poison = _insert(connection, checked.rows, checked.poison, checked.batch, alarms)
        _quarantine(connection, checked.batch.segment, poison, alarms)
        if ARMED:
            crash_point("ingest.before_commit")
    if ARMED:
        crash_point("ingest.committed")
    for code, detail in alarms:  # after the commit: an alarm about what was rolled back would be false
        alarm(code, detail)
    repeated = len(checked.rows) - stored - (len(poison) - len(checked.poison))
    return Ingested(state=State.STORED, stored=stored, repeated=repeated, quarantined=len(poison), seq=seq)


def lock_sequence(connection: Connection) -> None:
    """One writer at a time, so that the order of commits is the order of `seq`; and the commit reaches the disk."""
    connection.execute(
        "SELECT pg_advisory_xact_lock(%s, %s), set_config('synchronous_commit', 'on', true)", SEQUENCE_LOCK
    )


def move_cursor(connection: Connection, checked: Checked, alarms: Alarms) -> State:
    """Compare-and-swap of the segment's cursor from the batch's start to its end."""
    batch = checked.batch
    values = {
        "segment": batch.segment, "node": batch.node, "boot": checked.boot, "start": batch.start, "end": batch.end,
        "n": checked.n, "mac": checked.mac, "previous": bytes.fromhex(batch.previous),
    }  # fmt: skip
    if batch.start == 0:
        moved = connection.execute(
            "INSERT INTO audit_cursor (segment, node, boot, position, n, mac) "
            "VALUES (%(segment)s, %(node)s, %(boot)s, %(end)s, %(n)s, %(mac)s) ON CONFLICT (segment) DO NOTHING",
            values,
        )
        return State.STORED if moved.rowcount == 1 else State.STALE
    before = connection.execute(
        "SELECT position, n, mac FROM audit_cursor WHERE segment = %(segment)s FOR UPDATE", values
    ).fetchone()
    if before is None or before[0] < batch.start:
        return State.AHEAD
    if before[0] > batch.start:
        return State.STALE
    if bytes(before[2]) != values["previous"]:
        raise BatchBroken(f"{batch.segment} at {batch.start} does not continue what is stored")
    if before[1] and checked.first_n and checked.first_n != before[1] + 1:
        alarms.append(("ingest.gap", {"segment": batch.segment, "after": before[1], "next": checked.first_n}))
    connection.execute(
        "UPDATE audit_cursor SET position = %(end)s, n = greatest(n, %(n)s), mac = %(mac)s, updated_at = now() "
        "WHERE segment = %(segment)s AND position = %(start)s",
        values,
    )
    return State.STORED


def _insert_day_keys(connection: Connection, keys: Sequence[Mapping[str, Any]]) -> None:
    for key in keys:
        connection.execute(INSERT_DAY_KEY, key)


def _insert(
    connection: Connection, rows: list[Row], poison: list[Poison], source: Batch | None, alarms: Alarms
) -> tuple[int, int, list[Poison]]:
    """Copy the rows in: how many were new, the last seq, and all poison including what the database refused."""
    if not rows:
        return 0, 0, poison
    try:
        with connection.transaction():
            seq = copy_rows(connection, rows)
        _note_rules(connection, rows)
        return len(rows), seq, poison
    except errors.CheckViolation:
        _make_partitions(connection, rows, alarms)
    except (errors.UniqueViolation, errors.DataError):
        pass
    stored, seq, refused = _insert_carefully(connection, rows)
    bad = {row for row, _ in refused}
    _note_rules(connection, [row for row in rows if row not in bad])
    found = [_poison_of(row, reason, source) for row, reason in refused]
    return stored, seq, [*poison, *found]


def _note_rules(connection: Connection, rows: list[Row]) -> None:
    """Note when each rule last matched, once an hour for each: most batches then write nothing."""
    last: dict[str, int] = {}
    for row in rows:
        for rule in row.rules:
            last[rule] = max(row.at, last.get(rule, 0))
    if last:
        connection.execute(
            "INSERT INTO audit_rule_use (rule, last) "
            "SELECT new.rule, to_timestamp(new.at / 1000000.0) FROM unnest(%s::text[], %s::bigint[]) AS new (rule, at) "
            "WHERE NOT EXISTS (SELECT FROM audit_rule_use AS known WHERE known.rule = new.rule "
            "AND known.last > to_timestamp(new.at / 1000000.0) - interval '1 hour') "
            "ON CONFLICT (rule) DO UPDATE SET last = excluded.last",
            (list(last), list(last.values())),
        )


def copy_rows(connection: Connection, rows: list[Row], *, table: str = TRAIL) -> int:
    """Take the next numbers and COPY; the last number. Everything may be undone by the savepoint around it."""
    seq = _take_numbers(connection, len(rows))
    with connection.cursor() as cursor, cursor.copy(_COPY.format(sql.Identifier(table), _COLUMN_LIST)) as copy:
        copy.write(copy_data(rows, seq - len(rows) + 1))
    _notify(connection, seq)
    return seq


def _take_numbers(connection: Connection, count: int) -> int:
    row = connection.execute("UPDATE audit_head SET seq = seq + %s RETURNING seq", (count,)).fetchone()
    if row is None:
        raise errors.DataError("audit_head has lost its row")
    return int(row[0])


def _notify(connection: Connection, seq: int) -> None:
    connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, str(seq)))


def _make_partitions(connection: Connection, rows: list[Row], alarms: Alarms) -> None:
    """The partition of each row that has none. A class and time that may have none is found out row by row later."""
    for retention, day in sorted({(row.retention, row.at // 86_400_000_000) for row in rows}):
        try:
            with connection.transaction():
                made = connection.execute(
                    "SELECT audit_ensure_partition(%s, to_timestamp(%s))", (retention, day * 86_400)
                ).fetchone()
            if made is not None and made[0] is not None:
                alarms.append(("ingest.partition", {"made": made[0]}))
        except errors.InvalidParameterValue:
            continue


def _insert_carefully(connection: Connection, rows: list[Row]) -> tuple[int, int, list[tuple[Row, str]]]:
    """Copy aside, insert what is not there, compare what is. Falls back to row by row for what no table takes."""
    try:
        with connection.transaction():
            return _insert_aside(connection, rows)
    except (errors.CheckViolation, errors.DataError) as problem:
        if len(rows) == 1:
            return 0, 0, [(rows[0], f"the database refuses it: {problem.diag.message_primary}")]
    stored, seq = 0, 0
    refused: list[tuple[Row, str]] = []
    half = len(rows) // 2
    for part in (rows[:half], rows[half:]):
        some, last, bad = _insert_carefully(connection, part)
        stored, seq, refused = stored + some, max(seq, last), [*refused, *bad]
    return stored, seq, refused


def _insert_aside(connection: Connection, rows: list[Row]) -> tuple[int, int, list[tuple[Row, str]]]:
    connection.execute("CREATE TEMP TABLE audit_aside (LIKE audit_trail) ON COMMIT DROP")
    aside = sql.Identifier("audit_aside")
    with connection.cursor() as cursor, cursor.copy(_COPY.format(aside, _COLUMN_LIST)) as copy:
        copy.write(copy_data(rows, 1))
    others = sql.SQL(", ").join(sql.SQL("a.") + sql.Identifier(name) for name in COLUMNS[1:])
    inserted = connection.execute(
        sql.SQL(
            "INSERT INTO audit_trail ({columns}) "
            "SELECT (SELECT seq FROM audit_head) + row_number() OVER (ORDER BY a.seq), {others} "
            "FROM (SELECT DISTINCT ON (class, id) * FROM audit_aside ORDER BY class, id, seq) AS a "
            "WHERE NOT EXISTS (SELECT FROM audit_trail t WHERE t.class = a.class AND t.id = a.id) "
            "ON CONFLICT DO NOTHING"
        ).format(columns=_COLUMN_LIST, others=others)
    ).rowcount
    seq = _take_numbers(connection, inserted) if inserted else 0
    different = connection.execute(
        "SELECT a.seq FROM audit_aside a JOIN audit_trail t ON t.class = a.class AND t.id = a.id WHERE t.body <> a.body"
    ).fetchall()
    connection.execute("DROP TABLE audit_aside")
    if seq:
        _notify(connection, seq)
    return inserted, seq, [(rows[number - 1], "this id is in the trail with another body") for (number,) in different]


def _poison_of(row: Row, reason: str, source: Batch | None) -> Poison:
    return Poison(source.start if source is not None else 0, row.n, reason, row.body, row.id)


def _quarantine(connection: Connection, segment: str, poison: list[Poison], alarms: Alarms) -> None:
    boot = segment.rpartition("-")[0] or None
    for item in poison:
        connection.execute(
            "INSERT INTO audit_quarantine (segment, position, record, boot, n, reason, frame) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (segment, item.position, item.record, boot, item.n, item.reason, item.frame),
        )
        alarms.append(("ingest.quarantined", {"segment": segment, "n": item.n, "reason": item.reason}))


def drain_outbox(connection: Connection, *, alarm: Alarm) -> int:
    """Move what the outbox holds into the trail, at most 512 records a transaction; how many were moved."""
    moved = 0
    while True:
        alarms: Alarms = []
        with connection.transaction():
            lock_sequence(connection)
            taken = connection.execute(
                "DELETE FROM audit_outbox WHERE position IN "
                "(SELECT position FROM audit_outbox ORDER BY position LIMIT %s) "
                "RETURNING position, body",
                (OUTBOX_ROWS,),
            ).fetchall()
            rows, poison = [], []
            for position, body in sorted(taken):
                try:
                    rows.append(Row(bytes(body)))
                except NoRow as problem:
                    poison.append(Poison(position, None, str(problem), bytes(body)))
            _, _, poison = _insert(connection, rows, poison, None, alarms)
            _quarantine(connection, "", poison, alarms)
        for code, detail in alarms:
            alarm(code, detail)
        moved += len(taken)
        if len(taken) < OUTBOX_ROWS:
            return moved


def cursor_positions(connection: Connection, segments: list[str]) -> dict[str, tuple[int, bytes]]:
    """How far each of these segments is in the trail: position and mac."""
    rows = connection.execute("SELECT segment, position, mac FROM audit_cursor WHERE segment = ANY(%s)", (segments,))
    return {segment: (position, bytes(mac)) for segment, position, mac in rows}

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from audit.intake.batch import Batch, BatchBroken
from audit.intake.ingest import Alarm, State, drain_outbox, ingest_batch
from audit.intake.ship import AlreadyShipping, Shipper
from audit.intake.shipped import ShippedSegment
from audit.models import DayKey, QuarantinedFrame, SegmentCursor, TrailRecord
from audit.records.kinds import Kind
from audit.trace.reading import find_record
from audit.writing import process
from audit.writing.boots import enter
from audit.writing.frames import boot_key, encode_frame
from audit.writing.journal import Journal
from audit.writing.outbox import OutsideTransaction, record, record_change
from tests.audit.builders import KEY, bodies_of, decision, event, frames_of, journal, key_for, unique, who

Alarms = list[tuple[str, Mapping[str, Any]]]
Connection = psycopg.Connection[Any]


def ship_all(shipper: Shipper) -> None:
    for _ in range(50):
        if not shipper.step() and not shipper.step():
            return
    raise AssertionError("shipping does not come to an end")


def stored(boot: str) -> list[int]:
    return [row.n or 0 for row in TrailRecord.objects.filter(boot=boot).order_by("seq")]


def only(folder: Path) -> Path:
    (path,) = folder.glob("*.log")
    return path


def ignore(code: str, detail: Any) -> None: ...


def into(alarms: Alarms) -> Alarm:
    return lambda code, detail: alarms.append((code, detail))


def batches(folder: Path) -> list[Batch]:
    segment = ShippedSegment(only(folder), key_for)
    made = []
    while (found := segment.next_batch(complete=True)) is not None:
        segment.advance(*found, at=0)
        made.append(found[0])
    return made


def test_what_was_journalled_arrives_byte_for_byte_and_the_segment_goes(folder: Path, shipper: Shipper) -> None:
    writer = journal(folder, segment_bytes=20_000)
    boot = writer.append(decision()).boot
    for _ in range(60):
        writer.append(decision())
    before = {body["id"]: body for body in bodies_of(folder)}
    ship_all(shipper)
    assert len(list(folder.glob("*.log"))) == 1, "the writer's own segment stays while it lives"
    writer.close()
    ship_all(shipper)
    assert not list(folder.glob("*.log"))
    rows = {str(row.id): row.content() for row in TrailRecord.objects.filter(boot=boot)}
    assert before.items() <= rows.items()
    assert stored(boot) == list(range(1, 64))


def test_numbers_follow_the_order_of_commits_without_a_hole(
    folder: Path, shipper: Shipper, connection: Connection
) -> None:
    writer = journal(folder)
    boot = writer.append(event()).boot
    for _ in range(1200):
        writer.append(event())
    writer.close()
    ship_all(shipper)
    seqs = list(TrailRecord.objects.filter(boot=boot).order_by("n").values_list("seq", flat=True))
    assert seqs == list(range(seqs[0], seqs[0] + 1203))


def test_a_batch_arrives_once_however_often_it_is_sent(folder: Path, connection: Connection) -> None:
    writer = journal(folder)
    boot = writer.append(event()).boot
    for _ in range(700):
        writer.append(event())
    writer.close()
    first, second = batches(folder)
    assert ingest_batch(connection, second, key_for=key_for, alarm=ignore).state is State.AHEAD
    assert ingest_batch(connection, first, key_for=key_for, alarm=ignore).state is State.STORED
    assert ingest_batch(connection, first, key_for=key_for, alarm=ignore).state is State.STALE
    assert ingest_batch(connection, second, key_for=key_for, alarm=ignore).stored == 703 - 511
    for batch in (first, second, first):
        assert ingest_batch(connection, batch, key_for=key_for, alarm=ignore).state is State.STALE
    assert stored(boot) == list(range(1, 704))


def test_a_lost_cursor_doubles_nothing_since_the_key_knows_its_records(folder: Path, connection: Connection) -> None:
    writer = journal(folder)
    boot = writer.append(event()).boot
    writer.close()
    (batch,) = batches(folder)
    ingest_batch(connection, batch, key_for=key_for, alarm=ignore)
    connection.execute("DELETE FROM audit_cursor WHERE segment = %s", (batch.segment,))
    outcome = ingest_batch(connection, batch, key_for=key_for, alarm=ignore)
    assert (outcome.stored, outcome.repeated, outcome.quarantined) == (0, 3, 0)
    assert stored(boot) == [1, 2, 3]


def test_the_same_id_with_another_body_is_an_alarm_and_never_silent(
    folder: Path, connection: Connection, alarms: Alarms
) -> None:
    writer = journal(folder)
    boot = writer.append(event("first")).boot
    writer.close()
    path = only(folder)
    (batch,) = batches(folder)
    ingest_batch(connection, batch, key_for=key_for, alarm=ignore)
    connection.execute("DELETE FROM audit_cursor WHERE segment = %s", (batch.segment,))
    _rewrite(path, lambda body: body | {"data": {"code": "forged"}} if body.get("n") == 2 else body)
    (forged,) = batches(folder)
    outcome = ingest_batch(connection, forged, key_for=key_for, alarm=into(alarms))
    assert (outcome.stored, outcome.quarantined) == (0, 1)
    assert [code for code, _ in alarms] == ["ingest.quarantined"]
    kept = QuarantinedFrame.objects.get(boot=boot)
    assert (kept.n, orjson.loads(bytes(kept.frame))["data"]["code"]) == (2, "forged")
    assert TrailRecord.objects.get(boot=boot, n=2).content()["data"]["code"] == "first"


def _rewrite(path: Path, change: Any) -> None:
    """Write a segment anew with changed bodies and right macs, as somebody with the key would."""
    key, mac, data = boot_key(KEY, path.stem.rpartition("-")[0]), bytes(16), b""
    for frame in frames_of(path):
        body = orjson.dumps(change(orjson.loads(frame.json)), option=orjson.OPT_SORT_KEYS)
        encoded, mac = encode_frame(key, mac, body)
        data += encoded
    path.write_bytes(data)


def test_a_poison_frame_is_set_aside_alone(folder: Path, shipper: Shipper, alarms: Alarms) -> None:
    writer = journal(folder)
    boot = writer.append(event()).boot
    for _ in range(5):
        writer.append(event())
    writer.close()
    _rewrite(only(folder), lambda body: body | {"kind": "gossip"} if body.get("n") == 4 else body)
    ship_all(shipper)
    assert stored(boot) == [1, 2, 3, 5, 6, 7, 8]
    assert QuarantinedFrame.objects.get(boot=boot).n == 4
    assert "ingest.quarantined" in [code for code, _ in alarms]
    assert not list(folder.glob("*.log")), "what is in quarantine does not hold the segment up"


@pytest.mark.parametrize(
    "change",
    [
        {"previous": "00" * 16},
        {"start": 5},
        {"kid": "k9"},
        {"frames": None},
        {"segment": "0b0e7f3c-0000-4000-8000-000000000000-000001"},
    ],
)
def test_a_worker_believes_no_batch_that_does_not_hold(
    folder: Path, connection: Connection, change: dict[str, Any], alarms: Alarms
) -> None:
    writer = journal(folder)
    boot = writer.append(event()).boot
    for _ in range(600):
        writer.append(event())
    writer.close()
    first, second = batches(folder)
    ingest_batch(connection, first, key_for=key_for, alarm=ignore)
    if "frames" in change:
        change = {"frames": second.frames.replace("test.event", "fake.event", 1)}
    with pytest.raises(BatchBroken):
        ingest_batch(
            connection,
            replace(second, **change),
            key_for=key_for,
            alarm=into(alarms),
        )
    assert alarms[0][0] == "ingest.broken"
    assert len(stored(boot)) == 511


def test_a_torn_tail_of_a_dead_writer_is_dropped_with_an_alarm(folder: Path, shipper: Shipper, alarms: Alarms) -> None:
    writer = journal(folder)
    boot = writer.append(event()).boot
    writer.append(event())
    writer._abandon()
    path = only(folder)
    path.write_bytes(path.read_bytes()[:-20])
    ship_all(shipper)
    assert stored(boot) == [1, 2]
    assert not path.exists()
    assert [code for code, _ in alarms] == ["ship.torn"]
    _, ended = enter(folder, boot="next")
    assert [(item.boot, item.n, item.closed) for item in ended] == [(boot, 2, False)]


def test_half_a_frame_of_a_living_writer_is_waited_for(folder: Path, shipper: Shipper, alarms: Alarms) -> None:
    writer = journal(folder)
    boot = writer.append(event()).boot
    path = only(folder)
    whole = path.read_bytes()
    os.truncate(path, len(whole) - 30)
    for _ in range(8):
        shipper.step()
    assert stored(boot) == [1]
    with path.open("ab") as file:
        file.write(whole[-30:])
    ship_all(shipper)
    assert stored(boot) == [1, 2]
    assert alarms == []
    writer.close()


def test_a_segment_without_any_proof_is_set_aside_whole(
    folder: Path, shipper: Shipper, alarms: Alarms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.writing.allowance.REFRESH_SECONDS", 0.0)
    writer = journal(folder)
    boot = writer.append(event()).boot
    path = only(folder)
    path.write_bytes(bytes(path.stat().st_size))
    for _ in range(12):
        shipper.step()
    assert stored(boot) == []
    assert (folder / "quarantine" / path.name).exists()
    assert "ship.broken" in [code for code, _ in alarms]
    with pytest.raises(Exception, match="no longer in its folder"):
        writer.append(event())
    assert writer.append(event()).boot != boot, "the writer notices and opens another boot"
    writer.close()


@pytest.mark.parametrize("taken", ["a frame", "the segment"])
def test_what_is_cut_between_two_segments_is_an_alarm(
    folder: Path, shipper: Shipper, alarms: Alarms, taken: str
) -> None:
    writer = journal(folder, segment_bytes=5_000)
    for _ in range(30):
        writer.append(decision())
    writer.close()
    first, second, *_ = sorted(folder.glob("*.log"))
    if taken == "a frame":
        kept = first.read_bytes().rstrip(b"\n").rpartition(b"\n")[0] + b"\n"
        first.write_bytes(kept)
    else:
        second.unlink()
    ship_all(shipper)
    assert [code for code, _ in alarms] == ["ship.gap"]


def test_a_cursor_dropped_for_its_age_is_no_gap(
    folder: Path, shipper: Shipper, connection: Connection, alarms: Alarms
) -> None:
    writer = journal(folder, segment_bytes=5_000)
    boot = writer.append(decision()).boot
    while len(list(folder.glob("*.log"))) < 2:
        writer.append(decision())
    ship_all(shipper)
    connection.execute("DELETE FROM audit_cursor WHERE segment = %s", (f"{boot}-000001",))
    writer.close()
    ship_all(shipper)
    assert not list(folder.glob("*.log"))
    assert not alarms


def test_a_segment_whose_rows_differ_is_kept(folder: Path, shipper: Shipper, alarms: Alarms) -> None:
    writer = journal(folder)
    boot = writer.append(event()).boot
    shipper.step()
    writer.append(event())
    writer.close()
    path = only(folder)
    with process.connect() as connection:  # the cursor lies: what follows was never stored
        size = path.stat().st_size
        mac = frames_of(path)[-1].mac
        connection.execute("UPDATE audit_cursor SET position = %s, mac = %s WHERE boot = %s", (size, mac, boot))
    fresh = shipper
    fresh._segments.clear()
    for _ in range(4):
        fresh.step()
    assert "ship.missing" in [code for code, _ in alarms]
    assert (folder / "quarantine" / path.name).exists()


def test_without_a_broker_the_shipper_stores_directly(folder: Path, connection: Connection, alarms: Alarms) -> None:
    def refused(batch: Batch) -> None:
        raise ConnectionRefusedError("no broker")

    shipper = Shipper(
        folder,
        key_for=key_for,
        connect=process.connect,
        send=refused,
        alarm=into(alarms),
    )
    writer = journal(folder)
    boot = writer.append(event()).boot
    shipper.step()
    assert stored(boot) == [1, 2]
    assert alarms[0][0] == "ship.broker"
    writer.close()
    shipper.close()


def test_a_batch_that_never_arrived_is_sent_again_and_then_stored(folder: Path, connection: Connection) -> None:
    now = [0.0]
    sent: list[Batch] = []
    shipper = Shipper(
        folder, key_for=key_for, connect=process.connect, send=sent.append, alarm=ignore, monotonic=lambda: now[0]
    )
    writer = journal(folder)
    boot = writer.append(event()).boot
    for at in (0.0, 5.0, 9.9):
        now[0] = at
        shipper.step()
    assert len(sent) == 1
    now[0] = 10.1
    shipper.step()
    assert sent == [sent[0], sent[0]]
    assert stored(boot) == []
    now[0] = 20.2
    shipper.step()
    assert stored(boot) == [1, 2], "the second time it does not trust the workers"
    json.dumps(sent[0].message())
    writer.close()
    shipper.close()


def test_one_host_has_one_shipper(folder: Path, shipper: Shipper) -> None:
    with pytest.raises(AlreadyShipping):
        Shipper(folder, key_for=key_for, connect=process.connect, send=None, alarm=ignore)


def test_a_database_that_is_away_is_waited_for(folder: Path, connection: Connection, alarms: Alarms) -> None:
    down = [True]

    def connect() -> Connection:
        if down[0]:
            raise psycopg.OperationalError("down")
        return process.connect()

    shipper = Shipper(folder, key_for=key_for, connect=connect, send=None, alarm=into(alarms))
    writer = journal(folder)
    boot = writer.append(event()).boot
    assert not shipper.step()
    down[0] = False
    shipper.step()
    assert stored(boot) == [1, 2]
    assert [code for code, _ in alarms] == ["ship.database"]
    writer.close()
    shipper.close()


def test_sealed_keys_travel_with_their_record_and_outside_the_trail(folder: Path, shipper: Shipper) -> None:
    principal = unique()
    made = event()
    key = {
        "id": "6f1cb0fe-0000-4000-8000-00000000000a",
        "kid": "c1",
        "principal": principal,
        "day": 20_000,
        "sealed": "s",
    }
    made.attachments = ({"attach": "day_key", **key},)
    writer = journal(folder)
    boot = writer.append(made).boot
    writer.close()
    ship_all(shipper)
    assert DayKey.objects.get(principal=principal).day == 20_000
    assert stored(boot) == [1, 2, 3]


# --- Outbox


def test_a_change_and_its_record_stand_or_fall_together(connection: Connection) -> None:
    from django.db import transaction

    def change(name: str) -> Any:
        return record_change(
            actor=who(), kind=Kind.ADMIN_CHANGE, action="changed", model="governance.rule", object=name,
            before={"mode": "shadow"}, after={"mode": "enforce"}, reason="because",
        )  # fmt: skip

    with transaction.atomic():
        kept = change("r1")
    with transaction.atomic():
        gone = change("r2")
        transaction.set_rollback(True)
    with pytest.raises(OutsideTransaction):
        change("r3")
    drain_outbox(connection, alarm=ignore)
    found = find_record(kept)
    assert found is not None
    assert orjson.loads(found.content()["data"]["after"]) == {"mode": "enforce"}
    assert (found.boot, found.n, found.principal) == (None, None, "alice")
    assert find_record(gone) is None


def test_the_outbox_is_drained_exactly_once_even_when_draining_dies(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [record(Kind.SECURITY_EVENT, actor=who(), code=unique()) for _ in range(5)]
    execute = connection.execute

    def dies(query: Any, *args: Any) -> Any:
        if "pg_notify" in str(query):  # what follows the COPY
            raise RuntimeError("dead after inserting")
        return execute(query, *args)

    monkeypatch.setattr(connection, "execute", dies)
    with pytest.raises(RuntimeError):
        drain_outbox(connection, alarm=ignore)
    monkeypatch.undo()
    assert TrailRecord.objects.filter(id__in=made).count() == 0
    assert drain_outbox(connection, alarm=ignore) == 5
    assert drain_outbox(connection, alarm=ignore) == 0
    assert TrailRecord.objects.filter(id__in=made).count() == 5


def test_new_rows_are_announced(connection: Connection) -> None:
    with process.connect() as listener:
        listener.execute("LISTEN toolgate_trail")
        made = record(Kind.SECURITY_EVENT, actor=who(), code=unique())
        drain_outbox(connection, alarm=ignore)
        found = find_record(made)
        heard = [notice.payload for notice in listener.notifies(timeout=2, stop_after=1)]
    assert found is not None
    assert heard == [str(found.seq)]


def test_cursors_say_how_far_a_segment_is(folder: Path, shipper: Shipper) -> None:
    writer: Journal = journal(folder)
    boot = writer.append(event()).boot
    shipper.step()
    cursor = SegmentCursor.objects.get(boot=boot)
    assert (cursor.n, cursor.position) == (2, only(folder).stat().st_size)
    assert bytes(cursor.mac) == frames_of(only(folder))[-1].mac
    writer.close()

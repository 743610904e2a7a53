"""Damage to a segment costs the frame or the stretch that nothing proves any more, and is told; nothing else."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from audit.intake.batch import Batch, BatchBroken
from audit.intake.ingest import drain_outbox, ingest_batch, ingest_stretch
from audit.intake.mending import MEND_BYTES, mend, walk
from audit.intake.ship import Shipper
from audit.intake.shipped import ShippedSegment
from audit.models import QuarantinedFrame, TrailRecord
from audit.writing import process
from audit.writing.alarms import raise_alarm
from audit.writing.frames import NO_MAC, Frame, boot_key, encode_frame
from audit.writing.journal import Journal
from tests.audit.builders import KEY, KID, decision, event, frames_of, journal, key_for

Alarms = list[tuple[str, Mapping[str, Any]]]
Connection = psycopg.Connection[Any]
Damage = Callable[[bytes, list[Frame]], bytes]


def written(folder: Path, count: int = 6) -> tuple[Path, bytes, list[Frame]]:
    """A segment of an ended boot: the header, its opening record n=1, `count` events, its closing record."""
    writer = journal(folder)
    for _ in range(count):
        writer.append(event())
    writer.close()
    (path,) = folder.glob("*.log")
    return path, path.read_bytes(), frames_of(path)


def shipped(shipper: Shipper) -> None:
    for _ in range(200):
        if not shipper.step() and not shipper.step():
            return
    raise AssertionError("shipping does not come to an end")


def kept(boot: str) -> dict[int, bytes]:
    return {row.n or 0: bytes(row.body) for row in TrailRecord.objects.filter(boot=boot)}


def boot_of(path: Path) -> str:
    return path.stem.rpartition("-")[0]


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x11]) + data[at + 1 :]


def told(alarms: Alarms, code: str) -> Mapping[str, Any]:
    (detail,) = [detail for name, detail in alarms if name == code]
    return detail


# Counters 1 to 8; `frames[3]` holds n=3.
ALL = set(range(1, 9))


@pytest.mark.parametrize(
    ("damage", "lost"),
    [
        pytest.param(lambda d, f: flip(d, f[3].start + 90), {3}, id="a byte of the JSON"),
        pytest.param(lambda d, f: flip(d, f[3].start + 51), {3}, id="the first brace"),
        pytest.param(lambda d, f: flip(d, f[3].start + 30), set(), id="a byte of the mac"),
        pytest.param(lambda d, f: flip(d, f[3].start + 4), set(), id="a byte of the length"),
        pytest.param(lambda d, f: flip(d, f[3].start + 12), set(), id="a byte of the checksum"),
        pytest.param(lambda d, f: flip(d, f[3].start + 17), set(), id="the space before the mac"),
        pytest.param(
            lambda d, f: d[: f[3].start] + d[f[3].start : f[3].start + 50].upper() + d[f[3].start + 50 :],
            set(),
            id="digits in another case",
        ),
        pytest.param(lambda d, f: flip(d, f[3].start + 50), set(), id="the space before the JSON"),
        pytest.param(lambda d, f: flip(d, f[3].end - 1), set(), id="the line end"),
        pytest.param(lambda d, f: d[: f[3].end - 1] + d[f[3].end :], set(), id="the line end, taken out"),
        pytest.param(lambda d, f: d[: f[3].end - 1] + b"x" + d[f[3].end - 1 :], set(), id="a byte before the line end"),
        pytest.param(lambda d, f: d[: f[3].start] + b"7" + d[f[3].start :], set(), id="a byte put before the frame"),
        pytest.param(lambda d, f: d[: f[3].start] + d[f[3].start + 1 :], set(), id="the first byte taken out"),
        pytest.param(lambda d, f: d[: f[3].start + 99] + d[f[3].start + 100 :], {3}, id="a byte of the JSON taken out"),
        pytest.param(
            lambda d, f: d[: f[3].start + 99] + b"\n" + d[f[3].start + 99 :], {3}, id="a line end in the JSON"
        ),
        pytest.param(lambda d, f: d[: f[3].start] + b"gossip\n" * 9 + d[f[3].start :], set(), id="lines put in"),
        pytest.param(lambda d, f: d[: f[3].end] + d[f[2].start :], set(), id="two frames repeated"),
        pytest.param(lambda d, f: d[: f[3].start] + d[f[3].end :], {3, 4}, id="a frame cut out"),
        pytest.param(
            lambda d, f: d[: f[3].start + 80] + d[f[5].start :], {3, 4, 5}, id="cut within one, up to another"
        ),
        pytest.param(
            lambda d, f: d[: f[3].start + 80] + bytes(f[5].start - f[3].start) + d[f[5].start + 80 :],
            {3, 4, 5, 6},
            id="zeros over three",
        ),
        pytest.param(
            lambda d, f: d[: f[2].start] + d[f[4].start : f[6].start] + d[f[2].start : f[4].start] + d[f[6].start :],
            {2, 4, 6},
            id="two pairs changed round",
        ),
        pytest.param(lambda d, f: flip(d, f[0].start + 90), set(), id="the header's JSON"),
        pytest.param(lambda d, f: flip(d, f[0].start + 30), set(), id="the header's mac"),
        pytest.param(lambda d, f: bytes(f[1].start) + d[f[1].start :], {1}, id="zeros over the header"),
        pytest.param(lambda d, f: d[f[1].start :], {1}, id="the header cut off"),
        pytest.param(lambda d, f: flip(d, f[8].start + 90), {8}, id="the last frame"),
        pytest.param(lambda d, f: flip(d, f[8].end - 1), set(), id="the last line end"),
        pytest.param(lambda d, f: d + b"nothing\n", set(), id="a line at the end"),
        pytest.param(lambda d, f: flip(flip(d, f[3].start + 30), f[4].start + 30), set(), id="two macs in a row"),
        pytest.param(lambda d, f: flip(flip(d, f[3].start + 90), f[5].start + 90), {3, 5}, id="two frames"),
    ],
)
def test_damage_costs_what_nothing_proves_and_no_more(
    folder: Path, shipper: Shipper, alarms: Alarms, damage: Damage, lost: set[int]
) -> None:
    path, data, frames = written(folder)
    damaged = damage(data, frames)
    path.write_bytes(damaged)
    shipped(shipper)
    records = kept(boot_of(path))
    assert set(records) == ALL - lost
    assert all(records[n] == frames[n].json for n in records)
    assert not path.exists()
    assert (folder / "quarantine" / path.name).read_bytes() == damaged, "the file stays as evidence"
    missing = told(alarms, "ship.damaged")["missing"]
    assert set(missing) == lost - {8}, "what is cut off at the end is told by the boot's file"


def test_what_is_set_aside_keeps_its_bytes_its_counter_and_the_reason(
    folder: Path, shipper: Shipper, alarms: Alarms
) -> None:
    path, data, frames = written(folder)
    path.write_bytes(data[: frames[3].start] + data[frames[3].end :])
    shipped(shipper)
    row = QuarantinedFrame.objects.get(segment=path.stem)
    assert (str(row.boot), row.n, row.position) == (boot_of(path), 4, frames[3].start)
    assert row.reason == "nothing before it proves it"
    assert bytes(row.frame) == data[frames[4].start : frames[4].end]
    detail = told(alarms, "ingest.damaged")
    size = frames[4].end - frames[4].start
    assert (detail["segment"], detail["start"], detail["end"]) == (path.stem, row.position, row.position + size)
    assert (detail["proven"], detail["quarantined"], detail["counters"]) == (0, 1, [4])
    assert told(alarms, "ship.damaged")["missing"] == [3, 4]
    assert told(alarms, "ingest.gap") == {"segment": path.stem, "after": 2, "next": 5}


def test_damage_is_a_security_event_in_the_trail(
    folder: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.writing.alarms._last", {})
    path, data, frames = written(folder)
    path.write_bytes(flip(data, frames[3].start + 90))
    shipper = Shipper(folder, key_for=key_for, connect=process.connect, send=None, alarm=raise_alarm)
    shipped(shipper)
    shipper.close()
    drain_outbox(connection, alarm=lambda *_: None)
    found = {
        row.code: json.loads(row.content()["data"]["detail"])
        for row in TrailRecord.objects.filter(kind="security_event", actor="audit").order_by("seq")
    }
    assert found["audit.ingest.damaged"]["segment"] == path.stem
    assert found["audit.ship.damaged"] == {"segment": path.stem, "missing": [3], "count": 1}


def test_a_living_writer_goes_on_in_its_boot(folder: Path, shipper: Shipper, alarms: Alarms) -> None:
    writer = journal(folder)
    boot = writer.append(event()).boot
    for _ in range(4):
        writer.append(event())
    (path,) = folder.glob("*.log")
    frames = frames_of(path)
    with path.open("r+b") as file:
        file.seek(frames[6].start + 90)
        file.write(b"\x00")
    for _ in range(12):
        shipper.step()
    assert set(kept(boot)) == {1, 2, 3, 4, 5}, "what is still to come may prove more than is proven now"
    assert [code for code, _ in alarms] == ["ship.broken"]
    assert writer.append(event()).boot == boot
    for _ in range(12):
        shipper.step()
    assert set(kept(boot)) == {1, 2, 3, 4, 5, 7}
    assert path.exists()
    writer.close()
    shipped(shipper)
    assert set(kept(boot)) == {1, 2, 3, 4, 5, 7, 8}
    assert told(alarms, "ship.damaged") == {"segment": path.stem, "missing": [6], "count": 1}


def test_what_is_before_a_damage_arrives_first_and_once(folder: Path, connection: Connection) -> None:
    """By way of workers: the stretch waits for the batches before it, those after it go on over its mac."""
    sent: list[Batch] = []
    alarms: Alarms = []
    shipper = Shipper(
        folder,
        key_for=key_for,
        connect=process.connect,
        send=sent.append,
        alarm=lambda code, detail: alarms.append((code, detail)),
    )
    path, data, frames = written(folder, count=700)
    path.write_bytes(flip(data, frames[600].start + 90))
    for _ in range(5):
        shipper.step()
    assert [batch.start for batch in sent] == [0, frames[512].start]
    assert not QuarantinedFrame.objects.filter(segment=path.stem).exists()
    for batch in [*sent, *sent]:
        ingest_batch(connection, batch, key_for=key_for, alarm=shipper._alarm)
    for _ in range(4):
        shipper.step()
    assert QuarantinedFrame.objects.get(segment=path.stem).position == frames[600].start
    assert sent[-1].start == frames[601].start
    ingest_batch(connection, sent[-1], key_for=key_for, alarm=shipper._alarm)
    for _ in range(3):
        shipper.step()
    assert set(kept(boot_of(path))) == set(range(1, 703)) - {600}
    assert not path.exists()
    shipper.close()


def test_no_worker_takes_a_damaged_stretch_from_the_broker(folder: Path, connection: Connection) -> None:
    path, data, frames = written(folder)
    segment = ShippedSegment(path, key_for)
    found = segment.next_batch(complete=True)
    assert found is not None
    batch, _ = found
    damaged = flip(data, frames[3].start + 90).decode("utf-8", "replace")
    for frames_text in (damaged, ""):
        with pytest.raises(BatchBroken):
            ingest_batch(
                connection,
                Batch(**batch.message() | {"frames": frames_text}),
                key_for=key_for,
                alarm=lambda *_: None,
            )
    assert not kept(boot_of(path))


def test_a_stretch_is_stored_once_however_often(folder: Path, connection: Connection) -> None:
    path, data, frames = written(folder)
    path.write_bytes(flip(data, frames[0].start + 30))
    segment = ShippedSegment(path, key_for)
    found = segment.mend(complete=True)
    assert found is not None
    states = [ingest_stretch(connection, *found, alarm=lambda *_: None).state for _ in range(3)]
    assert [str(state) for state in states] == ["stored", "stale", "stale"]


# --- Hostile hands on the file, without the key


def forged(previous: bytes, json: bytes) -> bytes:
    """A frame as somebody makes it who knows everything but the key."""
    return encode_frame(bytes(32), previous, json)[0]


def test_nothing_invented_gets_in(folder: Path, shipper: Shipper) -> None:
    path, data, frames = written(folder)
    made = orjson.loads(frames[3].json) | {"n": 9, "id": "018f0000-0000-7000-8000-000000000000"}
    body = orjson.dumps(made, option=orjson.OPT_SORT_KEYS)
    first = forged(frames[5].mac, body)
    path.write_bytes(data[: frames[5].end] + first + forged(bytes.fromhex(first[18:50].decode()), body))
    shipped(shipper)
    assert set(kept(boot_of(path))) == {1, 2, 3, 4, 5}
    rows = QuarantinedFrame.objects.filter(segment=path.stem)
    assert {row.n for row in rows} == {9}
    assert all(body in bytes(row.frame) for row in rows)


def test_frames_of_another_boot_do_not_get_in(folder: Path, shipper: Shipper, tmp_path: Path) -> None:
    path, data, frames = written(folder)
    other, others, theirs = written(tmp_path / "other", count=9)
    spliced = data[: frames[3].end] + others[theirs[4].start :]
    path.write_bytes(spliced)
    shipped(shipper)
    assert set(kept(boot_of(path))) == {1, 2, 3}
    assert not kept(boot_of(other))


def test_a_segment_renamed_to_another_boot_proves_nothing(folder: Path, shipper: Shipper, tmp_path: Path) -> None:
    path, data, _ = written(folder)
    other, _, _ = written(tmp_path / "other")
    other.unlink()
    path.rename(folder / other.name)
    shipped(shipper)
    assert not kept(boot_of(path))
    assert not kept(boot_of(other))
    assert (folder / "quarantine" / other.name).read_bytes() == data


def test_frames_said_twice_are_stored_once(folder: Path, shipper: Shipper) -> None:
    """A replay behind a forged line that carries the mac which proves it: genuine, and there already."""
    path, data, frames = written(folder)
    planted = b"00000000 00000000 %b {}\n" % frames[2].mac.hex().encode()
    path.write_bytes(data[: frames[6].end] + planted + data[frames[3].start : frames[5].end] + data[frames[7].start :])
    shipped(shipper)
    records = TrailRecord.objects.filter(boot=boot_of(path))
    assert sorted(record.n or 0 for record in records) == [1, 2, 3, 4, 5, 6, 8]


def test_a_segment_of_nothing_but_lines_is_few_rows(folder: Path, shipper: Shipper) -> None:
    path, data, frames = written(folder)
    path.write_bytes(data[: frames[3].start] + b"\n" * (MEND_BYTES + 5000) + data[frames[3].start :])
    shipped(shipper)
    assert set(kept(boot_of(path))) == ALL
    assert QuarantinedFrame.objects.filter(segment=path.stem).count() <= 3


# --- The property, over damage at random


def _damage(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    span = chance.choice([1, 1, 1, 2, 40, 700, 4096])
    way = chance.choice(["flip", "insert", "remove", "zero", "swap", "repeat", "truncate"])
    if way == "flip":
        return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
    if way == "insert":
        return data[:at] + chance.randbytes(span) + data[at:]
    if way == "remove":
        return data[:at] + data[at + span :]
    if way == "zero":
        return data[:at] + bytes(len(data[at : at + span])) + data[at + span :]
    if way == "truncate" and at > len(data) // 2:
        return data[:at]
    to = chance.randrange(len(data))
    if way == "repeat":
        return data[:to] + data[at : at + span] + data[to:]
    first, second = sorted((at, to))
    return (
        data[:first]
        + data[second : second + span]
        + data[first + span : second]
        + data[first : first + span]
        + (data[second + span :])
    )


def _untouched(frames: list[Frame], original: bytes, damaged: bytes) -> set[int]:
    """Counters of the records whose frame, and the frame before it, stand in the damaged bytes as they were."""
    whole = set()
    for before, frame in zip(frames, frames[1:], strict=False):
        if original[before.start : frame.end] in damaged:
            whole.add(int(orjson.loads(frame.json)["n"]))
    return whole


@pytest.mark.parametrize("go", range(4))
def test_any_damage_leaves_what_it_did_not_touch_and_lets_nothing_else_in(tmp_path: Path, go: int) -> None:
    """Of the walk, which is what shipping does stretch by stretch (the next test): many damages, no database."""
    seed = int(os.environ.get("FAULT_SEED", random.SystemRandom().randrange(1 << 32))) + go
    print(f"seed {seed}")
    chance = random.Random(seed)
    writer = journal(tmp_path)
    for _ in range(20):
        writer.append(event() if chance.random() < 0.5 else decision())
    writer.close()
    (path,) = tmp_path.glob("*.log")
    original, frames = path.read_bytes(), frames_of(path)
    genuine = {frame.json for frame in frames}
    key = boot_key(KEY, boot_of(path))
    for _ in range(400):
        damaged = original
        for _ in range(chance.choice([1, 1, 2, 5])):
            damaged = _damage(damaged, chance)
        found, whole = walk(key, damaged)
        bodies = [frame.json for frame in found]
        assert set(bodies) <= genuine
        stored = {int(orjson.loads(body)["n"]) for body in bodies if b'"id":' in body}
        assert _untouched(frames, original, damaged) <= stored
        assert not whole or original.startswith(damaged[: found[-1].end] if found else b"")


def test_random_damage_is_shipped_as_the_walk_says(
    folder: Path, shipper: Shipper, alarms: Alarms, connection: Connection, tmp_path: Path
) -> None:
    seed = int(os.environ.get("FAULT_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"seed {seed}")
    chance = random.Random(seed)
    for go in range(25):
        aside = tmp_path / str(go)
        path, original, frames = written(aside, count=12)
        boot, place = boot_of(path), folder / path.name
        damaged = _damage(original, chance)
        proven, whole = walk(boot_key(KEY, boot), damaged)
        place.write_bytes(damaged)
        alarms.clear()
        shipped(shipper)
        records = kept(boot)
        assert TrailRecord.objects.filter(boot=boot).count() == len(records)
        wanted = {int(orjson.loads(frame.json)["n"]): frame.json for frame in proven if b'"id":' in frame.json}
        assert records == wanted
        assert not place.exists()
        evidence = folder / "quarantine" / path.name
        assert evidence.exists() != whole
        assert whole or evidence.read_bytes() == damaged
        missing = set(range(1, len(frames))) - set(records)
        named: set[int] = set()
        for code, detail in alarms:
            if code == "ship.damaged":
                named |= set(detail["missing"])
        assert missing <= named | set(range(max(records, default=0) + 1, len(frames)))
        shutil.rmtree(aside)


def test_a_stretch_ends_where_the_chain_goes_on(tmp_path: Path) -> None:
    path, data, frames = written(tmp_path)
    key = boot_key(KEY, boot_of(path))
    damaged = flip(data, frames[3].start + 90)
    mended = mend(key, frames[2].mac, damaged[frames[3].start :], last=True)
    assert mended is not None
    assert (mended.end, mended.mac) == (frames[3].end - frames[3].start, frames[3].mac)
    cut = damaged[frames[3].start : frames[3].end + 20]
    assert mend(key, frames[2].mac, cut, last=False) is None, "a living writer may still write what proves more"
    assert mend(key, NO_MAC, b"", last=True) is not None


def test_the_key_of_a_lost_header_is_found(folder: Path, connection: Connection) -> None:
    path, data, frames = written(folder)
    path.write_bytes(bytes(frames[1].start) + data[frames[1].start :])
    segment = ShippedSegment(path, key_for, kids=("k9", KID))
    assert (segment.kid, segment.first_n, segment.previous) == (KID, None, None)
    assert segment.node == orjson.loads(frames[0].json)["node"]


def test_writers_of_one_folder_do_not_matter_to_each_other(folder: Path, shipper: Shipper) -> None:
    path, data, frames = written(folder)
    path.write_bytes(flip(data, frames[3].start + 90))
    second: Journal = journal(folder)
    boot = second.append(event()).boot
    shipped(shipper)
    assert set(kept(boot)) == {1, 2}
    second.close()

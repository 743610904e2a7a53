from __future__ import annotations

import asyncio
import errno
import itertools
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from audit.writing.boots import is_free
from audit.writing.frames import NO_MAC, FrameBroken, boot_key, check_macs, leaf_of, split_frames
from audit.writing.journal import AuditUnavailable, Journal
from audit.writing.promise import Durability, FailMode
from tests.audit.builders import KEY, bodies_of, decision, detail_of, event, frames_of, journal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def records(folder: Path) -> list[dict[str, Any]]:
    """Records without the journal's own."""
    return [body for body in bodies_of(folder) if body["who"].get("component") != "journal"]


def codes(folder: Path) -> list[str]:
    return [body["data"]["code"] for body in bodies_of(folder) if body["who"].get("component") == "journal"]


def append_many(writer: Journal, principals: list[str]) -> None:
    for principal in principals:
        writer.append(decision(principal))


def test_a_record_is_in_the_file_before_its_receipt_is_given(folder: Path) -> None:
    writer = journal(folder)
    receipt = writer.append(decision())
    frame = frames_of(next(iter(folder.glob("*.log"))))[-1]
    body = orjson.loads(frame.json)
    assert (body["id"], body["node"], body["boot"], body["n"], body["at"]) == (
        receipt.id, receipt.node, receipt.boot, receipt.n, receipt.at,
    )  # fmt: skip
    assert receipt.digest == leaf_of(frame.json).hex()
    assert receipt.recorded


def test_a_journal_that_nobody_used_leaves_no_file(folder: Path) -> None:
    journal(folder).close()
    assert list(folder.iterdir()) == []
    assert folder.stat().st_mode & 0o777 == 0o700


def test_counters_are_contiguous_and_macs_chain_through_segments(folder: Path) -> None:
    writer = journal(folder, segment_bytes=8_000)
    for _ in range(40):
        writer.append(decision())
    writer.close()
    paths = sorted(folder.glob("*.log"))
    assert len(paths) > 3
    assert [body["n"] for body in bodies_of(folder)] == list(range(1, 43))
    for before, after in itertools.pairwise(paths):
        header = orjson.loads(frames_of(after)[0].json)
        assert bytes.fromhex(header["previous"]) == frames_of(before)[-1].mac
        assert header["first_n"] == orjson.loads(frames_of(before)[-1].json)["n"] + 1
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in paths)


def test_a_changed_removed_or_swapped_frame_breaks_the_chain(folder: Path) -> None:
    writer = journal(folder)
    for _ in range(5):
        writer.append(event())
    writer.close()
    path = next(iter(folder.glob("*.log")))
    key, frames = boot_key(KEY, path.stem.rpartition("-")[0]), frames_of(path)
    check_macs(key, NO_MAC, frames)
    for tampered in (
        [*frames[:2], *frames[3:]],
        [*frames[:2], frames[3], frames[2], *frames[4:]],
        [frames[0], frames[1], *frames[1:]],
    ):
        with pytest.raises(FrameBroken):
            check_macs(key, NO_MAC, tampered)
    raw = path.read_bytes()
    for at in range(0, len(raw), 7):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with pytest.raises(FrameBroken):
            check_macs(key, NO_MAC, list(split_frames(changed)))
    with pytest.raises(FrameBroken):
        check_macs(boot_key(KEY[::-1], path.stem.rpartition("-")[0]), NO_MAC, frames)


def test_times_never_go_back_within_a_boot(folder: Path) -> None:
    clock = iter([5_000_000, 9_000_000, 8_000_000, 7_000_000, 10_000_000, 1])
    writer = journal(folder, clock=lambda: next(clock))
    made = [writer.append(event()).at for _ in range(4)]
    assert made == [9_000_000, 9_000_000, 9_000_000, 10_000_000]
    writer.close()
    ids = [body["id"] for body in records(folder)]
    assert [int(one[:8] + one[9:13], 16) for one in ids] == [9_000, 9_000, 9_000, 10_000]


# --- Boots


def test_the_next_boot_names_how_the_previous_one_ended(folder: Path) -> None:
    first = journal(folder)
    first.append(event())
    first.close()
    second = journal(folder)
    receipt = second.append(event())
    opened = next(body for body in bodies_of(folder) if body["boot"] == receipt.boot)
    last = [body for body in bodies_of(folder) if body["boot"] != receipt.boot][-1]
    (told,) = detail_of(opened)["previous"]
    assert (told["boot"], told["n"], told["closed"]) == (last["boot"], last["n"], True)
    assert opened["data"]["code"] == "journal.opened"
    assert "reason" not in opened["data"]
    second.close()


def _append_and_die(folder: Path) -> None:
    writer = journal(folder)
    writer.append(event())
    writer.append(event())
    os._exit(9)


def test_a_boot_that_was_killed_is_told_as_unproven(folder: Path) -> None:
    folder.mkdir()
    process = multiprocessing.get_context("fork").Process(target=_append_and_die, args=(folder,))
    process.start()
    process.join()
    dead = next(iter(folder.glob("*.log"))).stem.rpartition("-")[0]
    last = frames_of(next(iter(folder.glob("*.log"))))[-1]
    writer = journal(folder)
    receipt = writer.append(event())
    opened = next(body for body in bodies_of(folder) if body["boot"] == receipt.boot)
    assert detail_of(opened)["previous"] == [{"boot": dead, "n": 3, "mac": last.mac.hex(), "closed": False}]
    assert (opened["data"]["reason"], opened["level"]) == ("tail unproven", "warning")
    third = journal(folder)
    third.append(event())
    told = [detail_of(body)["previous"] for body in bodies_of(folder) if body["data"].get("code") == "journal.opened"]
    assert sum(len(item) for item in told) == 1, "a boot is named once, and a living one never"
    writer.close()
    third.close()


def test_a_forked_child_opens_a_journal_of_its_own(folder: Path) -> None:
    writer = journal(folder)
    mine = writer.append(event()).boot
    reader, pipe = multiprocessing.get_context("fork").Pipe(duplex=False)

    def child() -> None:
        pipe.send(writer.append(event()).boot)
        writer.close()

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    theirs = reader.recv()
    process.join()
    assert theirs != mine
    again = writer.append(event())
    assert (again.boot, again.n) == (mine, 3)
    path = next(iter(folder.glob(f"{mine}-*.log")))
    assert not is_free(path), "the child's end must not free the parent's lock"
    writer.close()


def test_threads_share_one_journal_without_mixing_frames(folder: Path) -> None:
    writer = journal(folder)
    threads = [threading.Thread(target=lambda: [writer.append(event()) for _ in range(50)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    assert [body["n"] for body in bodies_of(folder)] == list(range(1, 403))


# --- The disk refuses


Write = Callable[[int, Any], int]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A disk that fails as told: `errno` to raise, `take` bytes to write of each frame, `truncate` refused or not."""
    state: dict[str, Any] = {"errno": None, "take": None, "truncate": True}
    real_write, real_truncate = os.write, os.ftruncate

    def write(fd: int, data: bytes) -> int:
        if state["errno"] is not None:
            if state["take"]:
                real_write(fd, data[: state["take"]])
            raise OSError(state["errno"], os.strerror(state["errno"]))
        if state["take"] is not None:
            return real_write(fd, data[: state["take"]])
        return real_write(fd, data)

    def ftruncate(fd: int, size: int) -> None:
        if not state["truncate"]:
            raise OSError(errno.EIO, "I/O error")
        real_truncate(fd, size)

    monkeypatch.setattr("audit.writing.segment.os.write", write)
    monkeypatch.setattr("audit.writing.segment.os.ftruncate", ftruncate)
    yield state
    state.update(errno=None, take=None, truncate=True)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
@pytest.mark.parametrize("taken", [None, 0, 17])
def test_a_write_that_fails_denies_and_leaves_the_file_whole(
    folder: Path, disk: dict[str, Any], number: int, taken: int | None
) -> None:
    alarms: list[str] = []
    writer = journal(folder, alarm=lambda code, _: alarms.append(code))
    writer.append(event("before"))
    disk.update(errno=number, take=taken)
    for _ in range(3):
        with pytest.raises(AuditUnavailable) as caught:
            writer.append(event("lost"))
        assert (caught.value.code, caught.value.reason) == ("audit.unavailable", "disk")
    assert not writer.status().healthy
    disk.update(errno=None, take=None)
    writer.append(event("after"))
    assert writer.status().healthy
    writer.close()
    assert [body["data"]["code"] for body in records(folder)] == ["before", "after"]
    assert [body["n"] for body in bodies_of(folder)] == list(range(1, 6))
    assert codes(folder) == ["journal.opened", "journal.recovered", "journal.closed"]
    assert alarms == ["journal.failed", "journal.healed"]


def test_a_short_write_is_taken_back(folder: Path, disk: dict[str, Any]) -> None:
    writer = journal(folder)
    writer.append(event("before"))
    disk.update(take=20)
    with pytest.raises(AuditUnavailable):
        writer.append(event("short"))
    disk.update(take=None)
    writer.append(event("after"))
    writer.close()
    assert [body["data"]["code"] for body in records(folder)] == ["before", "after"]


def test_half_a_frame_that_stays_ends_the_boot(folder: Path, disk: dict[str, Any]) -> None:
    writer = journal(folder)
    first = writer.append(event("before"))
    disk.update(take=20, truncate=False)
    with pytest.raises(AuditUnavailable):
        writer.append(event("torn"))
    disk.update(take=None, truncate=True)
    second = writer.append(event("after"))
    assert second.boot != first.boot
    with pytest.raises(FrameBroken) as caught:
        frames_of(folder / f"{first.boot}-000001.log")
    assert caught.value.torn
    opened = orjson.loads(frames_of(folder / f"{second.boot}-000001.log")[1].json)
    assert detail_of(opened)["previous"][0]["n"] == first.n
    writer.close()


def test_a_folder_that_goes_away_denies_and_comes_back(folder: Path) -> None:
    writer = journal(folder)
    first = writer.append(event())
    away = folder.with_name("away")
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    for _ in range(3):
        with pytest.raises(AuditUnavailable):
            writer.append(event())
    assert not folder.exists(), "a journal that went away is not quietly begun anew"
    folder.mkdir(0o700)
    assert writer.append(event()).boot != first.boot
    writer.close()
    assert not away.exists()


def test_a_folder_that_was_moved_is_noticed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.writing.allowance.REFRESH_SECONDS", 0.0)
    writer = journal(folder)
    writer.append(event())
    folder.rename(folder.with_name("moved"))
    with pytest.raises(AuditUnavailable):
        writer.append(event())
    folder.with_name("moved").rename(folder)
    writer.append(event())
    writer.close()


def test_a_record_that_cannot_be_built_changes_nothing(folder: Path) -> None:
    writer = journal(folder)
    writer.append(event())
    bad = event()
    bad.data["x"] = 1.5
    with pytest.raises(ValueError, match="float"):
        writer.append(bad)
    assert writer.append(event()).n == 3
    assert writer.status().healthy
    writer.close()


# --- Allowances


def test_the_cap_refuses_before_the_disk_does(folder: Path) -> None:
    writer = journal(folder, cap=40_000)
    with pytest.raises(AuditUnavailable) as caught:
        append_many(writer, [f"p{number}" for number in range(1000)])
    assert caught.value.reason == "cap"
    assert not writer.status().healthy
    writer.close()
    assert sum(path.stat().st_size for path in folder.glob("*.log")) <= 40_000


def test_the_disks_reserve_is_kept(folder: Path) -> None:
    writer = journal(folder, reserve=1 << 60)
    with pytest.raises(AuditUnavailable) as caught:
        writer.append(event())
    assert caught.value.reason == "reserve"


def test_above_half_the_cap_no_principal_takes_more_than_a_tenth_of_what_is_left(folder: Path) -> None:
    writer = journal(folder, cap=200_000)
    while writer.status().used <= 100_000:
        writer.append(decision("greedy"))
    with pytest.raises(AuditUnavailable) as caught:
        append_many(writer, ["greedy"] * 100)
    assert caught.value.reason == "share"
    assert writer.append(decision("modest")).recorded
    assert writer.status().healthy, "one principal's excess is not the journal's failure"
    writer.close()


def test_shipping_makes_room_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.writing.allowance.REFRESH_SECONDS", 0.0)
    writer = journal(folder, cap=60_000, segment_bytes=4_000)
    with pytest.raises(AuditUnavailable):
        append_many(writer, ["alice"] * 1000)
    for path in sorted(folder.glob("*.log"))[:-1]:
        path.unlink()
    assert writer.append(decision()).recorded
    writer.close()


# --- Failing open


def test_mode_open_answers_counts_alarms_and_marks(folder: Path, disk: dict[str, Any]) -> None:
    alarms: list[str] = []
    writer = journal(folder, fail=FailMode.OPEN, alarm=lambda code, _: alarms.append(code))
    writer.append(event("before"))
    disk.update(errno=errno.ENOSPC)
    lost = [writer.append(event("lost")) for _ in range(4)]
    assert [receipt.recorded for receipt in lost] == [False] * 4
    assert writer.status().unrecorded == 4
    disk.update(errno=None)
    writer.append(event("after"))
    marker = next(body for body in bodies_of(folder) if body["data"].get("code") == "journal.unrecorded")
    assert (marker["data"]["count"], marker["level"]) == (4, "error")
    assert alarms == ["journal.failed", "journal.healed"]
    writer.close()


# --- Durability


async def test_group_durability_shares_one_sync_among_all_who_wait(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real = os.fdatasync

    def slow(fd: int) -> None:
        synced.append(fd)
        time.sleep(0.02)
        real(fd)

    monkeypatch.setattr("audit.writing.journal.os.fdatasync", slow)
    writer = journal(folder, durability=Durability.GROUP)
    receipts = await asyncio.gather(*(writer.append_async(event()) for _ in range(64)))
    assert len({receipt.n for receipt in receipts}) == 64
    assert 1 <= len(synced) <= 4
    writer.close()


async def test_a_sync_that_fails_is_told_to_everybody_and_ends_the_boot(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(fd: int) -> None:
        raise OSError(errno.EIO, "I/O error")

    writer = journal(folder, durability=Durability.GROUP)
    first = await writer.append_async(event())
    monkeypatch.setattr("audit.writing.journal.os.fdatasync", broken)
    results = await asyncio.gather(*(writer.append_async(event()) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(result, AuditUnavailable) for result in results)
    monkeypatch.undo()
    assert (await writer.append_async(event())).boot != first.boot
    writer.close()


async def test_each_waits_for_the_disk_off_the_loop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []
    real = os.fdatasync

    def watched(fd: int) -> None:
        threads.append(threading.current_thread())
        real(fd)

    monkeypatch.setattr("audit.writing.segment.os.fdatasync", watched)
    writer = journal(folder, durability=Durability.EACH)
    await writer.append_async(event())
    assert threads
    assert threading.main_thread() not in threads
    writer.close()


def test_attachments_stand_before_their_record_and_take_no_counter(folder: Path) -> None:
    writer = journal(folder)
    made = event()
    made.attachments = ({"attach": "day_key", "id": "x"},)
    receipt = writer.append(made)
    frames = [orjson.loads(frame.json) for frame in frames_of(next(iter(folder.glob("*.log"))))]
    assert frames[-2]["attach"] == "day_key"
    assert (frames[-1]["n"], receipt.n) == (2, 2)
    writer.close()


def test_closing_is_recorded_and_the_journal_can_be_used_again(folder: Path) -> None:
    writer: Journal = journal(folder)
    first = writer.append(event())
    writer.close()
    assert codes(folder)[-1] == "journal.closed"
    assert writer.append(event()).boot != first.boot
    writer.close()

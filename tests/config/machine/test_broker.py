from __future__ import annotations

import multiprocessing
import stat
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection, Exchange, Queue
from kombu.exceptions import ChannelError

from config.machine.broker import SCHEME

PRODUCERS, CONSUMERS, EACH = 3, 2, 1000
QUEUE = Queue("race", Exchange("race", type="direct"), routing_key="race")


def connection(folder: Path) -> Connection:
    return Connection(f"{SCHEME}://", transport_options={"folder": str(folder)})


def produce(folder: Path, producer: int) -> None:
    with connection(folder) as broker:
        sender = broker.Producer(serializer="json")
        for number in range(EACH):
            sender.publish([producer, number], exchange=QUEUE.exchange, routing_key="race", declare=[QUEUE])


def consume(folder: Path, found: multiprocessing.SimpleQueue[tuple[int, int]], done: Callable[[], bool]) -> None:
    with connection(folder) as broker:
        queue: Any = QUEUE  # the stub only knows names
        box = broker.SimpleQueue(queue)
        while True:
            finished = done()
            try:
                message = box.get(timeout=0.2)
            except Empty:
                if finished:
                    return
                continue
            found.put(tuple(message.payload))
            message.ack()


@pytest.mark.timeout(120)
def test_no_message_is_lost_or_doubled_when_several_processes_send_and_take(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    found, sent = context.SimpleQueue(), context.Event()
    consumers = [context.Process(target=consume, args=(tmp_path, found, sent.is_set)) for _ in range(CONSUMERS)]
    producers = [context.Process(target=produce, args=(tmp_path, number)) for number in range(PRODUCERS)]
    for process in (*consumers, *producers):
        process.start()
    received: list[tuple[int, int]] = []
    while any(process.is_alive() for process in consumers):
        if not sent.is_set() and not any(process.is_alive() for process in producers):
            sent.set()
        while not found.empty():
            received.append(tuple(found.get()))
        consumers[0].join(0.02)
    while not found.empty():
        received.append(tuple(found.get()))
    assert [process.exitcode for process in (*producers, *consumers)] == [0] * (PRODUCERS + CONSUMERS)
    assert len(received) == PRODUCERS * EACH
    assert set(received) == {(producer, number) for producer in range(PRODUCERS) for number in range(EACH)}


def test_messages_come_in_the_order_they_were_sent(tmp_path: Path) -> None:
    with connection(tmp_path) as broker:
        box = broker.SimpleQueue("ordered")
        for number in range(20):
            box.put(number)
        assert len(box) == 20
        assert [box.get(timeout=1).payload for _ in range(20)] == list(range(20))
        assert len(box) == 0


def test_folders_are_0700_and_files_0600(tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    with connection(folder) as broker:
        broker.SimpleQueue("private").put("x")
    paths = [folder, *folder.rglob("*")]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_dir()}
    assert modes == {0o700}
    files = [path for path in paths if path.is_file()]
    assert files
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_half_written_message_is_not_seen(tmp_path: Path) -> None:
    with connection(tmp_path) as broker:
        box = broker.SimpleQueue("half")
        box.put("whole")
        (tmp_path / "queue.half" / ".0-aside").write_text('{"bo', encoding="utf-8")
        assert box.get(timeout=1).payload == "whole"
        with pytest.raises(Empty):
            box.get(timeout=0.2)


@pytest.mark.parametrize("name", ["../outside", "a/b", "", ".hidden", "x" * 129])
def test_a_queue_name_that_would_leave_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with connection(tmp_path) as broker:
        channel: Any = broker.default_channel
        with pytest.raises(ChannelError):
            channel._put(name, {})


def test_purging_a_queue_counts_what_it_removed(tmp_path: Path) -> None:
    with connection(tmp_path) as broker:
        box = broker.SimpleQueue("purged")
        for number in range(3):
            box.put(number)
        assert box.clear() == 3
        assert len(box) == 0

"""Switches set on a host by file: in force whatever the database does, or does not do."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from dataclasses import replace
from pathlib import Path

from governance.deciding.following.follower import Follower
from governance.deciding.following.kept_directory import KeptDirectory
from governance.deciding.following.state_files import KeptState
from governance.deciding.following.switchboard import write_kill_file
from governance.engine.world import Switch, SwitchKind
from governance.vault.encoding import to_base64url
from governance.vault.master import MasterKeys
from governance.vault.signing import EpochMac
from tests.governance.api.deciding import CAPTURE, KEYS, started

MACS = EpochMac(MasterKeys.parse(f"k1:{to_base64url(os.urandom(32))}"))
PROMISE = 0.5  # seconds; 20-policy.md
READ = {"server": "files", "tool": "read", "arguments": {"path": "/srv/ledger/q3.csv"}, "call_id": "c-1"}


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A database that takes connections and never says a word."""
    await reader.read()


async def seconds_until_a_file_holds(tmp_path: Path, *, broken: bool = False) -> tuple[float, list[str]]:
    process, alarms = started(tmp_path), list[str]()
    server = await asyncio.start_server(_silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    folder = tmp_path / "kill"
    kept = KeptState(folder=tmp_path / "state", macs=MACS)
    follower = Follower(
        runtime=process.runtime,
        dsn=f"host=127.0.0.1 port={port} user=x dbname=x sslmode=disable",
        policy_keys=CAPTURE,  # type: ignore[arg-type]  # no release is ever read here
        engine_keys=KEYS,
        macs=MACS,
        kept=kept,
        kept_directory=KeptDirectory(kept, process.runtime.requests),
        kill_folder=folder,
        directory=process.runtime.directory,
        alarm=lambda code, detail: alarms.append(code),
    )
    try:
        async with follower.running():
            if broken:
                folder.write_text("not a folder")
                await asyncio.sleep(0.6)
                folder.unlink()
            began = time.monotonic()
            switch = Switch(id="file-1", kind=SwitchKind.ALL, epoch=1)
            write_kill_file(folder, switch, name=str(uuid.uuid4()), note={}, macs=MACS)
            while not process.runtime.world.switches and time.monotonic() - began < 5:
                await asyncio.sleep(0.01)
            return time.monotonic() - began, alarms
    finally:
        server.close()
        process.runtime.journal.close()


def test_a_switch_file_holds_while_the_database_takes_connections_and_says_nothing(tmp_path: Path) -> None:
    assert asyncio.run(seconds_until_a_file_holds(tmp_path))[0] < PROMISE


def test_a_folder_that_cannot_be_read_is_an_alarm_and_no_end_of_watching(tmp_path: Path) -> None:
    taken, alarms = asyncio.run(seconds_until_a_file_holds(tmp_path, broken=True))
    assert taken < PROMISE
    assert alarms == ["switch.files_unreadable"]


def test_a_repeat_is_decided_anew_when_one_hosts_switch_gives_way_to_another(tmp_path: Path) -> None:
    """A file's switch raises no epoch of the database, so two states could otherwise look the same."""
    process = started(tmp_path)
    world = process.runtime.world
    other = Switch(id="file-1", kind=SwitchKind.TOOL, target="pay/send", epoch=1)
    process.turn_on(other)
    assert process.decide("alice", READ, agent="reporter").json["decision"] == "allow"
    epoch = process.runtime.world.epoch
    process.runtime.world = world
    process.turn_on(Switch(id="7", kind=SwitchKind.TOOL, target="files/read", epoch=1))
    process.runtime.world = replace(process.runtime.world, epoch=epoch)
    assert process.decide("alice", READ, agent="reporter").json["code"] == "kill_switch.on"
    process.runtime.journal.close()

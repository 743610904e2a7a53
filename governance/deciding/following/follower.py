"""How releases and kill switches reach this process: one LISTEN connection, and a poll each quarter of a second.

NOTIFY only makes it fast; the poll is what guarantees the time, and what is read is believed for its signature or its
MAC alone. A release that does not verify or goes backwards is refused, the last good one stays in force, and an alarm
is raised. Every confirmation moves `World.confirmed_at`; when it stands still for too long the engine denies.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import psycopg
import structlog

from accounts.directory.live import LiveDirectory
from governance.deciding.following.kept_directory import KeptDirectory
from governance.deciding.following.slices import NotCanonical, read_in_slices
from governance.deciding.following.state_files import KeptState
from governance.deciding.following.switchboard import (
    Board,
    BoardTampered,
    SwitchRow,
    checked_board,
    kill_files_version,
    read_kill_files,
    row_of,
)
from governance.deciding.runtime import Runtime
from governance.engine.compiled.compilation import compile_slices
from governance.engine.compiled.snapshot import EngineKeys, Snapshot
from governance.engine.world import Switch, World
from governance.vault.errors import VaultError
from governance.vault.keypair import SigningKeys
from governance.vault.signing import EpochMac, verify_release

POLL_SECONDS = 0.25
CONFIRMATION_SECONDS = 5.0  # how old the note on disk may be: so much sooner does a start from it go stale
REST = 2.0  # how much longer than a slice the loop then has for decisions
SLICE_SECONDS = 0.0008  # of work on the loop before it is given back, below the millisecond of 10-architecture.md
CHANNELS = ("toolgate_release", "toolgate_switch", "toolgate_directory", "toolgate_trail")

# A row's transaction number changes with every change of the row, whoever makes it and whatever else it leaves alone.
_STATE = """
    SELECT COALESCE((SELECT number || ':' || digest || ':' || xmin FROM governance_release
                     ORDER BY number DESC LIMIT 1), ''),
           (SELECT count(*) FROM governance_switch),
           COALESCE((SELECT string_agg(id || ':' || xmin, ',' ORDER BY id) FROM governance_switch
                     WHERE lifted_at IS NULL OR lifted_at > now() - interval '1 day'), '')
"""
_RELEASE = "SELECT number, digest, signature, document FROM governance_release ORDER BY number DESC LIMIT 1"
_SWITCHES = """
    SELECT id, scope, target, reason, until, drill, set_by, set_at, lifted_by, lifted_second, lifted_at, lift_reason,
           epoch, key_id, mac
    FROM governance_switch
    WHERE lifted_at IS NULL OR lifted_at > now() - interval '1 day'
"""

Alarm = Callable[[str, Mapping[str, Any]], None]
log = structlog.get_logger(__name__)


class ReleaseRefused(Exception):
    """A release that must not be taken up; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRelease:
    """A release as it is stored: canonical JSON, its SHA-256 in hex, and the signature over number and digest."""

    number: int
    digest: str
    signature: str
    document: bytes


@dataclass(slots=True, kw_only=True)
class Follower:
    """Keeps one runtime's snapshot and world in step with the database."""

    runtime: Runtime
    dsn: str
    policy_keys: SigningKeys
    engine_keys: EngineKeys
    macs: EpochMac
    kept: KeptState
    kept_directory: KeptDirectory
    kill_folder: Path
    directory: LiveDirectory
    alarm: Alarm
    on_notify: Callable[[str], None] = lambda channel: None
    board: Board = field(default_factory=Board)
    alarmed: set[str] = field(default_factory=set)
    _seen: tuple[str, int, str] | None = None
    _files_seen: object = None
    _file_switches: tuple[Switch, ...] = ()
    _release_at: float | None = None
    _board_at: float | None = None
    _controls: str = ""
    _confirmation_at: float = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Follower]:
        """Take up what there is, from the database or else from disk, then follow until left."""
        await self._restore()
        await self._first_look()
        tasks = [
            asyncio.create_task(self._follow(), name="release-follower"),
            asyncio.create_task(self._watch_files(), name="kill-file-watch"),
        ]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task

    async def _first_look(self) -> None:
        try:
            async with await self._connect() as connection:
                await self._look(connection)
        except psycopg.Error as error:
            log.warning("releases.unconfirmed", error=type(error).__name__)

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        # A peer that has vanished is noticed in seconds; without this a half-open connection waits for hours.
        return await psycopg.AsyncConnection.connect(
            self.dsn,
            autocommit=True,
            connect_timeout=3,
            keepalives_idle=2,
            keepalives_interval=1,
            keepalives_count=3,
            tcp_user_timeout=5000,
        )

    async def _follow(self) -> None:
        away = False
        while True:
            try:
                async with await self._connect() as connection:
                    for channel in CHANNELS:
                        await connection.execute(f"LISTEN {channel}")
                    if away:
                        log.info("releases.confirmed_again")
                    away = False
                    while True:
                        await self._look(connection)
                        await self._wait(connection)
            except (psycopg.Error, OSError) as error:
                if not away:
                    log.warning("releases.unconfirmed", error=type(error).__name__)
                away = True
                await asyncio.sleep(POLL_SECONDS)
            except Exception:
                log.exception("releases.follower_failed")
                await asyncio.sleep(POLL_SECONDS)

    async def _wait(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Until somebody notifies, at most one poll's time."""
        async for note in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
            self.on_notify(note.channel)

    async def _watch_files(self) -> None:
        """By itself, so that a database that neither answers nor refuses cannot keep a host's switch from holding."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                self._take_files()
            except Exception as error:
                self._raise("kill_files", "switch.files_unreadable", {"reason": type(error).__name__})
            else:
                self._calm("kill_files")

    async def _look(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Compare with the database, take up what is new, and confirm."""
        asked_at = time.time()
        row = await (await connection.execute(_STATE)).fetchone()
        assert row is not None
        release, count, switches = row
        if self._seen is None or release != self._seen[0]:
            await self._take_release(connection)
        if self._seen is None or (count, switches) != self._seen[1:] or "switches" in self.alarmed:
            await self._take_switches(connection)
        if "release" not in self.alarmed:
            self._release_at = asked_at
        if "switches" not in self.alarmed:
            self._board_at = asked_at
        self._seen = (release, count, switches)
        self._renew()
        await self._keep_confirmation()

    async def _take_release(self, connection: psycopg.AsyncConnection[Any]) -> None:
        row = await (await connection.execute(_RELEASE)).fetchone()
        held = self.runtime.snapshot.release
        if row is None and held == 0:
            return
        if row is None or row[0] < held:
            self._raise("release", "release.backwards", {"stored": row[0] if row else 0, "held": held})
            return
        release = SignedRelease(
            number=row[0], digest=row[1], signature=bytes(row[2]).decode("ascii", "replace"), document=bytes(row[3])
        )
        in_force = (release.number, release.digest) == (held, self.runtime.snapshot.digest)
        try:
            await self._verify(release)
            if not in_force:
                with no_collection():
                    self.runtime.snapshot = await self._compiled(release)
        except ReleaseRefused as refused:
            self._raise("release", "release.refused", {"number": release.number, "reason": str(refused)})
            return
        self._calm("release")
        if in_force:
            return
        log.info("release.in_force", number=release.number, digest=release.digest)
        body = orjson.dumps({"digest": release.digest, "signature": release.signature}) + b"\n" + release.document
        await self._save("release", release.number, body)

    async def _verify(self, release: SignedRelease) -> None:
        """Raise `ReleaseRefused` unless signature, digest and document belong together."""
        try:
            verify_release(self.policy_keys, release.signature, number=release.number, digest=release.digest)
        except VaultError:
            raise ReleaseRefused("its signature does not hold") from None
        if await asyncio.to_thread(_sha256, release.document) != release.digest:
            raise ReleaseRefused("its document is not the one that was signed")

    async def _compiled(self, release: SignedRelease) -> Snapshot:
        """The snapshot of a verified release, made a slice at a time. Raises `ReleaseRefused`."""
        try:
            document = await in_slices(read_in_slices(release.document.decode("utf-8")))
            snapshot: Snapshot = await in_slices(
                compile_slices(
                    document,
                    release=release.number,
                    digest=release.digest,
                    keys=self.engine_keys,
                    previous=self.runtime.snapshot,
                )
            )
        except (NotCanonical, ValueError) as error:
            raise ReleaseRefused(f"it cannot be compiled: {error}") from error
        return snapshot

    async def _take_switches(self, connection: psycopg.AsyncConnection[Any]) -> None:
        rows = [row_of(row) for row in await (await connection.execute(_SWITCHES)).fetchall()]
        try:
            self.board = checked_board(rows, macs=self.macs, known=self.board, now=time.time())
        except BoardTampered as tampered:
            self._raise("switches", "switch.tampered", {"reason": str(tampered)})
            return
        self._calm("switches")
        body = orjson.dumps([row.as_json() for row in self.board.rows])
        self._controls = _sha256(body)
        await self._save("controls", self.board.epoch, body)

    def _take_files(self) -> None:
        """Switches set on this host while the database was away."""
        version = kill_files_version(self.kill_folder)
        if version != self._files_seen:
            self._files_seen = version
            self._file_switches = read_kill_files(self.kill_folder, macs=self.macs, now=time.time())
            self._renew()

    def _renew(self) -> None:
        """One new world: the switches in force, the directory, and the oldest of the confirmations."""
        state = self.directory.state
        times = (self._release_at, self._board_at, state.confirmed_at)
        confirmed = None if None in times else min(at for at in times if at is not None)
        self.runtime.world = World.of(
            switches=(*self.board.switches, *self._file_switches),
            confirmed_at=confirmed,
            directory=state.principals,
            epoch=self.board.epoch + len(self._file_switches),
        )

    async def _keep_confirmation(self) -> None:
        """Note on disk when what was last confirmed: a start without the database goes on from there."""
        confirmed = self.runtime.world.confirmed_at
        if confirmed is None or confirmed - self._confirmation_at < CONFIRMATION_SECONDS:
            return
        if self.kept_directory.revision != self.directory.state.revision:
            return  # what is on disk is not what was confirmed; it is written within seconds
        self._confirmation_at = confirmed
        await self._save("confirmed", int(confirmed), orjson.dumps([confirmed, *self._on_disk()]))

    def _on_disk(self) -> list[object]:
        """What names the state that is kept: release, switches, directory."""
        snapshot = self.runtime.snapshot
        return [snapshot.release, snapshot.digest, self._controls, self.kept_directory.revision]

    def _restore_confirmation(self) -> None:
        """When the state on disk was confirmed, where the note is about this very state; else it stays unconfirmed."""
        noted = self.kept.load("confirmed")
        if noted is None:
            return
        confirmed, *about = orjson.loads(noted[1])
        if about == self._on_disk() and self.directory.state.from_disk:
            self._release_at = self._board_at = confirmed
            self.directory.state = replace(self.directory.state, confirmed_at=confirmed)
            log.info("state.restored", release=about[0], confirmed_at=confirmed)

    async def _restore(self) -> None:
        """The last good state from disk; believed for its MACs and its signature, and as fresh as it was when a
        process last confirmed it: `stale_after` goes on from there."""
        controls = self.kept.load("controls")
        if controls is not None:
            with suppress(BoardTampered, ValueError):
                rows = [SwitchRow.from_json(item) for item in orjson.loads(controls[1])]
                self.board = checked_board(rows, macs=self.macs, known=Board(), now=time.time())
                self._controls = _sha256(controls[1])
        release = self.kept.load("release")
        if release is not None:
            head, _, document = release[1].partition(b"\n")
            signed = SignedRelease(number=release[0], document=document, **orjson.loads(head))
            try:
                await self._verify(signed)
                self.runtime.snapshot = await self._compiled(signed)
            except ReleaseRefused as refused:
                self._raise("kept", "release.refused", {"number": signed.number, "reason": str(refused)})
        self._restore_confirmation()
        self._take_files()
        self._renew()

    async def _save(self, part: str, number: int, body: bytes) -> None:
        try:
            await asyncio.to_thread(self.kept.save, part, number=number, body=body)
        except OSError as error:
            log.error("state.not_kept", part=part, error=str(error))

    def _raise(self, what: str, code: str, detail: Mapping[str, Any]) -> None:
        if what not in self.alarmed:
            self.alarmed.add(what)
            self.alarm(code, detail)

    def _calm(self, what: str) -> None:
        self.alarmed.discard(what)


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep the garbage collector from walking a release, while it is made and ever after: that takes 0.1 s at once.

    Releases hold no cycles, so counting references frees them, frozen or not.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


async def in_slices(work: Any) -> Any:
    """Run a generator to its end on the loop and return what it returns.

    After each `SLICE_SECONDS` of work the loop has `REST` times as long for itself, so that a decision which comes
    meanwhile waits for one slice at the most, and most decisions for none.
    """
    began = time.perf_counter()
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value
        if (worked := time.perf_counter() - began) >= SLICE_SECONDS:
            await asyncio.sleep(worked * REST)
            began = time.perf_counter()


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()

"""Kill switches as they are stored, and which of them hold: believed for their MACs, never for the database's word.

A switch is one row for life. Setting it and lifting it each give the row a new, greater epoch and a new MAC over
everything that decides whether it holds. On a host where the database is away a switch is a file under `var/kill/`.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from governance.engine.world import Switch, SwitchKind
from governance.vault.errors import VaultError
from governance.vault.signing import EpochMac

DOMAIN = "switch"
FILE_DOMAIN = "kill-file"
_FILE_NAME = re.compile(r"[0-9a-f-]{36}\.json")


class BoardTampered(Exception):
    """The stored switches are not what was set; the last good state stays in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchRow:
    """One stored switch. Times are microseconds since the epoch, UTC; `lifted_at` None while it is on."""

    id: int
    scope: str
    target: str
    reason: str
    until: int | None
    drill: bool
    set_by: str
    set_at: int
    lifted_by: str
    lifted_second: str
    lifted_at: int | None
    lift_reason: str
    epoch: int
    key_id: str
    mac: str

    @property
    def message(self) -> bytes:
        """What the MAC covers: every field but key and MAC, in canonical JSON."""
        covered = asdict(self)
        del covered["key_id"], covered["mac"]
        return orjson.dumps(covered, option=orjson.OPT_SORT_KEYS)

    def signed(self, macs: EpochMac) -> SwitchRow:
        """The same row with the MAC of its epoch."""
        tag = macs.tag(domain=DOMAIN, epoch=self.epoch, body=self.message)
        return replace(self, key_id=tag.partition(":")[0], mac=tag)

    def check(self, macs: EpochMac) -> None:
        """Raise `BoardTampered` unless the MAC holds."""
        try:
            macs.check(self.mac, domain=DOMAIN, epoch=self.epoch, body=self.message)
        except VaultError:
            raise BoardTampered(f"switch {self.id} was altered in the database") from None

    @property
    def switch(self) -> Switch:
        """What the engine holds of it."""
        return Switch(
            id=str(self.id),
            kind=SwitchKind(self.scope),
            target=self.target,
            epoch=self.epoch,
            until=None if self.until is None else self.until / 1e6,
            drill=self.drill,
        )

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, for the state kept on disk."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> SwitchRow:
        """The inverse of `as_json`. Raises TypeError for other fields."""
        return cls(**value)


@dataclass(frozen=True, slots=True)
class Board:
    """Every switch that is on, with the highest epoch seen."""

    rows: tuple[SwitchRow, ...] = ()
    epoch: int = 0

    @property
    def switches(self) -> tuple[Switch, ...]:
        """As the engine holds them."""
        return tuple(row.switch for row in self.rows)


def checked_board(rows: Iterable[SwitchRow], *, macs: EpochMac, known: Board, now: float) -> Board:
    """The board that these rows make: those on, and those lifted lately. Raises `BoardTampered` where

    a MAC does not hold, or a switch that was on has gone without being lifted under a newer epoch.
    """
    found = {row.id: row for row in rows}
    for row in found.values():
        row.check(macs)
    for row in known.rows:
        stored = found.get(row.id)
        ended = row.until is not None and row.until / 1e6 <= now
        if stored is None and not ended:
            raise BoardTampered(f"switch {row.id} was taken out of the database")
        if stored is not None and stored.epoch < row.epoch:
            raise BoardTampered(f"switch {row.id} went back to an older state")
    live = tuple(
        row for row in found.values() if row.lifted_at is None and (row.until is None or row.until / 1e6 > now)
    )
    return Board(live, max((row.epoch for row in found.values()), default=known.epoch))


def row_of(values: Sequence[Any]) -> SwitchRow:
    """A row as the follower's query returns it: columns in the order of `SwitchRow`, times as datetimes."""
    plain: list[Any] = [micros(value) if isinstance(value, datetime) else value for value in values]
    *fields, key_id, mac = plain
    names = list(SwitchRow.__dataclass_fields__)
    found: dict[str, Any] = dict(zip(names, [*fields, key_id, bytes(mac).decode("ascii", "replace")], strict=True))
    return SwitchRow(**found)


def micros(moment: datetime) -> int:
    """Whole microseconds since the epoch, exactly as the database keeps them."""
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond


def write_kill_file(folder: Path, switch: Switch, *, name: str, note: dict[str, str], macs: EpochMac) -> Path:
    """Put a switch on this host alone; `name` is a UUID, `note` (reason, who, when) is for people and reconciling."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    body = orjson.dumps({"switch": asdict(switch), "note": note}, option=orjson.OPT_SORT_KEYS)
    tag = macs.tag(domain=FILE_DOMAIN, epoch=switch.epoch, body=name.encode() + body)
    descriptor, aside = tempfile.mkstemp(dir=folder, prefix=".new-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(f"{switch.epoch} {tag}\n".encode("ascii") + body)
        file.flush()
        os.fsync(file.fileno())
    path = folder / f"{name}.json"
    os.replace(aside, path)
    return path


def read_kill_file(path: Path, *, macs: EpochMac) -> tuple[Switch, dict[str, str]]:
    """One file's switch and note. Raises ValueError for a file that we did not write."""
    head, _, body = path.read_bytes().partition(b"\n")
    epoch, tag = head.decode("ascii").split(" ", 1)
    try:
        macs.check(tag, domain=FILE_DOMAIN, epoch=int(epoch), body=path.stem.encode() + body)
    except VaultError:
        raise ValueError(f"{path.name} does not carry our MAC") from None
    found = orjson.loads(body)
    fields = found["switch"]
    return Switch(**{**fields, "kind": SwitchKind(fields["kind"])}), found["note"]


def read_kill_files(folder: Path, *, macs: EpochMac, now: float) -> tuple[Switch, ...]:
    """The switches that files on this host hold now. A file that we did not write is passed over."""
    found = []
    for path in kill_files(folder):
        try:
            switch, _ = read_kill_file(path, macs=macs)
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if switch.holds(now):
            found.append(switch)
    return tuple(found)


def kill_files(folder: Path) -> list[Path]:
    """The files of the folder that could be switches, by name; none where there is no folder."""
    try:
        return sorted(path for path in folder.iterdir() if _FILE_NAME.fullmatch(path.name))
    except FileNotFoundError:
        return []


def kill_files_version(folder: Path) -> tuple[tuple[str, int], ...]:
    """Changes whenever a file comes, goes or is replaced."""
    found = []
    for path in kill_files(folder):
        try:
            found.append((path.name, path.stat().st_mtime_ns))
        except FileNotFoundError:
            continue
    return tuple(found)

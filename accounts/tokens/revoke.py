"""Revocations in force: what authenticates no more, though its signature still holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from accounts.tokens.digest import KeyedDigest
from accounts.tokens.errors import RevocationTampered


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """One revocation as it stands in the database. Times are microseconds since the epoch, UTC.

    `issued_before`: only tokens issued before then are shut out; None: all. `expires_at`: when nothing is left to
    shut out; None: never.
    """

    epoch: int
    kind: str
    value: str
    issued_before: int | None
    expires_at: int | None
    key_id: str
    mac: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """What it shuts out, as `jti:…`."""
        return f"{self.kind}:{self.value}"

    @property
    def message(self) -> bytes:
        """What the MAC covers: no two revocations have the same."""
        return revocation_message(
            epoch=self.epoch,
            kind=self.kind,
            value=self.value,
            issued_before=self.issued_before,
            expires_at=self.expires_at,
        )


def revocation_message(
    *, epoch: int, kind: str, value: str, issued_before: int | None, expires_at: int | None
) -> bytes:
    """The bytes that a revocation's MAC covers. The value stands last, so that no value can imitate another field."""
    return f"revocation/1\n{epoch}\n{kind}\n{issued_before or ''}\n{expires_at or ''}\n{value}".encode()


@dataclass(frozen=True, slots=True)
class RevocationSet:
    """Everything revoked, for one look at a token. Immutable: a newer set replaces it whole."""

    rows: tuple[Revoked, ...] = ()
    epoch: int = 0
    _names: frozenset[str] = field(init=False, repr=False)
    _before: dict[str, float] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        before: dict[str, float] = {}
        for row in self.rows:
            moment = float("inf") if row.issued_before is None else row.issued_before / 1e6
            before[row.name] = max(moment, before.get(row.name, 0.0))
        object.__setattr__(self, "_before", before)
        object.__setattr__(self, "_names", frozenset(before))

    def shuts_out(self, names: Sequence[str], issued_at: float) -> bool:
        """Whether one of `names` (`jti:…`, `session:…`, `principal:…`, `agent:…`, `key:…`) is revoked for a
        credential issued then."""
        if self._names.isdisjoint(names):
            return False
        return any(issued_at < self._before.get(name, 0.0) for name in names)

    def without_expired(self, now: float) -> RevocationSet:
        """The same set without what has nothing left to shut out."""
        kept = tuple(row for row in self.rows if row.expires_at is None or row.expires_at / 1e6 > now)
        return self if len(kept) == len(self.rows) else RevocationSet(kept, self.epoch)


def checked_set(rows: Iterable[Revoked], *, macs: KeyedDigest, known: RevocationSet, now: float) -> RevocationSet:
    """The set that these stored rows make. Raises RevocationTampered, and `known` stays in force, where

    a MAC does not hold, the highest epoch went back, or a row that is in force in `known` is altered or gone.
    """
    found = {row.epoch: row for row in rows}
    for row in found.values():
        if not macs.holds(row.message, row.mac, key_id=row.key_id):
            raise RevocationTampered(f"revocation {row.epoch} ({row.kind}) was altered in the database")
    highest = max(found, default=0)
    live = known.without_expired(now)
    for row in live.rows:
        if found.get(row.epoch) != row:
            raise RevocationTampered(f"revocation {row.epoch} ({row.kind}) was taken out of the database")
    return RevocationSet(tuple(found.values()), max(highest, known.epoch)).without_expired(now)

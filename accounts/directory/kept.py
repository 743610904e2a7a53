"""The directory as it is kept on disk, so that a process can start while the database is away.

JSON, a line of everything small and then principals, some hundred a line: neither writing nor reading holds the
interpreter for long. Who may have changed it is not judged here: the file carries a MAC, and revocations their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from ipaddress import ip_network
from itertools import islice
from math import inf
from typing import Any

import orjson

from accounts.credentials.agent_key import KeyEntry
from accounts.directory.live import Called, DirectoryState
from accounts.guard.lists import GuardLists
from accounts.tokens.digest import KeyedDigest
from accounts.tokens.revoke import RevocationSet, Revoked, checked_set
from governance.engine.principal import DirectoryEntry, PrincipalKind, Tier

A_LINE = 500
"""Principals a line: about a millisecond of work."""


def packed(state: DirectoryState) -> Iterator[bytes]:
    """The lines of a state."""
    yield orjson.dumps(
        {
            "guard": {name: _plain(value) for name, value in asdict(state.guard).items()},
            "keys": [_key(entry) for entry in state.keys.values()],
            "revocations": [{**asdict(row), "mac": row.mac.hex()} for row in state.revocations.rows],
        }
    )
    entries = iter(state.principals.items())
    while some := list(islice(entries, A_LINE)):
        yield orjson.dumps([_principal(id, entry, state) for id, entry in some])


def unpacked(lines: Iterator[bytes], *, revision: int, macs: KeyedDigest, now: float) -> DirectoryState:
    """The state that these lines hold, unconfirmed. Raises ValueError, KeyError, TypeError, RevocationTampered."""
    head = orjson.loads(next(lines, b""))
    rows = [Revoked(**{**row, "mac": bytes.fromhex(row["mac"])}) for row in head["revocations"]]
    principals: dict[str, DirectoryEntry] = {}
    rate_tiers: dict[str, str] = {}
    named: dict[str, Called] = {}
    shared: dict[tuple[str, ...], frozenset[str]] = {}
    for line in lines:
        for id, kind, active, tier, epoch, owner, sets, staff_until, rate_tier, called in orjson.loads(line):
            held = [shared.setdefault(tuple(names), frozenset(names)) for names in sets]
            principals[id] = DirectoryEntry(
                kind=PrincipalKind(kind),
                active=active,
                tier=Tier(tier),
                epoch=epoch,
                owner=owner,
                roles=held[0],
                groups=held[1],
                departments=held[2],
                staff_until=inf if staff_until is None else staff_until,
            )
            if rate_tier is not None:
                rate_tiers[id] = rate_tier
            if called is not None:
                named[id] = Called(*called)
    return DirectoryState(
        principals=principals,
        rate_tiers=rate_tiers,
        named=named,
        keys={item["public_id"]: _key_entry(item) for item in head["keys"]},
        revocations=checked_set(rows, macs=macs, known=RevocationSet(), now=now),
        guard=_guard(head["guard"]),
        revision=revision,
        generation=1,
        from_disk=True,
    )


def _principal(id: str, entry: DirectoryEntry, state: DirectoryState) -> list[Any]:
    held = [sorted(names) for names in (entry.roles, entry.groups, entry.departments)]
    until = None if entry.staff_until == inf else entry.staff_until
    own = [id, entry.kind.value, entry.active, int(entry.tier), entry.epoch, entry.owner]
    called = state.named.get(id)
    return [*own, held, until, state.rate_tiers.get(id), None if called is None else list(called)]


def _key(entry: KeyEntry) -> dict[str, Any]:
    plain = {name: getattr(entry, name) for name in entry.__slots__}
    plain["digest"] = entry.digest.hex()
    for name in ("scopes", "audiences", "servers"):
        plain[name] = sorted(plain[name])
    return {**plain, "networks": [str(network) for network in entry.networks]}


def _key_entry(item: dict[str, Any]) -> KeyEntry:
    sets = {name: frozenset(item[name]) for name in ("scopes", "audiences", "servers")}
    networks = tuple(ip_network(network) for network in item["networks"])
    return KeyEntry(**{**item, **sets, "digest": bytes.fromhex(item["digest"]), "networks": networks})


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def _guard(item: dict[str, Any]) -> GuardLists:
    shipped = GuardLists()
    found: dict[str, Any] = {}
    for name, value in item.items():
        kind = type(getattr(shipped, name))
        found[name] = tuple(map(tuple, value)) if name == "browsers" else kind(value)
    return GuardLists(**found)

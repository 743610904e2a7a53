"""The directory comes back from disk as it was written, and unconfirmed."""

from __future__ import annotations

import os
from dataclasses import replace
from ipaddress import ip_network
from math import inf

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.credentials.agent_key import KeyEntry
from accounts.directory.kept import packed, unpacked
from accounts.directory.live import Called, DirectoryState
from accounts.guard.lists import GuardLists
from accounts.tokens.digest import KeyedDigest
from accounts.tokens.errors import RevocationTampered
from accounts.tokens.revoke import RevocationSet, Revoked
from governance.engine.principal import DirectoryEntry, PrincipalKind, Tier

MACS = KeyedDigest({"k1": os.urandom(32)})
NAMES = st.text("abcdefgh-", min_size=1, max_size=8)
SETS = st.frozensets(NAMES, max_size=3)
ENTRIES = st.builds(
    DirectoryEntry,
    kind=st.sampled_from([PrincipalKind.USER, PrincipalKind.SERVICE]),
    active=st.booleans(),
    tier=st.sampled_from(Tier),
    epoch=st.integers(0, 2**40),
    owner=st.none() | NAMES,
    roles=SETS,
    groups=SETS,
    departments=SETS,
    staff_until=st.sampled_from([0.0, 1_800_000_000.5, inf]),
)


def revoked(epoch: int, value: str) -> Revoked:
    row = Revoked(epoch=epoch, kind="jti", value=value, issued_before=None, expires_at=None, key_id="", mac=b"")
    return replace(row, key_id=MACS.key_id, mac=MACS.make(row.message))


def again(state: DirectoryState) -> DirectoryState:
    return unpacked(iter(b"\n".join(packed(state)).split(b"\n")), revision=state.revision, macs=MACS, now=0.0)


@given(
    principals=st.dictionaries(NAMES, ENTRIES, max_size=20),
    rates=st.dictionaries(NAMES, st.just("service"), max_size=3),
    named=st.dictionaries(NAMES, st.builds(Called, st.text(), st.sampled_from(["", "a@example.org"])), max_size=3),
)
def test_what_is_kept_is_what_comes_back(
    principals: dict[str, DirectoryEntry], rates: dict[str, str], named: dict[str, Called]
) -> None:
    key = KeyEntry(
        public_id="tg_a", digest=b"\x00\xff", digest_key_id="k1", agent="reporter", principal="alice",
        scopes=frozenset({"user"}), audiences=frozenset({"api", "hook"}), servers=frozenset(),
        networks=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")), expires_at=1.5, issued_at=0.5, revoked=True,
    )  # fmt: skip
    state = DirectoryState(
        principals=principals,
        rate_tiers={name: tier for name, tier in rates.items() if name in principals},
        named={name: called for name, called in named.items() if name in principals},
        keys={"tg_a": key},
        revocations=RevocationSet((revoked(1, "j-1"), revoked(2, "j\n2")), 2),
        guard=GuardLists(paths=("/x",), agents=(), browsers=(("chrome", 3),), enabled=False),
        revision=7,
        generation=12,
        confirmed_at=5.0,
    )
    assert again(state) == replace(state, generation=1, confirmed_at=None, from_disk=True)


def test_a_revocation_altered_on_disk_is_refused_with_the_whole_file() -> None:
    state = DirectoryState(revocations=RevocationSet((revoked(1, "j-1"),), 1))
    lines = [line.replace(b"j-1", b"j-9") for line in packed(state)]
    with pytest.raises(RevocationTampered):
        unpacked(iter(lines), revision=1, macs=MACS, now=0.0)


def test_a_state_kept_without_names_is_refused_rather_than_misread() -> None:
    old = ["alice", "user", True, 50, 3, None, ["analyst"], [], ["finance"], 0.0, "service"]
    lines = [*packed(DirectoryState()), orjson.dumps([old])]
    with pytest.raises(ValueError, match="too many values"):
        unpacked(iter(lines), revision=1, macs=MACS, now=0.0)

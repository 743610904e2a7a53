from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from accounts.credentials.presented import RawHeaders
from accounts.guard.bans import BanTable, Refusals
from accounts.guard.guard import ScannerGuard
from accounts.guard.lists import GuardLists

AGENT = (b"user-agent", b"Mozilla/5.0 (X11) Chrome/131.0 Safari/537.36")
SCANNER = "203.0.113.9"


class Room:
    """A guard with a clock, its lists and what it told."""

    def __init__(self) -> None:
        self.told: list[Refusals] = []
        self.now = 0.0
        self.lists = GuardLists()
        self.valid = False
        self.guard = ScannerGuard(
            tell=self.told.append,
            lists=lambda: self.lists,
            trusted=[ip_network("10.0.0.0/8")],
            vouches=lambda headers, now: self.valid,
        )

    def ask(self, path: str = "/", *, peer: str = SCANNER, agent: tuple[bytes, bytes] = AGENT) -> str | None:
        return self.guard.refuses(path=path, headers=[(b"host", b"x"), agent], peer=peer, now=self.now)

    def probe(self, times: int, **more: Any) -> None:
        for _ in range(times):
            assert self.ask("/wp-admin", **more)


@pytest.fixture
def room() -> Room:
    return Room()


def test_thirty_refused_paths_in_a_minute_are_no_ban_and_thirty_one_are(room: Room) -> None:
    room.probe(30)
    assert room.ask("/api/v1/decisions") is None
    room.probe(1)
    assert room.ask("/api/v1/decisions") == "guard.ban"
    assert room.ask("/api/v1/decisions", peer="203.0.113.200") == "guard.ban"
    assert room.ask("/api/v1/decisions", peer="203.0.114.1") is None


def test_refusals_spread_over_minutes_are_no_ban(room: Room) -> None:
    for _ in range(5):
        room.probe(25)
        room.now += 61
    assert room.ask() is None


def test_paths_that_nobody_serves_count_like_refused_ones(room: Room) -> None:
    for _ in range(31):
        room.guard.unknown_path(peer=SCANNER, now=room.now)
    assert room.ask() == "guard.ban"


def test_a_ban_ends_after_ten_minutes_whatever_was_asked_meanwhile(room: Room) -> None:
    room.probe(31)
    room.now = 599.9
    assert room.ask() == "guard.ban"
    room.now = 600.0
    assert room.ask() is None


def test_a_valid_token_passes_a_ban_but_not_a_probe(room: Room) -> None:
    room.probe(31)
    room.valid = True
    assert room.ask("/api/v1/decisions") is None
    assert room.ask("/wp-admin") == "guard.path"


def test_a_trusted_proxy_is_never_banned(room: Room) -> None:
    room.probe(100, peer="10.1.2.3")
    for _ in range(100):
        room.guard.unknown_path(peer="10.1.2.3", now=0.0)
    assert room.ask(peer="10.1.2.3") is None
    assert room.ask("/wp-admin", peer="10.1.2.3") == "guard.path"


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
def test_a_ban_never_hits_what_an_operator_probes(room: Room, path: str) -> None:
    room.probe(35)
    assert room.ask() == "guard.ban"
    assert room.ask(path) is None


def test_whom_a_trusted_proxy_vouches_for_passes_the_ban_of_its_network(room: Room) -> None:
    room.probe(31)
    word = (b"x-proxy-signature", b"v1=00")

    def asked(*headers: tuple[bytes, bytes], hop: str) -> str | None:
        return room.guard.refuses(path="/", headers=[AGENT, *headers], peer=SCANNER, now=0.0, hop=hop)

    assert asked(word, hop="10.1.2.3") is None
    assert asked(hop="10.1.2.3") == "guard.ban"
    assert asked(word, hop=SCANNER) == "guard.ban"


def test_what_was_counted_is_told_a_minute_later_and_at_the_end(room: Room) -> None:
    room.probe(25)
    room.guard.tell_due(30.0)
    assert len(room.told) == 10
    room.guard.tell_due(61.0)
    assert [said.count for said in room.told[10:]] == [15]
    room.now = 62.0
    room.probe(3)
    room.guard.tell_due(63.0, all_of_it=True)
    assert [said.count for said in room.told[11:]] == [3]


def test_a_token_is_only_looked_at_where_a_ban_would_hit() -> None:
    asked: list[float] = []

    def vouches(headers: RawHeaders, now: float) -> bool:
        asked.append(now)
        return False

    guard = ScannerGuard(tell=lambda said: None, vouches=vouches)
    for path in ("/api/v1/decisions", "/wp-admin"):
        guard.refuses(path=path, headers=[AGENT], peer=SCANNER, now=1.0)
    assert asked == []


def test_ten_refusals_are_told_singly_and_then_one_a_minute_with_a_count(room: Room) -> None:
    room.probe(25)
    assert [said.count for said in room.told] == [1] * 10
    room.now = 30.0
    room.probe(5)
    assert len(room.told) == 10
    room.now = 61.0
    room.probe(1)
    assert (len(room.told), room.told[-1].count) == (11, 20)
    for second in range(62, 182, 2):
        room.now = float(second)
        room.ask("/wp-admin")
    assert [said.count for said in room.told[11:]] == [31]
    room.now = 250.0
    room.ask(peer="198.51.100.7")
    assert sum(said.count for said in room.told) == 31 + 60
    room.now = 400.0
    room.ask(peer="198.51.100.7")
    assert sum(said.count for said in room.told) == 31 + 60


def test_after_a_long_quiet_each_refusal_is_news_again(room: Room) -> None:
    room.probe(10)
    room.now = 700.0
    room.probe(2)
    assert [said.count for said in room.told] == [1] * 12


def test_each_network_is_told_by_itself_with_its_reason(room: Room) -> None:
    room.probe(1)
    room.ask("/.env", peer="198.51.100.7")
    assert [(said.network, said.reason) for said in room.told] == [
        ("203.0.113.0/24", "guard.path"),
        ("198.51.100.0/24", "guard.segment"),
    ]


def test_changed_lists_are_in_force_at_the_next_request_and_bans_stay(room: Room) -> None:
    room.probe(31)
    room.lists = replace(room.lists, paths=("/private",))
    assert room.ask("/private", peer="198.51.100.7") == "guard.path"
    assert room.ask("/wp-admin", peer="198.51.100.7") is None
    assert room.ask() == "guard.ban"


def test_a_guard_that_is_switched_off_bans_nobody(room: Room) -> None:
    room.lists = replace(room.lists, enabled=False)
    for _ in range(100):
        assert room.ask("/wp-admin") is None
        room.guard.unknown_path(peer=SCANNER, now=0.0)
    assert room.ask() is None


def test_the_table_is_bounded_and_keeps_the_banned() -> None:
    table = BanTable(GuardLists(), capacity=10)
    for _ in range(31):
        table.offend("bad", 0.0)
    for number in range(1_000):
        table.offend(f"n{number}", 1.0)
    assert len(table) == 10
    assert table.banned("bad", 2.0)


def test_a_peer_that_is_no_address_is_one_network(room: Room) -> None:
    room.probe(31, peer="unix:")
    assert room.ask(peer="") == "guard.ban"

from __future__ import annotations

from ipaddress import ip_network

import pytest

from accounts.credentials.forwarded import client_of

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


def asked(peer: str, *values: str) -> str:
    return client_of(peer, [(b"host", b"x"), *((b"x-forwarded-for", value.encode()) for value in values)], TRUSTED)


@pytest.mark.parametrize(
    ("values", "client"),
    [
        (("203.0.113.9",), "203.0.113.9"),
        (("198.51.100.1, 203.0.113.9",), "203.0.113.9"),
        (("198.51.100.1", "203.0.113.9"), "203.0.113.9"),
        (("203.0.113.9, 10.0.0.7",), "203.0.113.9"),
        (("198.51.100.1, 203.0.113.9, 10.0.0.7, 10.0.0.8",), "203.0.113.9"),
        (("203.0.113.9:4711",), "203.0.113.9"),
        (("[2001:db8::7]:443",), "2001:db8::7"),
        (("2001:db8::7",), "2001:db8::7"),
        (("::ffff:203.0.113.9",), "203.0.113.9"),
        ((), "10.1.2.3"),
        (("",), "10.1.2.3"),
        (("unknown",), "10.1.2.3"),
        (("198.51.100.1, unknown",), "10.1.2.3"),
        (("198.51.100.1, _hidden, 10.0.0.7",), "10.0.0.7"),
        (("10.0.0.5",), "10.0.0.5"),
    ],
)
def test_behind_a_trusted_proxy_the_last_address_that_is_no_proxy_is_the_client(
    values: tuple[str, ...], client: str
) -> None:
    assert asked("10.1.2.3", *values) == client


@pytest.mark.parametrize("peer", ["198.51.100.7", "", "unix:", "2001:db8::1"])
def test_from_anybody_else_the_header_says_nothing(peer: str) -> None:
    assert asked(peer, "203.0.113.9") == peer


def test_a_list_of_any_length_is_looked_at_as_far_as_proxies_go() -> None:
    assert asked("10.1.2.3", ", ".join(["1.2.3.4"] * 50_000 + ["203.0.113.9"])) == "203.0.113.9"
    assert asked("10.1.2.3", ", ".join(["203.0.113.9"] + ["10.0.0.7"] * 50_000)) == "10.0.0.7"

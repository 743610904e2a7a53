from __future__ import annotations

import pytest

from accounts.guard.network import network_of


@pytest.mark.parametrize(
    "peer, network",
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2ff::1", "2001:db8:1:200::/56"),
        ("2001:db8:1:300::1", "2001:db8:1:300::/56"),
        ("unix:", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_address_is_counted_with_its_network(peer: str | None, network: str) -> None:
    assert network_of(peer) == network

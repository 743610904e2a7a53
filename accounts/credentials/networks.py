"""Addresses and networks: the one question whether an address lies in one of them."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def address_of(text: str | None) -> IPv4Address | IPv6Address | None:
    """The address that a text is, an IPv4 one written as IPv6 as what it is; None for anything else."""
    try:
        address = ip_address(text or "")
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_within(peer: str | None, networks: Sequence[Network]) -> bool:
    """Whether an address lies in one of these networks; False for what is no address."""
    if not networks:
        return False
    address = address_of(peer)
    return address is not None and any(address in network for network in networks)

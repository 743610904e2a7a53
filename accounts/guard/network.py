"""The network of an address: what callers without an identity are counted by."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network


@lru_cache(maxsize=16_384)
def network_of(peer: str | None) -> str:
    """The network that an address is counted with: its /24, or its /56 for IPv6. What is no address is one network."""
    try:
        address = ip_address(peer or "")
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ip_network((address, 24 if address.version == 4 else 56), strict=False))

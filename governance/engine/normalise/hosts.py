"""Hosts as a network client would resolve them, without resolving one.

`parse_host` knows the forms that address parsers accept and people do not expect: decimal, octal and hexadecimal IPv4
in one to four parts, IPv6 with zone, IPv4 inside IPv6 (mapped, compatible, 6to4, NAT64), IDNA and Unicode dots,
trailing dots, and names of public services that resolve to the address they contain.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from governance.engine.normalise.encodings import percent_decoded
from governance.engine.normalise.text import fold, visible

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_AUTHORITY = re.compile(
    r"(?:(?<=[a-zA-Z0-9+.-]{2}):[/\\]+|(?:https?|wss?|ftp):|(?<![a-zA-Z0-9:/\\])[/\\]{2,})([^/\\?#\s\"'<>`|&;,)}]+)"
)
_PARAMETER = re.compile(r"[?&#;]([\w.\[\]-]{1,64})=([^&#;\s\"'<>]{1,2048})")
_NUMBER = re.compile(r"0x[0-9a-f]*|\d+")
_NAME = re.compile(r"(?=[^.]*[a-z0-9_-])[\w-]{1,63}(?:\.[\w-]{1,63})*")
_BARE = re.compile(
    r"(?:[^\s@/\\]{1,256}@)?(\[[0-9a-fA-F:.%\w]+\]|[\w.\u3002\uff0e\uff61-]+)(?::\d{0,5})?(?:[/\\?#]\S*)?"
)
_REBINDING = re.compile(
    r"(?:^|[.-])(?:(\d{1,3}[.-]\d{1,3}[.-]\d{1,3}[.-]\d{1,3})|([0-9a-f]{8}))\.(?:nip\.io|sslip\.io|xip\.io"
    r"|traefik\.me|backname\.io|local-ip\.sh|rbndr\.us)$"
)
_DOTS = {ord("\u3002"): ".", ord("\uff0e"): ".", ord("\uff61"): "."}

REDIRECT_NAMES = frozenset(
    "url uri u link href src source target dest destination redirect redirect_uri redirect_url redirecturl return "
    "return_to returnurl next goto go "
    "to out continue callback callback_url webhook proxy host domain site image img feed open view page file "
    "path".split()
)
"""Query parameters whose value sends a client on; a bare host counts there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host: its name in lower case with Unicode labels, and the addresses that its spelling means."""

    name: str
    addresses: tuple[Address, ...] = ()


def _ipv4(text: str) -> ipaddress.IPv4Address | None:
    """IPv4 as `inet_aton` reads it: one to four parts, each decimal, octal or hexadecimal; None for anything else."""
    parts = text.split(".")
    if len(parts) > 4:
        return None
    numbers: list[int] = []
    for part in parts:
        if not _NUMBER.fullmatch(part) or len(part) > 40:
            return None
        try:
            if part.startswith("0x"):
                numbers.append(int(part[2:] or "0", 16))
            elif len(part) > 1 and part[0] == "0":
                numbers.append(int(part, 8) if set(part) <= set("01234567") else int(part, 10))
            else:
                numbers.append(int(part, 10))
        except ValueError:
            return None
    value = 0
    for place, number in enumerate(numbers[:-1]):
        value |= (number & 0xFF) << (8 * (3 - place))
    value |= numbers[-1] & 0xFFFFFFFF
    return ipaddress.IPv4Address(value & 0xFFFFFFFF)


def addresses_of(address: Address) -> tuple[Address, ...]:
    """An address and the IPv4 address that it carries inside: mapped, compatible, 6to4, Teredo, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    inner: list[Address] = [address]
    if address.ipv4_mapped is not None:
        inner.append(address.ipv4_mapped)
    if address.sixtofour is not None:
        inner.append(address.sixtofour)
    if address.teredo is not None:
        inner.append(address.teredo[1])
    number = int(address)
    if number >> 32 in {0, 0x0064FF9B << 64, 0xFFFF << 16} and number > 0xFFFF:
        inner.append(ipaddress.IPv4Address(number & 0xFFFFFFFF))
    return tuple(inner)


def _unicode_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return visible(label[4:].encode("ascii").decode("punycode")).casefold()
    except UnicodeError:
        return label


@lru_cache(maxsize=4096)
def parse_host(text: str) -> Host | None:
    """A host's spelling, without scheme, user or port, as name and addresses; None when it can be neither."""
    if len(text) > 1024:
        return None
    raw = percent_decoded(text) if "%" in text and not text.startswith("[") else text
    raw = visible(raw).translate(_DOTS).casefold().strip().strip(".")
    if not raw:
        return None
    if ":" in raw or raw.startswith("["):
        literal = raw.strip("[]").split("%")[0]
        try:
            return Host(name=literal, addresses=addresses_of(ipaddress.IPv6Address(literal)))
        except ValueError:
            return None
    if raw[0].isdigit() or raw[-1].isdigit():
        numeric = _ipv4(raw)
        if numeric is not None:
            return Host(name=str(numeric), addresses=(numeric,))
    if "xn--" in raw:
        raw = ".".join(_unicode_label(label) for label in raw.split("."))
    if not raw.isascii():
        raw = fold(raw)
    while ".." in raw:
        raw = raw.replace("..", ".")
    if not _NAME.fullmatch(raw):
        return None
    carried = _REBINDING.search(raw)
    if carried:
        address = ipaddress.IPv4Address(int(carried[2], 16)) if carried[2] else _ipv4(carried[1].replace("-", "."))
        if address is not None:
            return Host(name=raw, addresses=(address,))
    return Host(name=raw)


def authority_host(authority: str) -> Host | None:
    """The host of a URL's authority: what stands after the last `@`, without the port."""
    rest = authority.rpartition("@")[2] if "@" in authority else authority
    if rest.startswith("["):
        return parse_host(rest.partition("]")[0] + "]")
    name, _, port = rest.partition(":")
    if port.count(":") >= 1:
        return parse_host(rest)
    return parse_host(name)


def url_hosts(text: str) -> Iterator[Host]:
    """Every host that a URL in `text` names: its own, those in the URLs it carries, and bare ones in redirect
    parameters.

    Percent escapes are looked through. Both readings of a confusing authority (`http://a\\@b/`, `http://a#@b/`) are
    given.
    """
    forms = [text]
    if "%" in text:
        decoded = percent_decoded(text)
        if decoded != text:
            forms.append(decoded)
    seen: set[str] = set()
    for form in forms:
        for found in _AUTHORITY.finditer(form):
            authority = found[1]
            if authority in seen:
                continue
            seen.add(authority)
            host = authority_host(authority)
            if host is not None:
                yield host
            after = form[found.end() : found.end() + 256]
            if "@" in after and after[0] in "\\#?;&":
                host = authority_host(re.split(r"[/\\?#\s]", after.partition("@")[2], maxsplit=1)[0])
                if host is not None:
                    yield host
        if "=" in form:
            for found in _PARAMETER.finditer(form):
                if found[1].lower() in REDIRECT_NAMES:
                    host = bare_host(found[2])
                    if host is not None:
                        yield host


def bare_host(text: str, *, numeric: bool = True) -> Host | None:
    """The host of a string that is a host by itself: `example.org:443/x`, `user@host`, `[::1]`, `::1`, `2130706433` if
    `numeric`.

    A single word without a dot is a host only where it is known to be one; callers decide.
    """
    text = text.strip().strip("\"'")
    if not text or len(text) > 2048 or "://" in text:
        return None
    if text.count(":") >= 2 and not text.startswith("["):
        host = parse_host(text.partition("/")[0])
        if host is not None:
            return host
    found = _BARE.fullmatch(text)
    if found is None:
        return None
    if not numeric and "." not in found[1] and not found[1].startswith("["):
        return None
    return parse_host(found[1])

"""Checksums and structure of formats that carry one. True means: this is not a coincidence."""

from __future__ import annotations

import binascii
import hashlib
import json
import re
from collections.abc import Callable

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE58 = {letter: n for n, letter in enumerate("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")}
_ARMOURED = re.compile(r"^(?:(?!-----END)[\s\S]){0,400}?[A-Za-z0-9+/=]{24}")
_LONGEST_HEADER = 2048  # characters of a JWT header that are looked at


def crc32_base62(value: str) -> bool:
    """GitHub and npm: the last six characters are the CRC-32 of the random part, in base 62."""
    _, _, body = value.rpartition("_")
    if len(body) < 12:
        return False
    rest, digits = binascii.crc32(body[:-6].encode()), ""
    while rest:
        rest, digit = divmod(rest, 62)
        digits = _BASE62[digit] + digits
    return digits.rjust(6, "0") == body[-6:]


def jwt(value: str) -> bool:
    """RFC 7519: the first segment is base64url of a JSON object that names an algorithm."""
    header = value.partition(".")[0][:_LONGEST_HEADER]
    try:
        decoded = json.loads(binascii.a2b_base64(header.replace("-", "+").replace("_", "/") + "=" * (-len(header) % 4)))
    except ValueError:
        return False
    return isinstance(decoded, dict) and "alg" in decoded


def base58check(value: str) -> bool:
    """Bitcoin's wallet import format: version 0x80 and four bytes of a double SHA-256."""
    number = 0
    for letter in value:
        digit = _BASE58.get(letter)
        if digit is None:
            return False
        number = number * 58 + digit
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    if len(raw) not in {37, 38} or raw[0] != 0x80:
        return False
    return hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def armour(value: str) -> bool:
    """PEM and its like: behind the head stand at least 24 characters of base64, not just words about keys."""
    return _ARMOURED.search(value.partition("PRIVATE KEY")[2] or value.partition("SECRET KEY")[2]) is not None


def has_letters(value: str) -> bool:
    """The random part, behind the first hyphen, is not digits and signs alone, as documentation abbreviates it."""
    return any(letter.isalpha() for letter in value.partition("-")[2])


CHECKS: dict[str, Callable[[str], bool]] = {
    "crc32_base62": crc32_base62,
    "jwt": jwt,
    "base58check": base58check,
    "armour": armour,
    "has_letters": has_letters,
}

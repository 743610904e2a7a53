"""Looking through percent escapes, base64 and hex, boundedly."""

from __future__ import annotations

import base64
import binascii
import re

_PERCENT_RUN = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_PERCENT_U = re.compile(r"%u([0-9a-fA-F]{4})")
_MAX_DECODED = 64 * 1024

PERCENT_ROUNDS = 3
"""How often a percent escape is looked through: the double encoding that proxies are fooled with, and one more."""


def _percent_bytes(found: re.Match[str]) -> str:
    return bytes.fromhex(found[0].replace("%", "")).decode("utf-8", "replace")


def percent_decoded(text: str) -> str:
    """`text` with percent escapes taken out, at most `PERCENT_ROUNDS` times; bytes that are no UTF-8 become U+FFFD."""
    for _ in range(PERCENT_ROUNDS):
        if "%" not in text:
            break
        before = text
        text = _PERCENT_RUN.sub(_percent_bytes, text)
        if "%u" in text:
            text = _PERCENT_U.sub(lambda found: chr(int(found[1], 16)), text)
        if text == before:
            break
    return text


def as_text(raw: bytes) -> str | None:
    """Bytes as text when they are printable UTF-8 or UTF-16-LE (as PowerShell encodes), else None."""
    if len(raw) >= 4 and raw[1::2].count(0) * 4 > len(raw):
        try:
            text = raw.decode("utf-16-le")
        except UnicodeDecodeError:
            return None
    else:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            return None
    printable = sum(char.isprintable() or char in "\n\r\t" for char in text[:512])
    return text if text and printable >= 0.95 * min(len(text), 512) else None


def base64_decoded(text: str) -> str | None:
    """What a base64 or base64url text says, padded or not, white space ignored; None when that is not text."""
    compact = "".join(text.split()).rstrip("=")
    if len(compact) < 4 or len(compact) > _MAX_DECODED:
        return None
    compact = compact.replace("-", "+").replace("_", "/")
    if len(compact) % 4 == 1:
        return None
    try:
        return as_text(base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True))
    except (ValueError, binascii.Error):
        return None


def hex_decoded(text: str) -> str | None:
    """What a hexadecimal text says (`726d`, `\\x72\\x6d`, `72 6d`, `0x726d`); None when that is not text."""
    compact = re.sub(r"\\x|0x|[\s:,]", "", text)
    if len(compact) < 4 or len(compact) % 2 or len(compact) > 2 * _MAX_DECODED:
        return None
    try:
        return as_text(bytes.fromhex(compact))
    except ValueError:
        return None

"""Base64url as tokens write it: without padding, one spelling for each value."""

from __future__ import annotations

import binascii


def encode(data: bytes) -> str:
    """The one canonical spelling of `data`."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL).decode("ascii")


def decode(text: str) -> bytes:
    """The bytes that `text` spells. Raises ValueError for padding, foreign characters and second spellings.

    The last character of a segment may have spare bits: without the comparison, one signature would have several
    spellings and the token that it belongs to several names.
    """
    raw = text.encode("ascii")
    data = binascii.a2b_base64(raw.translate(_FROM_URL, b"+/=\r\n\t ") + b"=" * (-len(raw) % 4), strict_mode=True)
    if encode(data) != text:
        raise ValueError("not canonical base64url")
    return data


_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")

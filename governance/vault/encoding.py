"""Unambiguous bytes: strict base64url, and framed associated data."""

from __future__ import annotations

import base64
import json
import re

from governance.vault.errors import KeyMaterialError

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")
KID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def to_base64url(data: bytes) -> str:
    """Unpadded base64url (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """The bytes behind unpadded base64url. Raises ValueError for anything but the one canonical spelling."""
    if not _ALPHABET.fullmatch(text) or len(text) % 4 == 1:
        raise ValueError("not base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if to_base64url(data) != text:
        raise ValueError("not canonical base64url")
    return data


def frame(*parts: str | int) -> bytes:
    """Strings and integers as one byte string that no other list of parts can produce (a compact JSON array)."""
    return json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def split_key(text: str, *, setting: str) -> tuple[str, str]:
    """`kid:rest` of one configured key. Raises KeyMaterialError naming the setting."""
    kid, colon, rest = text.strip().partition(":")
    if not colon or not KID.fullmatch(kid) or not rest:
        raise KeyMaterialError(f"{setting}: each key is written kid:value")
    return kid, rest

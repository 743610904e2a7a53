"""A policy as bytes: canonical JSON, and the digest that names it.

Canonical JSON is UTF-8 without whitespace, keys sorted by code point at every level, numbers as the shortest text
that reads back to the same value. It does not depend on the order in which a dict was built, so a document that
went through PostgreSQL's `jsonb` has the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


def canonical_json(document: Mapping[str, object]) -> bytes:
    """The one byte form of `document`; raises ValueError for NaN, infinity and what is no JSON."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", errors="strict")


def digest(document: Mapping[str, object]) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(document)).hexdigest()

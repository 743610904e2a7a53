"""What is wrong with a configured key, in words; nothing here ever repeats the key."""

from __future__ import annotations

import base64
import binascii
import math
import zlib
from collections import Counter
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

ENOUGH_BITS = 128  # of entropy over the whole key; 32 random bytes in base64 have about 200
_PLACEHOLDERS = (
    "changeme",
    "change-me",
    "change_me",
    "example",
    "insecure",
    "password",
    "placeholder",
    "replaceme",
    "replace-me",
    "xxxxxxxx",
)
_ALGORITHMS = ("HS256", "EdDSA", "RS256")


def weakness(value: str) -> str:
    """Why a secret is easily guessed: `placeholder`, `low entropy` or empty for neither."""
    lowered = value.lower()
    if any(word in lowered for word in _PLACEHOLDERS):
        return "placeholder"
    counts = Counter(value)
    bits = -sum(count * math.log2(count / len(value)) for count in counts.values()) if value else 0.0
    packer = zlib.compressobj(level=9, wbits=-15)  # without header; sees the repetition that counting does not
    packed = 8 * len(packer.compress(value.encode()) + packer.flush())
    return "" if min(bits, packed) >= ENOUGH_BITS else "low entropy"


def signing_key_faults(text: str) -> list[str]:
    """Faults of `kid:HS256:base64url, kid:EdDSA:/path.pem, kid:RS256:/path.pem`, by position from 1."""
    faults, kids = [], []
    for position, part in enumerate(_parts(text), 1):
        kid, _, rest = part.partition(":")
        algorithm, _, material = rest.partition(":")
        kids.append(kid)
        if not kid or algorithm not in _ALGORITHMS or not material:
            faults.append(f"entry {position} is not kid:algorithm:material with one of {', '.join(_ALGORITHMS)}")
        elif algorithm == "HS256":
            decoded = _decoded(material)
            if decoded is None or len(decoded) < 32:
                faults.append(f"entry {position} ({kid}) is not base64url of at least 32 bytes")
        elif not Path(material).is_file():
            faults.append(f"entry {position} ({kid}) names no readable PEM file")
    return faults + _repeated(kids)


def master_key_faults(text: str) -> list[str]:
    """Faults of `kid:base64url` of 32 bytes each, by position from 1."""
    faults, kids = [], []
    for position, part in enumerate(_parts(text), 1):
        kid, _, material = part.partition(":")
        kids.append(kid)
        decoded = _decoded(material)
        if not kid or decoded is None or len(decoded) != 32:
            faults.append(f"entry {position} is not kid:base64url of 32 bytes")
    return faults + _repeated(kids)


def pem_faults(text: str, *, kind: str) -> list[str]:
    """Faults of a PEM key that must be `ed25519` or `x25519`, private or public."""
    private: type[object] = ed25519.Ed25519PrivateKey if kind == "ed25519" else x25519.X25519PrivateKey
    public: type[object] = ed25519.Ed25519PublicKey if kind == "ed25519" else x25519.X25519PublicKey
    try:
        encoded = text.encode("ascii")
        key = load_pem_public_key(encoded) if "PUBLIC KEY" in text else load_pem_private_key(encoded, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return ["it is not an unencrypted PEM key"]
    return [] if isinstance(key, (private, public)) else [f"it is not an {kind} key"]


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def _repeated(kids: list[str]) -> list[str]:
    return [f"key id {kid!r} occurs twice" for kid, count in Counter(kids).items() if count > 1]

"""Keys that a development run makes for itself: one file each in `var/keys/`, mode 0600, made once, never replaced."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def _base64url(size: int) -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(size)).rstrip(b"=").decode("ascii")


def _pem(key: Ed25519PrivateKey | X25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


MAKERS: dict[str, Callable[[], str]] = {
    "TOOLGATE_DJANGO_KEY": lambda: _base64url(64),
    "TOOLGATE_SIGNING_KEYS": lambda: f"dev-{secrets.token_hex(4)}:HS256:{_base64url(32)}",
    "TOOLGATE_MASTER_KEYS": lambda: f"dev-{secrets.token_hex(4)}:{_base64url(32)}",
    "TOOLGATE_POLICY_KEY": lambda: _pem(Ed25519PrivateKey.generate()),
    "TOOLGATE_CAPTURE_KEY": lambda: _pem(X25519PrivateKey.generate()),
}


def kept_key(name: str, *, folder: Path) -> str:
    """The key of this name from `folder`, made when it is not there.

    Two processes that start together agree: the file is written aside and linked into place, so that the first wins and
    the other reads the winner's.
    """
    path = folder / name.removeprefix("TOOLGATE_").lower().replace("_", "-")
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, aside = tempfile.mkstemp(dir=folder, prefix=".new-")  # mkstemp makes it 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(MAKERS[name]() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)
    finally:
        os.unlink(aside)
    return path.read_text(encoding="ascii").strip()

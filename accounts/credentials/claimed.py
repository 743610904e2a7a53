"""What a credential that was refused says of itself: unverified, and only as much as is no part of a credential."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts.credentials.agent_key import PREFIX, public_part
from accounts.tokens import base64url
from accounts.tokens.claims import TOKEN_BYTES, read_object
from governance.engine.detection.tokenlike import without_tokens

_ID = re.compile(r"[A-Za-z0-9._:@-]{1,32}", re.ASCII)
"""The form of a name that is not known here, and may be repeated all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """`method` is token, key or none; `kid` the key a token names, or the public part of an agent key; `subject` whom a
    token names. None of it was verified: whoever sent it may have made it up."""

    method: str = "none"
    kid: str | None = None
    subject: str | None = None


Known = Callable[[str], object]
"""Whether this process knows a name: true where it does."""


def claimed_by(presented: str | None, *, kid: Known, key: Known, subject: Known) -> Claimed:
    """What a presented credential claims.

    A name that this process does not know is left out where it could be a credential itself: somebody may have put one
    there by mistake, or so that it is kept.
    """
    if presented is None:
        return Claimed()
    if presented.startswith(PREFIX):
        public = public_part(presented)
        return Claimed(method="key", kid=public if public is not None and key(public) else None)
    parts = presented.split(".") if len(presented) <= TOKEN_BYTES else []
    if len(parts) != 3:
        return Claimed(method="token")
    head, body = _read(parts[0]), _read(parts[1])
    return Claimed(method="token", kid=_named(head.get("kid"), kid), subject=_named(body.get("sub"), subject))


def _read(part: str) -> dict[str, Any]:
    try:
        return read_object(base64url.decode(part))
    except ValueError:
        return {}


def _named(name: object, known: Known) -> str | None:
    if type(name) is not str:
        return None
    return name if known(name) or (_ID.fullmatch(name) and without_tokens(name) == name) else None

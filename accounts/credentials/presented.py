"""The one credential of a request: where it may stand, and that there is no second one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from accounts.tokens.errors import CredentialError, TokenError

RawHeaders = Iterable[tuple[bytes, bytes]]
"""Header names in lower case with their values, in the order received, as ASGI hands them over."""

_WATCHED = frozenset({b"authorization", b"cookie", b"sec-websocket-protocol"})
_SUBPROTOCOL = b"bearer."
_QUERY_NAMES = re.compile(
    rb"(?:^|[&;?])(?:access_token|id_token|bearer|bearer_token|token|api_key|apikey|authorization)=", re.IGNORECASE
)
_CREDENTIAL = re.compile(rb"tg_[A-Za-z0-9]{16}_|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.")


def presented_credential(
    headers: RawHeaders, *, query: bytes = b"", session_cookie: bytes | None = None, subprotocol: bool = False
) -> str | None:
    """The bearer credential of a request, or None where there is none.

    `session_cookie` is the name of the console's cookie, which counts as a credential beside a bearer;
    `subprotocol` says that this door also takes the WebSocket subprotocol `bearer.<token>`.
    Raises CredentialError for two credentials, one in the query string, and one of another scheme.
    """
    if query:
        _refuse_in_query(query)
    bearer: bytes | None = None
    others = 0
    for name, value in headers:
        if name not in _WATCHED:
            continue
        if name == b"authorization":
            if bearer is not None or b"," in value:
                raise CredentialError("credential.multiple", "The request carries more than one credential.")
            bearer = _bearer(value)
        elif name == b"cookie":
            others += session_cookie is not None and _carries(value, session_cookie)
        else:
            for part in value.split(b","):
                offered = part.strip()
                if offered.startswith(_SUBPROTOCOL):
                    others += bearer is not None or not subprotocol
                    bearer = offered[len(_SUBPROTOCOL) :]
    if bearer is None:
        return None
    if others:
        raise CredentialError("credential.multiple", "The request carries more than one credential.")
    try:
        return bearer.decode("ascii")
    except UnicodeDecodeError:
        raise TokenError("token.malformed", "This is not a token of three base64url parts.") from None


def _bearer(value: bytes) -> bytes:
    if value[:7].lower() != b"bearer ":
        raise CredentialError("credential.scheme", "Only the scheme Bearer is understood.")
    return value[7:]


def _carries(cookies: bytes, name: bytes) -> bool:
    return any(part.partition(b"=")[0].strip() == name for part in cookies.split(b";"))


def _refuse_in_query(query: bytes) -> None:
    plain = unquote_to_bytes(query)
    if _QUERY_NAMES.search(plain) or _CREDENTIAL.search(plain):
        raise CredentialError("credential.in_query", "A credential must not stand in a query string.")

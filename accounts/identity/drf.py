"""Authentication for DRF views: the same function as everywhere, in DRF's form."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from django.conf import settings
from django.utils.functional import SimpleLazyObject
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.credentials.presented import RawHeaders
from accounts.identity.authenticator import Authenticator, challenge
from accounts.identity.verified import Identity
from accounts.models import User
from accounts.tokens.errors import CredentialError

Source = Callable[[], Authenticator]
_source: list[Source] = []


def authenticate_with(source: Source | None) -> Source | None:
    """Say where the authenticator of this process is, None for nowhere; where it was said to be before.

    Called once at start-up.
    """
    before = _source[0] if _source else None
    _source[:] = [] if source is None else [source]
    return before


class TokenAuthentication(BaseAuthentication):
    """Bearer tokens and agent keys. `request.auth` is the Identity, `request.user` the account, read when looked at.

    A view for another door than the API's names its own `audience`. Without a credential the next class is asked.
    """

    audience: ClassVar[str] = "api"

    def authenticate(self, request: Request) -> tuple[object, Identity] | None:
        """The verified caller. Raises AuthenticationFailed, with the code of the CredentialError."""
        if not _source:
            raise AuthenticationFailed("This process verifies no credentials.", code="credential.unavailable")
        try:
            identity = _source[0]().authenticate(
                raw_headers(request),
                audience=self.audience,
                now=time.time(),
                peer=request.META.get("REMOTE_ADDR"),
                query=request.META.get("QUERY_STRING", "").encode("latin-1", "replace"),
                optional=True,
            )
        except CredentialError as error:
            request._request.META["toolgate.refusal"] = error
            raise AuthenticationFailed(error.reason, code=error.code) from None
        if not identity.authenticated:
            return None
        return _account(identity.caller.principal.id), identity

    def authenticate_header(self, request: Request) -> str:
        """`WWW-Authenticate` of the 401."""
        error = request._request.META.get("toolgate.refusal") or CredentialError("credential.missing", "")
        return challenge(error, metadata_url=f"{settings.TOOLGATE_ISSUER}/.well-known/oauth-protected-resource")


def raw_headers(request: Request) -> RawHeaders:
    """A request's headers as ASGI has them; Django has joined repeated ones by a comma, which no credential holds."""
    found: Sequence[tuple[bytes, bytes]] = [
        (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in request.headers.items()
    ]
    return found


def _account(name: str) -> object:
    return SimpleLazyObject(lambda: User.objects.get(username=name))

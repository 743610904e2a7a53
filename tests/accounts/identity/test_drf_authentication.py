from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from accounts.directory.live import LiveDirectory
from accounts.identity.authenticator import Authenticator
from accounts.identity.drf import TokenAuthentication, authenticate_with
from accounts.identity.verified import Identity
from accounts.models import User
from accounts.tokens.digest import KeyedDigest
from tests.accounts.tokens.token_builders import VERIFIER, issued

pytestmark = pytest.mark.django_db


class Mine(APIView):
    authentication_classes = (TokenAuthentication,)
    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        identity = request.auth
        assert isinstance(identity, Identity)
        return Response({"sub": identity.caller.principal.id, "user": request.user.username})


@pytest.fixture(autouse=True)
def authenticator() -> Iterator[None]:
    keys = KeyedDigest({"m": bytes(32)})
    User.objects.create_user("alice")
    directory = LiveDirectory(macs=keys)
    directory.refresh(time.time())
    made = Authenticator(verifier=VERIFIER, directory=directory, digests=keys, session_cookie="sessionid")
    before = authenticate_with(lambda: made)
    yield
    authenticate_with(before)


def get(path: str = "/", **headers: str) -> Any:
    return Mine.as_view()(APIRequestFactory().get(path, headers=dict(headers)))


def bearer(**grant: Any) -> str:
    return f"Bearer {issued(epoch=User.objects.get().epoch, now=time.time(), **grant).token}"


def test_a_view_sees_the_identity_and_the_account() -> None:
    response = get(authorization=bearer())
    assert (response.status_code, response.data) == (200, {"sub": "alice", "user": "alice"})


def test_no_credential_is_a_401_that_names_the_metadata() -> None:
    response = get()
    assert response.status_code == 401
    url = f"{settings.TOOLGATE_ISSUER}/.well-known/oauth-protected-resource"
    assert response["WWW-Authenticate"] == f'Bearer resource_metadata="{url}"'


@pytest.mark.parametrize(
    "headers, path, code",
    [
        ({"authorization": "Bearer x"}, "/", "token.malformed"),
        ({"authorization": "Basic YTpi"}, "/", "credential.scheme"),
        ({"authorization": "Bearer a, Bearer b"}, "/", "credential.multiple"),
        ({"authorization": "Bearer a", "cookie": "sessionid=x"}, "/", "credential.multiple"),
        ({}, "/?access_token=x", "credential.in_query"),
    ],
)
def test_every_refusal_is_a_401_with_its_code(headers: dict[str, str], path: str, code: str) -> None:
    response = get(path, **headers)
    assert (response.status_code, response.data["detail"].code) == (401, code)
    assert f'error="invalid_token", error_description="{code}"' in response["WWW-Authenticate"]


def test_a_token_for_another_door_is_refused() -> None:
    assert get(authorization=bearer(audience="hook")).data["detail"].code == "token.audience"

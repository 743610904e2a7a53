"""Who comes in at management's door: a bearer token or an agent key, and nothing else that a request may carry."""

from __future__ import annotations

import time
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from accounts.credentials.proxy import (
    NONCE,
    PERMISSIONS,
    SIGNATURE,
    TIMESTAMP,
    USER,
    VERIFIED,
    MemoryNonces,
    TrustedProxy,
    sign,
)
from accounts.identity.verified import Identity
from governance.api.management.door.door import ManagementView
from tests.governance.api.deciding import ISSUER, started
from tests.governance.api.management.clients import Office

METADATA = f'Bearer resource_metadata="{ISSUER}/.well-known/oauth-protected-resource"'


class Mine(ManagementView):
    staff_only = False

    def get(self, request: Request) -> HttpResponse:
        identity = request.auth
        assert isinstance(identity, Identity)
        return self.reply({"sub": identity.caller.principal.id, "user": request.user.username})


def get(path: str = "/", **headers: str) -> Any:
    return Mine.as_view()(APIRequestFactory().get(path, headers=dict(headers)))


def bearer(office: Office, **grant: Any) -> str:
    return f"Bearer {office.process.token(office.person(name='alice').name, **grant)}"


def test_a_view_sees_the_identity_and_the_account(office: Office) -> None:
    response = get(authorization=bearer(office))
    assert (response.status_code, orjson.loads(response.content)) == (200, {"sub": "alice", "user": "alice"})


def test_no_credential_is_a_401_that_names_the_metadata(office: Office) -> None:
    response = get()
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == METADATA


@pytest.mark.parametrize(
    "headers, path, code",
    [
        ({"authorization": "Bearer x"}, "/", "token.malformed"),
        ({"authorization": "Basic YTpi"}, "/", "credential.scheme"),
        ({"authorization": "Bearer a, Bearer b"}, "/", "credential.multiple"),
        ({"authorization": "Bearer a", "cookie": "toolgate=x"}, "/", "credential.multiple"),
        ({}, "/?access_token=x", "credential.in_query"),
    ],
)
def test_every_refusal_is_a_401_with_its_code(office: Office, headers: dict[str, str], path: str, code: str) -> None:
    response = get(path, **headers)
    assert (response.status_code, orjson.loads(response.content)["code"]) == (401, code)
    assert f'error="invalid_token", error_description="{code}"' in response["WWW-Authenticate"]


def test_a_token_for_another_door_is_refused(office: Office) -> None:
    response = get(authorization=bearer(office, audience="hook"))
    assert orjson.loads(response.content)["code"] == "token.audience"


def test_the_consoles_session_alone_is_no_credential(office: Office) -> None:
    response = get(cookie="toolgate=x")
    assert (response.status_code, response["WWW-Authenticate"]) == (401, METADATA)


def test_the_word_of_a_trusted_proxy_does_not_count_and_its_nonce_is_not_spent(office: Office) -> None:
    alarms: list[str] = []
    runtime = office.process.runtime
    runtime.proxy = TrustedProxy(networks=(ip_network("127.0.0.0/8"),), key=b"k" * 32, nonces=MemoryNonces())
    runtime.alarm = lambda code, detail: alarms.append(code)
    values = {
        TIMESTAMP: str(int(time.time())), NONCE: "n" * 20, VERIFIED: "true", USER: "carol", PERMISSIONS: "user",
    }  # fmt: skip

    def signed(path: str) -> dict[str, str]:
        signature = sign(b"k" * 32, values, method="GET", target=path.encode(), body=b"")
        return {name.decode(): value for name, value in {**values, SIGNATURE: signature}.items()}

    response = get("/mine", **signed("/mine"))
    assert (response.status_code, response["WWW-Authenticate"]) == (401, METADATA)
    assert office.process.get("/api/v1/me", headers=signed("/api/v1/me")).status == 200
    assert alarms == []


@pytest.mark.django_db
def test_a_process_that_has_not_started_refuses_nobodys_credential(tmp_path: Path) -> None:
    process = started(tmp_path)  # made, and nowhere said to be this process's
    token = bearer(Office(process))
    answers = [get(**headers) for headers in ({}, {"authorization": token}, {"authorization": "Bearer x"})]
    process.runtime.journal.close()
    for response in answers:
        assert (response.status_code, response["Retry-After"]) == (503, "1")
        assert orjson.loads(response.content)["code"] == "process.starting"
        assert "WWW-Authenticate" not in response

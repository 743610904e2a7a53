"""The id of a request: what the caller sent comes back; what is kept of it is plain."""

from __future__ import annotations

import re
from typing import Any

import pytest

from governance.api.door.request_id import answered, kept
from tests.governance.api.deciding import Process

READ: dict[str, Any] = {
    "subject": {"type": "user", "id": "alice"},
    "action": {"name": "tools/call"},
    "resource": {"type": "tool", "id": "files/read"},
    "context": {"arguments": {"path": "/srv/x"}},
}
ODD = [
    "Root=1-67891233-abcdef012345678912345678;Self=1-aa",
    "0HMVE7S1Q2K3:00000001",
    "9f2c/7",
    "abc+/=",
    "request 7 of night run",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "105445aa7843bc8bf206b12000100000/1;o=1",
    "x" * 300,
    "\u00e4",
]
CREDENTIALS = [
    "glpat-6wv50aaqsZnfiXDYepdU",
    "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fG3iL6",
    "Root=" + "AKIA" + "2E0A8F3B244C9986",
    "demo_834qj43bhljq7e70ee44bvwuiyv0l5xh",
    "key=" + "aB3dE6gH9jK2mN5pQ8sT1;Self=1",
]


@pytest.mark.parametrize("sent", [*ODD, "req-1"])
def test_the_id_comes_back_as_it_was_sent(process: Process, sent: str) -> None:
    answer = process.post(
        "/access/v1/evaluation", token=process.token("alice"), body=READ, headers={"x-request-id": sent}
    )
    assert (answer.status, answer.headers["x-request-id"]) == (200, sent)


@pytest.mark.parametrize("sent", ODD)
def test_a_refusal_says_the_id_too_and_keeps_a_plain_one(process: Process, sent: str) -> None:
    answer = process.post("/access/v1/evaluation", body=READ, headers={"x-request-id": sent})
    assert (answer.status, answer.headers["x-request-id"]) == (401, sent)
    assert re.fullmatch(r"[A-Za-z0-9._:-]{1,128}", answer.json["request_id"])


@pytest.mark.parametrize("sent", CREDENTIALS)
def test_what_could_be_a_credential_is_neither_answered_nor_kept(process: Process, sent: str) -> None:
    answer = process.post("/access/v1/evaluation", body=READ, headers={"x-request-id": sent})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
    assert answer.json["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("sent", ["", "a b", "x" * 129, "a\nb", "\u00e4", None])
def test_an_id_that_is_not_plain_is_not_kept(sent: str | None) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", kept(sent))


@pytest.mark.parametrize("sent", ["a", "x" * 128, "trace:1.2-3_4"])
def test_a_plain_id_is_kept(sent: str) -> None:
    assert kept(sent) == sent


@pytest.mark.parametrize("sent", ["", " ", "a\nb", "a\r", "\x00", "\u20ac", None])
def test_what_can_be_no_headers_value_is_not_answered(sent: str | None) -> None:
    assert answered(sent, "own") == "own"

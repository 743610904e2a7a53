from __future__ import annotations

import re

from django.test import AsyncClient, Client

from config.edge.csp import API_HEADERS, CONTENT_SECURITY_POLICY


def test_the_content_security_policy_has_no_unsafe_exception() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "*" not in CONTENT_SECURITY_POLICY
    assert all(b"unsafe" not in value for _, value in API_HEADERS)


def test_every_answer_carries_the_policy_and_an_id() -> None:
    answer = Client().get("/livez")
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_the_asynchronous_handler_sets_the_same_headers() -> None:
    answer = await AsyncClient().get("/livez", headers={"x-request-id": "caller-7"})
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["x-request-id"] == "caller-7"


def test_an_answer_that_is_not_found_carries_the_policy_too() -> None:
    answer = Client().get("/no/such/page", headers={"user-agent": "test client"})
    assert answer.status_code == 404
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


def test_an_id_of_any_form_comes_back_behind_django_too() -> None:
    sent = "Root=1-67891233-abcdef012345678912345678;Self=1-aa"
    assert Client().get("/livez", headers={"x-request-id": sent}).headers["x-request-id"] == sent


def test_the_api_page_has_no_inline_script_or_style() -> None:
    page = Client().get("/api/docs/").content.decode()
    assert "swagger-ui-bundle.js" in page
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page)


def test_the_api_page_and_the_schema_are_served_without_signing_in() -> None:
    for path in ("/api/schema/", "/api/docs/", "/api/docs/?script="):
        assert Client().get(path).status_code == 200

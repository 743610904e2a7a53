from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.test import AsyncRequestFactory, Client, RequestFactory
from django.urls import resolve

from accounts.directory.guard_rows import guard_lists
from accounts.directory.live import LiveDirectory
from accounts.guard.bans import Refusals
from accounts.guard.guard import ScannerGuard
from accounts.guard.installed import install_guard, installed_guard
from accounts.guard.lists import GuardLists
from accounts.guard.middleware import ScannerGuardMiddleware
from accounts.models import GuardEntry, User
from accounts.services.actor import Actor
from accounts.services.change import save_changed
from accounts.tokens.digest import KeyedDigest

AGENT = "Mozilla/5.0 (X11) Chrome/131.0 Safari/537.36"


@pytest.fixture
def told() -> Iterator[list[Refusals]]:
    said: list[Refusals] = []
    before = install_guard(ScannerGuard(tell=said.append))
    yield said
    install_guard(before)


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("here", status=404 if "missing" in request.path else 200)


async def view_in_loop(request: HttpRequest) -> HttpResponse:
    return view(request)


def test_a_probe_gets_403_without_a_body_or_a_type(told: list[Refusals]) -> None:
    response = ScannerGuardMiddleware(view)(RequestFactory().get("/wp-login.php", headers={"user-agent": AGENT}))
    assert isinstance(response, HttpResponse)
    assert (response.status_code, response.content, response.has_header("content-type")) == (403, b"", False)
    assert [said.reason for said in told] == ["guard.extension"]


def test_anybody_else_passes(told: list[Refusals]) -> None:
    response = ScannerGuardMiddleware(view)(RequestFactory().get("/admin/", headers={"user-agent": AGENT}))
    assert isinstance(response, HttpResponse)
    assert response.content == b"here"
    assert told == []


async def test_the_guard_holds_in_the_event_loop_too(told: list[Refusals]) -> None:
    middleware = ScannerGuardMiddleware(view_in_loop)
    answers = []
    for path in ("/.git/config", "/admin/"):
        answered = middleware(AsyncRequestFactory().get(path, headers={"user-agent": AGENT}))
        assert not isinstance(answered, HttpResponse)
        answers.append((await answered).status_code)  # type: ignore[misc]
    assert answers == [403, 200]


def test_paths_that_nobody_serves_lead_to_a_ban(told: list[Refusals]) -> None:
    middleware = ScannerGuardMiddleware(view)
    statuses = []
    for number in range(33):
        response = middleware(RequestFactory().get(f"/missing/{number}", headers={"user-agent": AGENT}))
        assert isinstance(response, HttpResponse)
        statuses.append(response.status_code)
    assert statuses == [404] * 31 + [403] * 2


def test_a_path_that_serves_something_else_is_no_unknown_path(told: list[Refusals]) -> None:
    middleware = ScannerGuardMiddleware(view)
    for number in range(40):
        request = RequestFactory().get(f"/missing/{number}", headers={"user-agent": AGENT})
        request.resolver_match = resolve(
            "/livez"
        )  # somebody answers here, and says that what was asked for is not there
        response = middleware(request)
        assert isinstance(response, HttpResponse)
        assert response.status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("in_loop", [False, True])
def test_a_ban_never_hits_who_is_signed_in(told: list[Refusals], in_loop: bool) -> None:
    def asked(path: str, cookie: str = "") -> int:
        factory = AsyncRequestFactory() if in_loop else RequestFactory()
        request = factory.get(path, headers={"user-agent": AGENT})
        request.COOKIES["toolgate"] = cookie
        answered = ScannerGuardMiddleware(view_in_loop if in_loop else view)(request)
        if in_loop:
            answered = async_to_sync(_awaited)(answered)
        assert isinstance(answered, HttpResponse)
        return answered.status_code

    client = Client()
    person = User.objects.create_user("carol", password="x" * 12)
    client.force_login(person)
    session = client.cookies["toolgate"].value
    for _ in range(31):
        assert asked("/wp-admin", session) == 403
    assert [asked("/admin/", cookie) for cookie in ("", "forged", session)] == [403, 403, 200]
    assert asked("/wp-admin", session) == 403
    person.status = "suspended"
    person.save()
    assert asked("/admin/", session) == 403


async def _awaited(answered: Any) -> Any:
    return await answered


def test_without_an_installed_guard_the_shipped_lists_hold() -> None:
    before = install_guard(None)
    try:
        assert installed_guard().refuses(path="/.env", headers=[], peer=None, now=0.0) == "guard.segment"
        assert installed_guard() is installed_guard()
    finally:
        install_guard(before)


@pytest.mark.django_db
def test_the_rows_of_a_new_installation_are_the_shipped_lists() -> None:
    stored, shipped = guard_lists(), GuardLists()
    assert set(stored.paths) == set(shipped.paths)
    assert set(stored.agents) == set(shipped.agents)
    assert (stored.extensions, stored.segments, stored.name_starts) == (
        shipped.extensions,
        shipped.segments,
        shipped.name_starts,
    )
    assert set(stored.browsers) == set(shipped.browsers)
    assert (stored.shortest_agent, stored.refusals_per_minute, stored.ban_seconds) == (8, 30, 600)
    assert not GuardEntry.objects.get(kind="path", value="/admin").enabled


@pytest.mark.django_db
def test_an_edited_row_is_in_force_at_the_next_refresh_of_the_directory() -> None:
    directory = LiveDirectory(macs=KeyedDigest({"m": bytes(32)}))
    directory.refresh(time.time())
    guard = ScannerGuard(tell=lambda said: None, lists=lambda: directory.state.guard)
    asked = {"path": "/wp-admin", "headers": [(b"user-agent", AGENT.encode())], "peer": "203.0.113.1", "now": 0.0}
    assert guard.refuses(**asked) == "guard.path"  # type: ignore[arg-type]
    row = GuardEntry.objects.get(value="/wp-admin")
    row.enabled = False
    save_changed(actor=Actor.command("test", staff="root"), instance=row, expected_revision=row.revision)
    assert directory.refresh(time.time())
    assert guard.refuses(**asked) is None  # type: ignore[arg-type]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "kind, value, number",
    [
        ("path", "/", None),
        ("path", "  ", None),
        ("browser", "chrome2", None),
        ("agent", "x", 3),
        ("number", "speed", 3),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(kind: str, value: str, number: int | None) -> None:
    with pytest.raises(ValidationError):
        GuardEntry(kind=kind, value=value, number=number).full_clean()


@pytest.mark.django_db
def test_an_entry_is_kept_in_the_form_it_is_compared_in() -> None:
    entry = GuardEntry(kind="extension", value=" .ASPX ")
    entry.full_clean()
    assert entry.value == "aspx"

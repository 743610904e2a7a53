"""Passwords at the console: a few attempts an account and network, the refused recorded, none without a limit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
from django.contrib.auth import authenticate
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import SignInAttempts, User
from accounts.services.sign_in import ACCOUNT, HERE, NETWORK

PASSWORD = "correct horse battery"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_superuser("alice", password=PASSWORD)


def attempt(password: str, *, name: str = "alice", source: str = "198.51.100.7") -> bool:
    request = RequestFactory().post("/admin/login/", REMOTE_ADDR=source)
    return authenticate(request, username=name, password=password) is not None


def recorded() -> list[dict[str, Any]]:
    """The authentication records that are on their way into the trail, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM audit_outbox ORDER BY position")
        bodies = [orjson.loads(bytes(body)) for (body,) in cursor.fetchall()]
    return [body for body in bodies if body["kind"] == "authentication"]


def time_passes(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_signinattempts SET at = at - %s * interval '1 second'", [seconds])


def test_sixty_wrong_passwords_leave_the_right_one_unlooked_at(alice: User) -> None:
    assert not any(attempt(f"guess {number}") for number in range(60))
    assert attempt(PASSWORD) is False
    assert attempt(PASSWORD, source="203.0.113.9") is True
    time_passes(120)
    assert attempt(PASSWORD) is True


def test_only_so_many_guesses_are_looked_at(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    real = User.check_password

    def check(self: User, raw: str) -> bool:
        looked.append(raw)
        return real(self, raw)

    monkeypatch.setattr(User, "check_password", check)
    for number in range(40):
        attempt(f"guess {number}")
    assert len(looked) == HERE.burst
    for number in range(200):
        attempt(f"more {number}", source=f"10.{number}.0.1")
    assert len(looked) == ACCOUNT.burst
    time_passes(60)
    for number in range(20):
        attempt(f"later {number}", source=f"10.{number}.1.1")
    assert len(looked) <= ACCOUNT.burst + ACCOUNT.a_minute + 1


def test_one_network_guesses_at_few_names(db: None) -> None:
    for number in range(100):
        attempt("guess", name=f"name-{number}")
    assert len(recorded()) == NETWORK.burst + 1
    assert SignInAttempts.objects.count() <= 1 + 2 * NETWORK.burst


def test_no_single_network_shuts_an_accounts_owner_out(alice: User) -> None:
    for _ in range(120):
        for number in range(3):
            attempt(f"guess {number}")
        time_passes(60)
    assert attempt(PASSWORD, source="203.0.113.9") is True


def test_who_knows_the_password_is_never_in_their_own_way(alice: User) -> None:
    for _ in range(3 * HERE.burst):
        assert attempt("mistyped") is False
        assert attempt(PASSWORD) is True


def test_refused_sign_ins_are_records_that_hold_no_password(alice: User) -> None:
    for number in range(HERE.burst + 3):
        attempt(f"guess {number}")
    attempt(PASSWORD, name="my password typed here", source="203.0.113.9")
    records = recorded()
    assert [record["data"]["action"] for record in records] == [
        *["sign_in.refused"] * HERE.burst,
        "sign_in.limited",
        "sign_in.refused",
    ]
    assert records[0]["data"]["network"] == "198.51.100.0/24"
    assert '"unverified_subject":"alice"' in records[0]["data"]["detail"]
    assert "guess" not in str(records)
    assert "typed here" not in str(records)
    assert PASSWORD not in str(records)


@pytest.mark.django_db(transaction=True)
def test_as_many_at_once_are_no_way_past() -> None:
    User.objects.create_superuser("alice", password=PASSWORD)

    def guess(number: int) -> bool:
        try:
            return attempt(f"guess {number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(guess, range(24)))
    actions = [record["data"]["action"] for record in recorded()]
    assert actions.count("sign_in.refused") == HERE.burst


def test_the_consoles_own_form_goes_by_it_and_says_so(alice: User) -> None:
    client: Any = Client(headers={"user-agent": BROWSER}, REMOTE_ADDR="198.51.100.77")
    for number in range(HERE.burst):
        client.post(reverse("admin:login"), {"username": "alice", "password": f"guess {number}"})
    answered = client.post(reverse("admin:login"), {"username": "alice", "password": PASSWORD})
    assert answered.status_code == 200
    assert "wait a few minutes" in answered.content.decode()
    time_passes(120)
    assert client.post(reverse("admin:login"), {"username": "alice", "password": PASSWORD}).status_code == 302

"""The directory in memory against the real database: what changes is there at once, what was tampered with is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.utils import OperationalError

from accounts.directory.live import LiveDirectory
from accounts.directory.watch import DirectoryWatch
from accounts.identity.authenticator import Authenticator
from accounts.identity.verified import Identity
from accounts.models import AgentKey, Revocation, User
from accounts.services.actor import Actor
from accounts.services.agent_keys import KeyNotIssued, issue_agent_key, note_uses, revoke_agent_key
from accounts.services.errors import NotPermitted
from accounts.services.revocations import revoke
from accounts.services.tokens import NotIssued, issue_token
from accounts.tokens.digest import KeyedDigest
from accounts.tokens.errors import CredentialError
from accounts.tokens.issue import Grant, Issuer
from governance.engine.principal import Tier
from tests.accounts.tokens.token_builders import ISSUER, RING, VERIFIER

KEYS = KeyedDigest({"m1": bytes(range(32))})
ISSUES = Issuer(ring=RING, issuer=ISSUER)
OPERATOR = Actor.command("test", staff="root")

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice", roles=["analyst"], departments=["finance"])


@pytest.fixture
def alarms() -> list[str]:
    return []


@pytest.fixture
def directory(alice: User, alarms: list[str]) -> LiveDirectory:
    made = LiveDirectory(macs=KEYS, alarm=alarms.append)
    made.refresh(time.time())
    return made


@pytest.fixture
def ask(directory: LiveDirectory) -> Callable[..., Any]:
    auth = Authenticator(verifier=VERIFIER, directory=directory, digests=KEYS)

    def asked(credential: str) -> Identity:
        headers = [(b"authorization", f"Bearer {credential}".encode())]
        return auth.authenticate(headers, audience="api", now=time.time())

    return asked


def a_token(**grant: Any) -> str:
    return issue_token(
        actor=OPERATOR, issuer=ISSUES, principal="alice", grant=Grant(**grant), now=time.time(), method="test"
    ).token


def code(asked: Callable[..., Any], credential: str) -> str:
    with pytest.raises(CredentialError) as caught:
        asked(credential)
    return caught.value.code


def recorded(text: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_outbox WHERE position(%s::bytea in body) > 0", [text.encode()])
        return int(cursor.fetchone()[0])


def test_the_directory_holds_what_the_engine_needs(alice: User, directory: LiveDirectory) -> None:
    User.objects.create_user("nightly", kind="service", owner=alice, tier="service", rate_tier="mcp")
    assert directory.refresh(time.time())
    held = directory.state.principals
    assert held["alice"].roles == {"analyst"}
    assert (held["alice"].tier, held["alice"].active, held["alice"].owner) == (Tier.USER, True, None)
    assert (held["nightly"].kind, held["nightly"].owner) == ("service", "alice")
    assert directory.state.rate_tiers == {"nightly": "mcp"}


def test_names_and_addresses_are_held_and_followed_while_tokens_stay_good(
    alice: User, directory: LiveDirectory, ask: Callable[..., Any]
) -> None:
    assert directory.state.named == {}
    text = a_token()
    User.objects.filter(pk=alice.pk).update(name="Alice Ames", email="alice@example.org")
    User.objects.create_user("bob", email="bob@example.org")
    directory.refresh(time.time())
    assert directory.state.named == {"alice": ("Alice Ames", "alice@example.org"), "bob": ("", "bob@example.org")}
    assert ask(text).caller.principal.id == "alice"
    User.objects.filter(pk=alice.pk).update(name="", email="")
    directory.refresh(time.time())
    assert set(directory.state.named) == {"bob"}


def test_a_change_raises_the_epoch_and_makes_tokens_stale(
    alice: User, directory: LiveDirectory, ask: Callable[..., Any]
) -> None:
    text = a_token()
    assert ask(text).caller.principal.roles == {"analyst"}
    User.objects.filter(pk=alice.pk).update(roles=["analyst", "root"])
    directory.refresh(time.time())
    assert code(ask, text) == "token.stale"
    assert ask(a_token()).caller.principal.roles == {"analyst", "root"}


def test_a_refresh_of_an_unchanged_directory_is_one_query_and_changes_nothing(
    directory: LiveDirectory, django_assert_num_queries: Any
) -> None:
    before = directory.state
    with django_assert_num_queries(1):
        assert not directory.refresh(before.confirmed_at + 1 if before.confirmed_at else 1.0)
    assert directory.state.generation == before.generation
    assert directory.state.confirmed_at == (before.confirmed_at or 0) + 1
    assert directory.state.principals is before.principals


def test_a_refresh_reads_only_what_has_changed(directory: LiveDirectory) -> None:
    User.objects.create_user("bob")
    directory.refresh(time.time())
    alice = directory.state.principals["alice"]
    User.objects.filter(username="bob").update(departments=["finance"])
    directory.refresh(time.time())
    assert directory.state.principals["alice"] is alice
    assert directory.state.principals["bob"].departments == {"finance"}


def test_a_staff_role_is_known_until_it_ends_and_raises_the_epoch(alice: User, directory: LiveDirectory) -> None:
    before = directory.state.principals["alice"]
    end = datetime.now(tz=UTC) + timedelta(hours=1)
    grant = alice.staff_grants.create(role="viewer", valid_until=end, reason="Stands in")
    directory.refresh(time.time())
    held = directory.state.principals["alice"]
    assert before.staff_until == 0.0
    assert held.staff_until == pytest.approx(end.timestamp())
    assert held.epoch == before.epoch + 1
    grant.delete()
    directory.refresh(time.time())
    assert directory.state.principals["alice"].staff_until == 0.0


def test_a_principal_that_is_gone_is_unknown(directory: LiveDirectory, ask: Callable[..., Any]) -> None:
    text = a_token()
    User.objects.filter(username="alice").delete()
    directory.refresh(time.time())
    assert not ask(text).caller.principal.known


def test_an_account_made_again_does_not_take_the_old_ones_tokens(
    alice: User, directory: LiveDirectory, ask: Callable[..., Any]
) -> None:
    User.objects.filter(pk=alice.pk).update(roles=[])
    directory.refresh(time.time())
    text = a_token()
    alice.delete()
    User.objects.create_user("alice", tier="admin")
    directory.refresh(time.time())
    assert code(ask, text) == "token.stale"


@pytest.mark.parametrize("kind", ["jti", "session", "principal", "agent"])
def test_a_revocation_is_in_force_at_the_next_refresh_and_on_record(
    directory: LiveDirectory, ask: Callable[..., Any], kind: str
) -> None:
    text = a_token(agent="reporter", session="s1")
    claims = ask(text).claims
    value = {"jti": claims.jti, "session": "s1", "principal": "alice", "agent": "reporter"}[kind]
    later = datetime.now(UTC) + timedelta(seconds=1)
    revoke(actor=OPERATOR, macs=KEYS, kind=kind, value=value, reason="lost", now=later)
    assert directory.refresh(time.time())
    assert code(ask, text) == "token.revoked"
    assert recorded(f"{kind}:{value}") == 1


@pytest.mark.parametrize(
    "change", [{"value": "bob"}, {"expires_at": None}, {"issued_before": None}, {"epoch": 9}, {"mac": bytes(32)}]
)
def test_an_altered_revocation_is_refused_and_the_last_good_state_stays(
    directory: LiveDirectory, alarms: list[str], ask: Callable[..., Any], change: dict[str, Any]
) -> None:
    text = a_token()
    revoke(
        actor=OPERATOR, macs=KEYS, kind="principal", value="alice", reason="left", now=datetime.now(UTC) + timedelta(1)
    )
    directory.refresh(1000.0)
    Revocation.objects.update(**change)
    directory.refresh(1001.0)
    assert code(ask, text) == "token.revoked"
    assert len(alarms) == 1
    assert directory.state.confirmed_at == 1000.0
    directory.refresh(1002.0)
    assert len(alarms) == 1


def test_a_revocation_taken_out_of_the_database_stays_in_force(
    directory: LiveDirectory, alarms: list[str], ask: Callable[..., Any]
) -> None:
    text = a_token(session="s1")
    made = revoke(actor=OPERATOR, macs=KEYS, kind="session", value="s1", reason="left")
    directory.refresh(1000.0)
    Revocation.objects.all().delete()
    directory.refresh(1001.0)
    assert code(ask, text) == "token.revoked"
    assert alarms
    assert directory.state.confirmed_at == 1000.0
    made.pk = None
    made.save(force_insert=True)
    directory.refresh(1002.0)
    assert (directory.state.confirmed_at, directory.state.tampered) == (1002.0, None)


def test_a_revocation_that_has_ended_may_be_cleaned_away(directory: LiveDirectory, alarms: list[str]) -> None:
    past = datetime.now(UTC) - timedelta(hours=3)
    revoke(actor=OPERATOR, macs=KEYS, kind="jti", value="old", reason="left", now=past)
    directory.refresh(past.timestamp())
    assert len(directory.state.revocations.rows) == 1
    Revocation.objects.all().delete()
    directory.refresh(time.time())
    assert not alarms
    assert not directory.state.revocations.rows


def test_a_revocation_of_an_unknown_kind_or_without_a_reason_is_not_made() -> None:
    for kind, value, reason in (("user", "x", "y"), ("jti", "", "y"), ("jti", "x", "")):
        with pytest.raises(ValueError):
            revoke(actor=OPERATOR, macs=KEYS, kind=kind, value=value, reason=reason)


def test_a_person_without_a_grant_revokes_and_issues_nothing(alice: User) -> None:
    with pytest.raises(NotPermitted):
        revoke(actor=Actor.person(alice), macs=KEYS, kind="principal", value="bob", reason="spite")
    with pytest.raises(NotPermitted):
        issue_agent_key(actor=Actor.person(alice), digests=KEYS, name="x", agent="reporter", principal="alice")
    assert not Revocation.objects.exists()
    assert not AgentKey.objects.exists()


def test_an_agent_key_is_shown_once_and_nowhere_kept(
    alice: User, directory: LiveDirectory, ask: Callable[..., Any]
) -> None:
    key, row = issue_agent_key(actor=OPERATOR, digests=KEYS, name="ci", agent="reporter", principal="alice")
    directory.refresh(time.time())
    identity = ask(key)
    assert (identity.caller.principal.id, identity.caller.agent, identity.key_id) == (
        "alice",
        "reporter",
        row.public_id,
    )
    secret = key.rpartition("_")[2]
    assert recorded(row.public_id) == 1
    assert recorded(secret) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_agentkey k WHERE k::text LIKE %s", [f"%{secret[:12]}%"])
        assert cursor.fetchone()[0] == 0


def test_a_revoked_key_lets_nobody_in_even_when_its_row_says_otherwise(
    alice: User, directory: LiveDirectory, ask: Callable[..., Any]
) -> None:
    key, row = issue_agent_key(actor=OPERATOR, digests=KEYS, name="ci", agent="reporter", principal="alice")
    directory.refresh(time.time())
    assert ask(key)
    revoke_agent_key(actor=OPERATOR, macs=KEYS, public_id=row.public_id, reason="leaked")
    revoke_agent_key(actor=OPERATOR, macs=KEYS, public_id=row.public_id, reason="leaked")
    AgentKey.objects.update(revoked_at=None)
    directory.refresh(time.time())
    assert code(ask, key) == "key.invalid"
    assert Revocation.objects.count() == 1


def test_noting_a_use_of_a_key_is_no_change(alice: User, directory: LiveDirectory) -> None:
    _, row = issue_agent_key(actor=OPERATOR, digests=KEYS, name="ci", agent="reporter", principal="alice")
    directory.refresh(time.time())
    note_uses({row.public_id: 1_700_000_000.0})
    assert not directory.refresh(time.time())
    row.refresh_from_db()
    assert row.last_used_at == datetime.fromtimestamp(1_700_000_000, UTC)


def test_nobody_gets_a_token_or_key_unless_active(alice: User) -> None:
    User.objects.update(status="suspended")
    with pytest.raises(NotIssued, match="suspended"):
        a_token()
    with pytest.raises(KeyNotIssued):
        issue_agent_key(actor=OPERATOR, digests=KEYS, name="x", agent="reporter", principal="alice")
    User.objects.all().delete()
    with pytest.raises(NotIssued, match="no principal"):
        a_token()


def test_every_token_that_is_issued_is_on_record_without_the_token(alice: User) -> None:
    text = a_token(session="s1")
    jti = VERIFIER.verify(text, audience="api", now=time.time()).claims.jti
    assert recorded(jti) == 1
    assert recorded(text.rpartition(".")[2]) == 0


def test_a_revocation_reaches_a_running_watch_within_half_a_second_without_any_nudge(
    transactional_db: None, alarms: list[str]
) -> None:
    User.objects.create_user("alice")
    directory = LiveDirectory(macs=KEYS, alarm=alarms.append)

    async def run() -> float:
        async with DirectoryWatch(directory).running():
            assert "alice" in directory.state.principals
            began = time.monotonic()
            await asyncio.to_thread(_revoke_apart)
            while not directory.state.revocations.rows and time.monotonic() - began < 5:
                await asyncio.sleep(0.005)
            return time.monotonic() - began

    assert asyncio.run(run()) < 0.5


def _revoke_apart() -> None:
    try:
        revoke(actor=OPERATOR, macs=KEYS, kind="session", value="s1", reason="left")
    finally:
        connection.close()


def test_a_watch_writes_down_when_keys_were_used(transactional_db: None) -> None:
    User.objects.create_user("alice")
    _, row = issue_agent_key(actor=OPERATOR, digests=KEYS, name="ci", agent="reporter", principal="alice")
    clock = iter(range(1_700_000_000, 1_800_000_000, 61))
    used = {row.public_id: 1_600_000_000.0}

    async def run() -> None:
        watch = DirectoryWatch(
            LiveDirectory(macs=KEYS), clock=lambda: float(next(clock)), used_keys=used, note_uses=note_uses
        )
        async with watch.running():
            assert used == {}

    asyncio.run(run())
    row.refresh_from_db()
    assert row.last_used_at == datetime.fromtimestamp(1_600_000_000, UTC)


def test_a_watch_outlives_a_database_that_is_away_and_confirms_nothing_meanwhile() -> None:
    class Away(LiveDirectory):
        calls = 0

        def refresh(self, now: float) -> bool:
            self.calls += 1
            if self.calls < 4:
                raise OperationalError("away")
            return True

    directory = Away(macs=KEYS)

    async def run() -> None:
        async with DirectoryWatch(directory, poll=0.01).running():
            assert directory.state.confirmed_at is None
            while directory.calls < 6:
                await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(run(), 5))

from __future__ import annotations

import io
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from accounts.models import AgentKey, Revocation, User
from accounts.tokens.claims import Claims
from accounts.tokens.verify import Verifier
from audit.models import OutboxEntry
from governance.deciding import keys
from governance.models.releases.switch import Switch

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def alice() -> User:
    return User.objects.create_user("alice", roles=["analyst"], groups=["oncall"], departments=["finance"])


def said(*words: str) -> str:
    out, err = io.StringIO(), io.StringIO()
    call_command("token", *words, stdout=out, stderr=err)
    assert err.getvalue() == ""
    return out.getvalue()


def claims_of(text: str, audience: str = "api") -> Claims:
    verifier = Verifier(ring=keys.token_keys(), issuer=settings.TOOLGATE_ISSUER)
    return verifier.verify(text, audience=audience, now=time.time()).claims


def fault(*words: str) -> CommandError:
    with pytest.raises(CommandError) as caught:
        said(*words)
    return caught.value


def test_issue_prints_one_token_and_nothing_else(alice: User) -> None:
    out = said("issue", "--principal", "alice")
    assert out.count("\n") == 1
    claims = claims_of(out.strip())
    assert (claims.sub, claims.aud, claims.exp - claims.iat, claims.agent) == ("alice", "api", 900, None)
    assert (claims.user_type, claims.rate_limit_tier, claims.epoch) == ("user", "user", alice.epoch)
    assert (claims.roles, claims.groups, claims.departments) == (
        frozenset({"analyst"}),
        frozenset({"oncall"}),
        frozenset({"finance"}),
    )
    assert claims.sid


def test_the_record_of_a_token_has_the_name_and_the_address_of_whom_it_is_for(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(name="Alice Ames", email="alice@example.org")
    said("issue", "--principal", "alice")
    issued = orjson.loads(bytes(OutboxEntry.objects.latest("id").body))["data"]
    assert orjson.loads(issued["detail"])["names"] == {"principal": "Alice Ames", "email": "alice@example.org"}


def test_issue_takes_agent_audience_ttl_session_and_scope() -> None:
    words = ("--agent", "reporter", "--audience", "hook", "--ttl", "60", "--session", "s-7", "--scope", "mcp")
    claims = claims_of(said("issue", "--principal", "alice", *words).strip(), "hook")
    assert (claims.agent, claims.exp - claims.iat, claims.sid, claims.scope) == ("reporter", 60, "s-7", ("mcp",))


@pytest.mark.parametrize(
    "words, reason",
    [
        (("issue", "--principal", "nobody"), "no principal nobody"),
        (("issue", "--principal", "alice", "--ttl", "0"), "lives for"),
        (("issue", "--principal", "alice", "--ttl", "86400"), "lives for"),
        (("issue", "--principal", "alice", "--session", "not a session"), "sid"),
        (("revoke", "user:alice", "--reason", "x"), "the target is one of"),
        (("revoke", "jti:", "--reason", "x"), "the target is one of"),
        (("revoke", "key:tg_nosuchkey0000000", "--reason", "x"), "no key"),
        (("key", "--agent", "reporter", "--principal", "nobody"), "no active principal"),
        (("key", "--agent", "reporter", "--principal", "alice", "--network", "10.0.0.1/8"), "host bits"),
    ],
)
def test_a_fault_is_one_line_and_exit_code_two(words: tuple[str, ...], reason: str) -> None:
    error = fault(*words)
    assert error.returncode == 2
    assert reason in str(error)
    assert "\n" not in str(error)


def test_a_suspended_principal_gets_no_token() -> None:
    User.objects.update(status="suspended")
    assert "suspended" in str(fault("issue", "--principal", "alice"))


@pytest.mark.parametrize(
    "scope, target", [("all", ""), ("principal", "alice"), ("agent", "reporter"), ("department", "finance")]
)
def test_no_token_is_issued_while_a_kill_switch_is_on(scope: str, target: str) -> None:
    now = datetime.now(UTC) - timedelta(minutes=5)
    made = Switch.objects.create(
        scope=scope, target=target, reason="x", set_by="x", set_at=now, epoch=1, key_id="k", mac=b"m"
    )
    words = ("issue", "--principal", "alice", "--agent", "reporter")
    assert "kill_switch.on" in str(fault(*words))
    Switch.objects.filter(pk=made.pk).update(until=now + timedelta(seconds=1))
    assert said(*words)
    Switch.objects.filter(pk=made.pk).update(until=None, lifted_at=now, lifted_by="x", lift_reason="x")
    assert said(*words)


def test_a_kill_switch_on_something_else_does_not_matter() -> None:
    for number, (scope, target) in enumerate((("principal", "bob"), ("agent", "other"), ("server", "files"))):
        Switch.objects.create(
            scope=scope,
            target=target,
            reason="x",
            set_by="x",
            set_at=datetime.now(UTC),
            epoch=number,
            key_id="k",
            mac=b"m",
        )
    assert said("issue", "--principal", "alice")


def test_key_prints_a_key_this_once_and_revoke_ends_it() -> None:
    key = said("key", "--agent", "reporter", "--principal", "alice", "--server", "files", "--days", "7").strip()
    row = AgentKey.objects.get()
    assert key.startswith(row.public_id + "_")
    assert (row.agent, row.servers, row.audiences, row.principal.username) == ("reporter", ["files"], [], "alice")
    assert said("revoke", f"key:{row.public_id}", "--reason", "leaked") == ""
    row.refresh_from_db()
    assert row.revoked_at is not None
    assert row.revoked_by == "command:token"


def test_revoke_says_nothing_and_stands_in_the_database() -> None:
    assert said("revoke", "session:s-7", "--reason", "lost laptop") == ""
    made = Revocation.objects.get()
    assert (made.kind, made.value, made.reason, made.revoked_by) == ("session", "s-7", "lost laptop", "command:token")


def test_nothing_is_printed_when_the_record_cannot_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **more: Any) -> None:
        raise ValueError("the record was refused")

    monkeypatch.setattr("accounts.services.tokens.outbox.record", refuse)
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("token", "issue", "--principal", "alice", stdout=out)
    assert out.getvalue() == ""

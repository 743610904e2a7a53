"""The directory: every change of a right raises the epoch, whoever writes it; nobody raises themselves."""

from __future__ import annotations

from typing import Any

import orjson
import psycopg
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from accounts.models import DirectoryEpoch, StaffGrant, User
from accounts.selectors.history import history_of
from accounts.services import directory
from accounts.services.actor import Actor
from accounts.services.errors import Conflict, NotPermitted
from tests.governance.admin.actors import staff

pytestmark = pytest.mark.django_db
SETUP = Actor.component("setup")


def person(username: str = "alice", **said: Any) -> User:
    return User.objects.create_user(username, **said)


def revision() -> int:
    return DirectoryEpoch.objects.get().revision


@pytest.mark.parametrize(
    "column,value",
    [
        ("tier", "admin"),
        ("status", "suspended"),
        ("roles", ["analyst"]),
        ("groups", ["oncall"]),
        ("departments", ["finance"]),
        ("rate_tier", "mcp"),
    ],
)
def test_a_changed_right_raises_the_epoch_even_around_the_services(column: str, value: object) -> None:
    alice, before = person(), revision()
    User.objects.filter(pk=alice.pk).update(**{column: value})
    alice.refresh_from_db()
    assert alice.epoch == 2
    assert alice.directory_revision == revision() == before + 1


@pytest.mark.parametrize("column,value", [("name", "Alice"), ("email", "a@example.org")])
def test_a_name_and_an_address_are_announced_and_leave_tokens_good(column: str, value: object) -> None:
    alice, before = person(), revision()
    User.objects.filter(pk=alice.pk).update(**{column: value})
    alice.refresh_from_db()
    assert (alice.epoch, alice.directory_revision, revision()) == (1, before + 1, before + 1)


@pytest.mark.parametrize("column,value", [("external_subject", "https://id.example|7"), ("last_login", None)])
def test_what_no_process_holds_raises_nothing(column: str, value: object) -> None:
    alice, before = person(), revision()
    User.objects.filter(pk=alice.pk).update(**{column: value})
    alice.refresh_from_db()
    assert (alice.epoch, revision()) == (1, before)


def test_an_epoch_never_goes_back() -> None:
    alice = person()
    User.objects.filter(pk=alice.pk).update(epoch=9)
    User.objects.filter(pk=alice.pk).update(epoch=1)
    alice.refresh_from_db()
    assert alice.epoch == 9


def test_a_removed_row_tells_readers_to_read_everything_anew() -> None:
    alice = person()
    alice.delete()
    assert DirectoryEpoch.objects.get().removed_at == revision()


@pytest.mark.django_db(transaction=True)
def test_a_change_is_announced_with_its_commit_and_not_before() -> None:
    alice = person()
    said = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    with psycopg.connect(**{key: said[key] for key in names if said.get(key)}, autocommit=True) as listener:
        listener.execute("LISTEN toolgate_directory")
        with transaction.atomic():
            User.objects.filter(pk=alice.pk).update(tier="mcp")
            assert list(listener.notifies(timeout=0.2)) == []
        heard = list(listener.notifies(timeout=5, stop_after=1))
    assert [each.payload for each in heard] == [str(revision())]


def test_a_service_account_needs_an_owner_and_a_person_has_none() -> None:
    with pytest.raises(ValidationError):
        person("nightly", kind="service", tier="service")
    alice = person()
    nightly = person("nightly", kind="service", tier="service", owner=alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=nightly.pk).update(kind="user")


def test_only_an_active_person_with_a_live_grant_is_staff() -> None:
    auditor = staff("auditor")
    assert User.objects.get(pk=auditor.pk).is_staff
    User.objects.filter(pk=auditor.pk).update(status="suspended")
    assert not User.objects.get(pk=auditor.pk).is_staff
    assert not person().is_staff


def test_an_operator_changes_people_but_neither_themselves_nor_staff() -> None:
    operator, auditor, alice = staff("operator"), staff("auditor"), person()
    actor = Actor.person(operator)
    alice.roles = ["analyst"]
    directory.update_user(actor=actor, user=alice, expected_revision=1)
    assert User.objects.get(pk=alice.pk).epoch == 2
    operator.tier = "admin"
    with pytest.raises(NotPermitted):
        directory.update_user(actor=actor, user=operator)
    with pytest.raises(NotPermitted):
        directory.set_password(actor=actor, user=auditor, password="taken over")
    with pytest.raises(NotPermitted):
        directory.grant_role(actor=actor, grant=StaffGrant(user=alice, role="auditor", reason="?"))


def test_a_change_is_recorded_with_the_name_and_the_address_of_who_made_it() -> None:
    owner = person("olga", name="Olga Ott")
    named = person("nora", name="Nora Nye", email="nora@example.org")
    service = person("robot", kind="service", tier="service", owner=owner)
    for actor, names in (
        (named, {"principal": "Nora Nye", "email": "nora@example.org"}),
        (service, {"owner": "Olga Ott"}),
        (person("quiet"), None),
    ):
        assert orjson.loads(orjson.dumps(Actor.person(actor).who.part)).get("names") == names


def test_the_last_owner_stays() -> None:
    owner = staff("owner")
    with pytest.raises(ValidationError, match="last owner"):
        directory.revoke_grant(actor=Actor.person(owner), grant=owner.staff_grants.get())
    leaving = User.objects.get(pk=owner.pk)
    leaving.status = "suspended"
    with pytest.raises(ValidationError, match="last owner"):
        directory.update_user(actor=Actor.person(owner), user=leaving, reason="leaves")
    assert User.objects.get(pk=owner.pk).is_superuser


def test_a_new_password_is_recorded_without_the_password_and_ends_older_tokens() -> None:
    alice = person()
    directory.set_password(actor=SETUP, user=alice, password="a long new one")
    alice.refresh_from_db()
    assert alice.check_password("a long new one")
    assert alice.epoch == 2
    [entry] = history_of(model="accounts.user", object_id="alice")
    assert (entry.action, entry.before, entry.after) == ("password_set", None, None)


def test_history_of_a_user_holds_no_password_and_no_epoch_counter_of_the_reader() -> None:
    user = User(username="bob")
    directory.create_user(actor=SETUP, user=user, password="secret enough")
    [entry] = history_of(model="accounts.user", object_id="bob")
    assert entry.after is not None
    assert not {"password", "directory_revision", "last_login"} & set(entry.after)


def test_two_people_editing_one_account_conflict() -> None:
    alice = person()
    suspended = User.objects.get(pk=alice.pk)
    suspended.status = "suspended"
    directory.update_user(actor=SETUP, user=suspended, reason="left her key in the door")
    alice.name = "Alice A."
    with pytest.raises(Conflict) as refused:
        directory.update_user(actor=SETUP, user=alice, expected_revision=1)
    assert "status" in refused.value.fields


def test_importing_principals_creates_and_updates_and_never_removes() -> None:
    person("carol", roles=["old"])
    said: dict[str, dict[str, Any]] = {
        "nightly": {"kind": "service", "owner": "alice", "departments": ["engineering"]},
        "alice": {"roles": ["analyst"]},
    }
    assert {change.object for change in directory.import_principals(actor=SETUP, principals=said)} == {
        "alice",
        "nightly",
    }
    assert directory.import_principals(actor=SETUP, principals=said) == []
    with pytest.raises(ValidationError, match="e-mail|email"):
        directory.import_principals(actor=SETUP, principals={"alice": {"email": "nobody"}})
    nightly = User.objects.get(username="nightly")
    assert (nightly.tier, nightly.owner.username if nightly.owner else "") == ("service", "alice")
    assert User.objects.get(username="carol").roles == ["old"]


def test_importing_a_service_without_its_owner_changes_nothing() -> None:
    with pytest.raises(ValidationError, match="nobody-here"):
        directory.import_principals(
            actor=SETUP, principals={"alice": {}, "nightly": {"kind": "service", "owner": "nobody-here"}}
        )
    assert not User.objects.exists()

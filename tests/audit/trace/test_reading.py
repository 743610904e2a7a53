from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.test import Client, RequestFactory

from accounts.models import StaffGrant, User
from audit.admin.trail import TrailRecordAdmin, visible
from audit.intake.ingest import drain_outbox
from audit.intake.ship import Shipper
from audit.management.commands.audit import inert
from audit.models import TrailRecord
from audit.records.canonical import RecordInvalid
from audit.records.capture import Capture
from audit.records.kinds import Kind
from audit.records.record import Prepared
from audit.records.who import Who, links_of
from audit.trace.reach import sees_any, within_reach
from audit.trace.reading import find_decision
from audit.writing.outbox import record, record_change, record_prepared
from governance.engine.decision import Effect
from governance.engine.principal import Link
from tests.audit.builders import caller, decision, frames_of, journal, unique, who

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HOSTILE = "<script>alert(1)</script>\u202e\u200b{{x}}\"'><img src=x onerror=alert(2)>"


@pytest.fixture
def staff(transactional_db: None) -> Client:
    name = unique("root")
    user: Any = get_user_model()
    made = user.objects.create_superuser(**{user.USERNAME_FIELD: name, "password": "not a real one 1"})
    client = Client(headers={"user-agent": BROWSER})
    client.force_login(made)
    return client


def ignore(code: str, detail: Any) -> None: ...


def put(connection: psycopg.Connection[Any], principal: str, **changes: Any) -> Any:
    record_id = record_prepared(decision(principal, **changes))
    drain_outbox(connection, alarm=ignore)
    return record_id


def test_the_list_shows_the_newest_first_and_hostile_names_inert(
    staff: Client, connection: psycopg.Connection[Any]
) -> None:
    principal = unique(HOSTILE)
    put(connection, unique("older"))
    record_id = put(connection, principal, tool=f"srv/{HOSTILE}", code=HOSTILE, reason=HOSTILE, effect=Effect.DENY)
    for address in (
        f"/admin/audit/trailrecord/{record_id}/change/",
        "/admin/audit/trailrecord/",
        f"/admin/audit/trailrecord/?kind=decision&effect=deny&span=hour&q={principal[-12:]}",
    ):
        answer = staff.get(address)
        assert answer.status_code == 200, address
        page = answer.content.decode()
        assert "<script>alert(1)" not in page
        assert "<img src=x" not in page
        assert "\u202e" not in page
    listing = staff.get("/admin/audit/trailrecord/").content.decode()
    assert listing.index("\\u{202e}") < listing.index("older-")


def test_the_detail_shows_layers_and_the_whole_record(staff: Client, connection: psycopg.Connection[Any]) -> None:
    record_id = put(connection, unique())
    page = staff.get(f"/admin/audit/trailrecord/{record_id}/change/").content.decode()
    assert "kill_switch" in page
    assert "1.5 µs" in page
    assert str(record_id) in page
    assert "&quot;salt&quot;" in page


def test_the_detail_shows_what_everybody_of_the_chain_was_called_and_hostile_names_inert(
    staff: Client, connection: psycopg.Connection[Any]
) -> None:
    chain = (Link(principal=caller("carol").principal), Link(agent="planner"))
    links = links_of(replace(caller(), chain=chain), [{"principal": "Carol Cole", "email": "c@example.org"}, {}])
    names = {"principal": HOSTILE, "email": "alice@example.org", "agent": "Reporter"}
    asked = Who.principal(unique(), kind="user", agent="claude", links=links, names=names)
    record_id = record_prepared(replace(decision(), who=asked))
    drain_outbox(connection, alarm=ignore)
    page = staff.get(f"/admin/audit/trailrecord/{record_id}/change/").content.decode()
    assert "<th>email</th><td>carol</td><td>c@example.org</td>" in page
    assert "<th>principal</th><td>carol</td><td>Carol Cole</td>" in page
    assert "<th>agent</th><td>claude</td><td>Reporter</td>" in page
    assert "<script>alert(1)" not in page
    assert "\u202e" not in page


def test_a_decision_that_cannot_be_read_is_shown_with_what_is_wrong(
    staff: Client, connection: psycopg.Connection[Any]
) -> None:
    record_id = record_prepared(Prepared(kind=Kind.DECISION, who=who(unique()), data={"effect": "perhaps"}))
    drain_outbox(connection, alarm=ignore)
    page = staff.get(f"/admin/audit/trailrecord/{record_id}/change/").content.decode()
    assert "not readable: /data/" in page
    assert "&quot;perhaps&quot;" in page
    with pytest.raises(RecordInvalid):
        find_decision(record_id)


def test_a_decision_is_found_by_its_id_and_nothing_else_is(connection: psycopg.Connection[Any]) -> None:
    principal = unique()
    record_id = put(connection, principal, effect=Effect.DENY)
    found = find_decision(record_id)
    assert found is not None
    assert (found.head.id, found.head.who.principal, found.head.who.agent) == (str(record_id), principal, "claude")
    assert (found.decision.effect, found.question.call_id) == (Effect.DENY, "call-1")
    event_id = record(Kind.SECURITY_EVENT, actor=Who.component("tests"), code=principal)
    drain_outbox(connection, alarm=ignore)
    assert find_decision(event_id) is None
    assert find_decision(uuid4()) is None


def test_nobody_adds_changes_or_deletes_in_the_admin(staff: Client, connection: psycopg.Connection[Any]) -> None:
    record_id = put(connection, unique())
    assert staff.get("/admin/audit/trailrecord/add/").status_code == 403
    assert staff.post(f"/admin/audit/trailrecord/{record_id}/change/", {"code": "x"}).status_code == 403
    assert staff.post(f"/admin/audit/trailrecord/{record_id}/delete/", {"post": "yes"}).status_code == 403
    answer = staff.post(
        "/admin/audit/trailrecord/", {"action": "delete_selected", "_selected_action": [str(record_id)]}
    )
    assert answer.status_code in (200, 302, 403)
    assert TrailRecord.objects.filter(id=record_id).exists()


def signed_in(role: str, **grant: Any) -> Client:
    """Somebody with one staff role."""
    user = User.objects.create_user(unique(role.replace("_", "-")))
    StaffGrant.objects.create(user=user, role=role, reason="test", **grant)
    client = Client(headers={"user-agent": BROWSER})
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        ("owner", {"decision", "admin_change", "authentication"}),
        ("auditor", {"decision", "admin_change", "authentication"}),
        ("operator", {"decision", "admin_change", "authentication"}),
        ("policy_author", {"decision", "admin_change"}),
        ("approver", {"decision", "admin_change"}),
        ("viewer", {"decision", "admin_change"}),
    ],
)
def test_each_role_sees_its_kinds_of_records_and_only_auditors_what_was_captured(
    connection: psycopg.Connection[Any], role: str, kinds: set[str]
) -> None:
    principal = unique()
    sealed = {"level": "redacted", "bytes": 9, "key": "01a2006c-ab8e-71ca-bb62-2b4f0c0f5624", "sealed": "SEALEDBYTES"}
    put(connection, principal, arguments=Capture(part=sealed))
    actor = Who.principal(principal, kind="user")
    with transaction.atomic():
        record_change(actor=actor, kind=Kind.ADMIN_CHANGE, action="create", model="governance.rule", object="1")
        record(Kind.AUTHENTICATION, actor=actor, action="sign_in", status="failed", method="password")
    drain_outbox(connection, alarm=ignore)
    client = signed_in(role)
    rows = TrailRecord.objects.filter(principal=principal)
    seen = {row.kind for row in rows if client.get(page_of(row)).status_code == 200}
    assert seen == kinds
    listed = client.get("/admin/audit/trailrecord/", {"q": principal}).context["cl"].queryset
    assert {row.kind for row in listed} == kinds
    page = client.get(page_of(rows.get(kind="decision"))).content.decode()
    assert ("SEALEDBYTES" in page) == (role == "auditor")


def test_a_grant_for_one_place_shows_the_records_of_that_place_alone(connection: psycopg.Connection[Any]) -> None:
    ours, theirs = put(connection, unique()), put(connection, unique(), tool="pay/send")
    for client in (
        signed_in("viewer", scope_kind="server", scope="github"),
        signed_in("auditor", scope_kind="server", scope="github"),
    ):
        assert client.get(f"/admin/audit/trailrecord/{ours}/change/").status_code == 200
        assert client.get(f"/admin/audit/trailrecord/{theirs}/change/").status_code == 302
    assert (
        signed_in("viewer", scope_kind="department", scope="finance")
        .get(f"/admin/audit/trailrecord/{ours}/change/")
        .status_code
        == 200
    )
    elsewhere = signed_in("viewer", scope_kind="department", scope="nance")
    assert elsewhere.get(f"/admin/audit/trailrecord/{ours}/change/").status_code == 302


def test_who_has_no_grant_sees_no_record(connection: psycopg.Connection[Any]) -> None:
    put(connection, unique())
    assert not TrailRecord.objects.filter(within_reach(User.objects.create_user(unique()))).exists()
    assert not sees_any(AnonymousUser())


def page_of(row: TrailRecord) -> str:
    return f"/admin/audit/trailrecord/{row.pk}/change/"


def test_the_list_is_always_bounded_in_time(transactional_db: None) -> None:
    site = TrailRecordAdmin(TrailRecord, admin.site)
    owner = User.objects.create_superuser(unique("owner"), password="not a real one 1")
    for query in ({}, {"span": "week"}, {"span": "for ever"}):
        request = RequestFactory().get("/admin/audit/trailrecord/", query)
        request.resolver_match = None
        request.user = owner
        text = str(site.get_queryset(request).query)
        assert '"id" >=' in text
        assert '"id" <' in text


@pytest.mark.parametrize("term", ["x\x00y", str(uuid4()), "a/b/c", "%", "'; --", "\ud7ff"])
def test_any_search_term_is_answered(staff: Client, connection: psycopg.Connection[Any], term: str) -> None:
    assert staff.get("/admin/audit/trailrecord/", {"q": term}).status_code == 200


def test_what_cannot_be_seen_is_written_out() -> None:
    assert visible("a\u202eb\x07\u200b") == "a\\u{202e}b\\u{7}\\u{200b}"
    assert inert("\x1b[31mred\u202e") == "\ufffd[31mred\ufffd"


# --- Command line


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = 0
    try:
        call_command("audit", *arguments)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, capsys.readouterr().out


def test_a_receipt_is_missing_then_recorded_and_another_digest_is_told(
    folder: Path, shipper: Shipper, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = journal(folder)
    receipt = writer.append(decision(unique()))
    place = (receipt.node, receipt.boot, str(receipt.n))
    assert run(capsys, "receipt", *place)[0] == 1
    shipper.step()
    code, text = run(capsys, "receipt", *place, "--digest", receipt.digest, "--json")
    assert (code, json.loads(text)["state"], json.loads(text)["id"]) == (0, "recorded", receipt.id)
    assert run(capsys, "receipt", *place, "--digest", "00" * 32)[0] == 2
    assert run(capsys, "receipt", str(uuid4()), receipt.boot, str(receipt.n))[0] == 1
    writer.close()


def test_show_prints_the_record_exactly_as_it_was_written(
    connection: psycopg.Connection[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    record_id = put(connection, unique(), tool="srv/\x1b[2Jx")
    code, text = run(capsys, "show", str(record_id), "--json")
    assert (code, text.rstrip("\n").encode()) == (0, bytes(TrailRecord.objects.get(id=record_id).body))
    code, text = run(capsys, "show", str(record_id))
    assert code == 0
    assert "\x1b" not in text
    assert run(capsys, "show", str(uuid4()))[0] == 1


def test_the_quarantine_is_listed_until_somebody_has_reviewed_it(
    folder: Path, shipper: Shipper, capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    settings.TOOLGATE_JOURNAL_DIR = folder
    run(capsys, "quarantine", "--reviewed", "left by other tests")
    assert run(capsys, "quarantine") == (0, "")
    writer = journal(folder)
    for _ in range(4):
        writer.append(decision(unique()))
    writer.close()
    (path,) = folder.glob("*.log")
    raw = bytearray(path.read_bytes())
    raw[frames_of(path)[2].start + 90] ^= 1
    path.write_bytes(raw)
    for _ in range(6):
        shipper.step()
    code, text = run(capsys, "quarantine", "--json")
    frame, file = map(json.loads, text.splitlines())
    assert (code, frame["segment"], frame["reason"]) == (2, path.stem, "it is damaged")
    assert file == {"file": str(folder / "quarantine" / path.name), "bytes": len(raw)}
    with pytest.raises(CommandError, match="--reviewed"):
        run(capsys, "quarantine", "--reviewed", " ")
    code, text = run(capsys, "quarantine", "--reviewed", "one byte; disk replaced", "--json")
    assert (code, json.loads(text)) == (0, {"reviewed": 1, "segments": [path.stem]})
    assert run(capsys, "quarantine") == (0, "")
    assert (folder / "quarantine" / "reviewed" / path.name).read_bytes() == raw
    drain_outbox(shipper._connected(), alarm=ignore)
    told = TrailRecord.objects.filter(kind="admin_change").order_by("-seq")[0].content()
    assert (told["data"]["action"], told["data"]["reason"]) == ("reviewed", "one byte; disk replaced")
    assert json.loads(told["data"]["after"]) == {"frames": 1, "segments": [path.stem]}
    assert TrailRecord.objects.filter(boot=path.stem[:36]).count() == 5


def test_list_filters_and_says_when_nothing_is_found(
    connection: psycopg.Connection[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    principal = unique()
    record_id = put(connection, principal, effect=Effect.DENY, code="rule.deny")
    code, text = run(capsys, "list", "--principal", principal, "--effect", "deny", "--json")
    assert (code, json.loads(text)["id"]) == (0, str(record_id))
    assert run(capsys, "list", "--principal", unique())[0] == 1

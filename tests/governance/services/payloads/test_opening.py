"""Captured payloads are opened by auditors alone, for a reason, and never without a record of it."""

from __future__ import annotations

import base64
import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from accounts.models import StaffGrant, StaffRole, User
from accounts.tokens.claims import ActLink
from audit.models import DayKey, TrailRecord
from audit.trace.payloads import openings_of
from audit.writing.journal import Journal
from audit.writing.promise import FailMode
from governance.deciding import keys
from governance.vault.keypair import parse_capture_keys
from tests.governance.api.deciding import CAPTURE
from tests.governance.services.payloads.conftest import AWS, MARK, WHY, House, ask, planted

BROKEN = pytest.mark.parametrize("fail", [FailMode.CLOSED, FailMode.OPEN])


def holding(mark: str) -> list[str]:
    """Every table of the database that holds this text, plain or as bytes."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s OR t::text LIKE %s',
                [f"%{mark}%", f"%{mark.encode().hex()}%"],
            )
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def refused(answered: Any) -> tuple[int, str]:
    return answered.status, answered.json["code"]


def altered_copy(record: UUID, **changes: str) -> UUID:
    """The same record under another id, with another capture."""
    return planted(record, lambda content: content["data"]["arguments"].update(changes))


def test_an_auditor_opens_what_was_captured_in_full_exactly_as_it_came(house: House) -> None:
    record = house.captured("read_full", path=f"/srv/{MARK}", note="ü\u202e", number=9_007_199_254_740_993)
    answered = ask(house.staff.person("auditor"), record)
    assert answered.status == 200, answered.body
    said = answered.json
    assert json.loads(said.pop("text")) == {"path": f"/srv/{MARK}", "note": "ü\u202e", "number": 9_007_199_254_740_993}
    assert said.pop("opening")
    assert said == {"record": str(record), "place": "arguments", "level": "full", "size": said["size"]}
    assert answered.headers["cache-control"] == "no-store"


def test_what_was_taken_out_before_it_was_kept_stays_out(house: House) -> None:
    record = house.captured("read", path="/srv/ledger/q3.csv", note=f"use {AWS}")
    answered = ask(house.staff.person("auditor"), record)
    assert (answered.status, answered.json["level"]) == (200, "redacted")
    assert "[secret:" in answered.json["text"]
    assert AWS not in answered.json["text"]
    assert "/srv/ledger/q3.csv" in answered.json["text"]


def test_a_result_is_opened_too_though_its_decision_brought_no_key(house: House) -> None:
    decided = house.process.decide("alice", {"server": "files", "tool": "read", "arguments": {"path": "/srv/a"}})
    house.ship()
    house.process.runtime.day_keys.forget()  # another process, or another day, than the decision's
    token = house.process.token("alice")
    body = {"status": "success", "result": {"rows": MARK}}
    path = f"/api/v1/decisions/{decided.json['id']}/outcome"
    assert house.process.post(path, token=token, body=body).status == 200
    house.ship()
    row = TrailRecord.objects.get(kind="execution", execution=decided.json["id"], status="success")
    answered = ask(house.staff.person("auditor"), row.pk)
    assert answered.status == 200, answered.body
    assert (answered.json["place"], json.loads(answered.json["text"])) == ("result", {"result": {"rows": MARK}})
    assert house.opening(answered)["data"]["decision"] == decided.json["id"]
    assert [one.place for one in openings_of(row)] == ["result"]
    assert openings_of(house.row(UUID(decided.json["id"]))) == []


def test_the_opening_is_a_record_that_says_who_why_and_through_which_door_and_nothing_of_the_payload(
    house: House,
) -> None:
    record = house.captured()
    answered = ask(house.staff.person("auditor"), record)
    opening = house.opening(answered)
    assert (opening["kind"], opening["who"]["principal"]) == ("security_event", "auditor-all")
    assert opening["who"]["session"] == "s-1"
    data = opening["data"]
    assert (data["code"], data["reason"], data["decision"]) == ("payload.opened", WHY, str(record))
    assert (data["server"], data["tool"]) == ("files", "read")
    assert json.loads(data["detail"]) == {"record": str(record), "place": "arguments", "door": "api"}
    assert MARK not in json.dumps(opening)


@pytest.mark.parametrize("role", [*StaffRole.values, None])
def test_auditors_alone_open_it(house: House, role: str | None) -> None:
    record = house.captured()
    answered = ask(house.staff.person(role), record)
    expected = {"auditor": 200}.get(role or "", 403)
    assert answered.status == expected, answered.body
    if role not in (None, "auditor"):
        assert answered.json["code"] == "permission.missing"
    house.ship()
    assert len(openings_of(house.row(record))) == (role == "auditor")


def test_an_owner_who_is_an_auditor_as_well_opens_it(house: House) -> None:
    record = house.captured()
    owner = house.staff.person("owner")
    StaffGrant.objects.create(user=User.objects.get(username=owner.name), role="auditor", reason="small team")
    assert ask(owner, record).status == 200


def test_an_agent_a_delegated_token_and_a_stranger_open_nothing(house: House) -> None:
    record = house.captured()
    auditor = house.staff.person("auditor")
    assert refused(ask(house.staff.agent_of(auditor), record)) == (403, "token.agent")
    auditor.token = house.process.token(auditor.name, act=(ActLink(sub="bob"),))
    assert refused(ask(auditor, record)) == (403, "token.agent")
    assert ask(house.staff.nobody, record).status == 401
    auditor.token = house.process.token(auditor.name, audience="hook")
    assert ask(auditor, record).status == 401


def test_a_grant_for_one_place_opens_what_is_of_that_place_alone(house: House) -> None:
    record = house.captured()  # of alice, who is in finance, on the server files
    for kind, place, status in (
        ("server", "files", 200),
        ("server", "mail", 404),
        ("department", "finance", 200),
        ("department", "engineering", 404),
    ):
        person = house.staff.person("auditor", scope_kind=kind, scope=place)
        assert ask(person, record).status == status, (kind, place)


def test_what_another_grant_shows_is_not_opened_by_it(house: House) -> None:
    record = house.captured()
    person = house.staff.person("auditor", scope_kind="server", scope="mail")
    StaffGrant.objects.create(user=User.objects.get(username=person.name), role="operator", reason="looks at all")
    assert refused(ask(person, record)) == (404, "object.unknown")
    page = house.browser(person).get(f"/admin/audit/trailrecord/{record}/change/").content.decode()
    assert "Open the payload" not in page
    assert house.row(record).content()["data"]["arguments"]["sealed"] not in page


def test_no_record_and_another_id_are_unknown(house: House) -> None:
    auditor = house.staff.person("auditor")
    assert refused(ask(auditor, uuid4())) == (404, "object.unknown")
    path = f"/api/v1/records/{'-' * 36}/payload"
    assert refused(auditor.post(path, {"reason": WHY})) == (404, "object.unknown")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "/reason"),
        ({"reason": None}, "/reason"),
        ({"reason": 7}, "/reason"),
        ({"reason": "too short"}, "/reason"),
        ({"reason": "         short          "}, "/reason"),
        ({"reason": "\u200b" * 12}, "/reason"),
        ({"reason": "x" * 501}, "/reason"),
        ({"reason": f"The key {AWS} was seen in it"}, "/reason"),
        ({"reason": WHY, "door": "console"}, "/door"),
    ],
)
def test_a_reason_is_needed_and_holds_no_credential(house: House, body: dict[str, Any], path: str) -> None:
    record = house.captured()
    answered = house.staff.person("auditor").post(f"/api/v1/records/{record}/payload", body)
    assert (answered.status, answered.json["path"]) == (400, path), answered.body
    assert AWS not in answered.body.decode()
    house.ship()
    assert openings_of(house.row(record)) == []


@BROKEN
def test_no_record_no_payload(
    house: House, fail: FailMode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    record = house.captured()
    full = Journal(tmp_path / "full", node=house.process.runtime.journal.node, key=b"j" * 32, fail=fail, cap=0)
    monkeypatch.setattr(house.process.runtime, "journal", full)
    with caplog.at_level(logging.DEBUG):
        answered = ask(house.staff.person("auditor"), record)
    assert refused(answered) == (503, "audit.unavailable")
    assert MARK not in answered.body.decode()
    assert MARK not in caplog.text
    full.close()


def test_a_process_without_the_private_half_says_which_setting_is_missing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = house.captured()
    auditor = house.staff.person("auditor")
    monkeypatch.setattr(keys, "capture_keys", CAPTURE.public_only)
    answered = ask(auditor, record)
    assert refused(answered) == (503, "payload.no_key")
    assert "TOOLGATE_CAPTURE_KEY" in answered.json["detail"]
    assert "manage.py audit payload" in answered.json["detail"]
    other = parse_capture_keys(f"other:{base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip('=')}")
    monkeypatch.setattr(keys, "capture_keys", lambda: other)
    answered = ask(auditor, record)
    assert refused(answered) == (503, "payload.no_key")
    assert "TOOLGATE_CAPTURE_KEY" in answered.json["detail"]
    assert "the key that this was sealed to" in answered.json["detail"]
    house.ship()
    assert openings_of(house.row(record)) == []


def test_what_was_erased_says_since_when_and_stays_erased(house: House) -> None:
    record = house.captured()
    key = DayKey.objects.get(pk=house.row(record).content()["data"]["arguments"]["key"])
    kept = key.sealed
    when = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
    DayKey.objects.filter(pk=key.pk).update(sealed="", destroyed_at=when)
    answered = ask(house.staff.person("auditor"), record)
    assert refused(answered) == (409, "payload.erased")
    assert "Erased on 2026-03-04" in answered.json["detail"]
    with connection.cursor() as cursor:  # a frame that is sent again
        cursor.execute(
            "INSERT INTO audit_day_key (id, kid, principal, day, sealed) VALUES (%s, 'k', 'alice', 1, %s) "
            "ON CONFLICT (id) DO NOTHING",
            [key.pk, kept],
        )
    assert DayKey.objects.get(pk=key.pk).sealed == ""
    DayKey.objects.filter(pk=key.pk).delete()
    assert refused(ask(house.staff.person("auditor"), record)) == (409, "payload.key_lost")


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("read_digest", {}, "Captured as digest"),
        ("read_none", {}, "The capture level was none"),
        ("read_full", {"path": "/srv/a", "text": "x" * 17_000}, "longer than 16 KiB"),
    ],
)
def test_what_was_not_kept_says_so(house: House, tool: str, arguments: dict[str, Any], said: str) -> None:
    record = house.captured(tool, **arguments)
    answered = ask(house.staff.person("auditor"), record)
    assert refused(answered) == (409, "payload.none")
    assert said in answered.json["detail"]


def test_a_record_that_captures_nothing_says_so(house: House) -> None:
    auditor = house.staff.person("auditor")
    opening = ask(auditor, house.captured()).json["opening"]
    house.ship()
    assert refused(ask(auditor, UUID(opening))) == (409, "payload.none")


def test_what_was_altered_does_not_verify_and_the_attempt_is_recorded(house: House) -> None:
    record = house.captured()
    auditor = house.staff.person("auditor")
    sealed = house.row(record).content()["data"]["arguments"]["sealed"]
    flipped = sealed[:20] + ("A" if sealed[20] != "A" else "B") + sealed[21:]
    copy = altered_copy(record, sealed=flipped)
    answered = ask(auditor, copy)
    assert refused(answered) == (409, "payload.altered")
    assert "does not verify" in answered.json["detail"]
    house.ship()
    (opening,) = TrailRecord.objects.filter(code="payload.altered", decision=str(copy))
    assert (opening.level, opening.principal) == ("error", auditor.name)


def test_somebody_elses_payload_under_a_record_does_not_verify(house: House) -> None:
    record = house.captured()
    theirs = house.row(house.captured("read", principal="carol", path="/srv/b")).content()["data"]["arguments"]
    copy = altered_copy(record, key=theirs["key"], sealed=theirs["sealed"])
    assert refused(ask(house.staff.person("auditor"), copy)) == (409, "payload.altered")


def test_plain_text_is_nowhere_in_the_database_the_journal_or_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        record = house.captured()
        auditor = house.staff.person("auditor")
        assert MARK in ask(auditor, record).json["text"]
        page = house.browser(auditor).post(f"/admin/trail/{record}/payload/", {"reason": WHY})
        assert MARK in page.content.decode()
        house.ship()
    assert len(openings_of(house.row(record))) == 2
    assert holding(MARK) == []
    assert holding(WHY)  # the search itself finds what is there
    assert MARK not in caplog.text
    for path in house.process.runtime.journal.folder.iterdir():
        assert MARK.encode() not in path.read_bytes(), path

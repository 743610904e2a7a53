"""The page that opens a captured payload, and what the record's own page says of openings."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

from accounts.models import StaffRole
from audit.models import DayKey, TrailRecord
from audit.trace.payloads import openings_of
from audit.writing.journal import Journal
from governance.deciding import keys
from tests.governance.api.deciding import CAPTURE
from tests.governance.services.payloads.conftest import AWS, MARK, WHY, House, ask, planted

HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>\u202e\u0007{{ 7|add:7 }}"


def page_of(record: UUID) -> str:
    return f"/admin/trail/{record}/payload/"


def record_page(record: UUID) -> str:
    return f"/admin/audit/trailrecord/{record}/change/"


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def test_an_auditor_comes_from_the_record_gives_a_reason_and_sees_it_once(house: House) -> None:
    record = house.captured()
    browser = house.browser(house.staff.person("auditor"))
    before = text_of(browser.get(record_page(record)))
    assert f'<a class="button" href="{page_of(record)}">Open the payload</a>' in before
    assert "nobody" in before
    asked = browser.get(page_of(record))
    assert asked.status_code == 200
    assert "Nobody has opened it." in text_of(asked)
    assert MARK not in text_of(asked)
    shown = browser.post(page_of(record), {"reason": WHY})
    assert shown.status_code == 200
    assert "no-store" in shown["cache-control"]
    assert MARK in text_of(shown)
    assert '<form method="post" class="tg-form"' not in text_of(shown)
    house.ship()
    for address in (page_of(record), record_page(record)):
        after = text_of(browser.get(address))
        assert MARK not in after
        assert "auditor-all" in after
        assert WHY in after
        assert "console" in after
    assert MARK not in text_of(
        browser.get(f"/admin/audit/trailrecord/{openings_of(house.row(record))[0].head.id}/change/")
    )


def test_hostile_content_is_inert_and_placeholders_are_marked(house: House) -> None:
    record = house.captured("read_full", path="/srv/a", note=HOSTILE, **{HOSTILE: 1})
    browser = house.browser(house.staff.person("auditor"))
    page = browser.post(page_of(record), {"reason": f"{WHY} {HOSTILE}"}).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    house.ship()
    for html in (
        page,
        browser.get(page_of(record)).content.decode(),
        browser.get(record_page(record)).content.decode(),
    ):
        assert "<script>alert(1)" not in html
        assert "<img src=x" not in html
        assert "\u202e" not in html
        assert "14" not in re.findall(r"\{\{ 7.{0,20}", html)
    redacted = house.captured("read", path="/srv/a", note=AWS)
    page = browser.post(page_of(redacted), {"reason": WHY}).content.decode()
    assert re.search(r"<mark>\[secret:[a-z_]+\]</mark>", page)
    assert AWS not in page


@pytest.mark.parametrize("role", [role for role in StaffRole.values if role != StaffRole.AUDITOR])
def test_other_roles_get_neither_the_page_nor_the_way_there(house: House, role: str) -> None:
    record = house.captured()
    browser = house.browser(house.staff.person(role))
    assert "Open the payload" not in text_of(browser.get(record_page(record)))
    for answer in (browser.get(page_of(record)), browser.post(page_of(record), {"reason": WHY})):
        assert answer.status_code == 403
        assert "<strong>auditor</strong>." in text_of(answer)
        assert MARK not in text_of(answer)
    house.ship()
    assert openings_of(house.row(record)) == []


def test_who_opened_it_is_for_those_who_see_security_events(house: House) -> None:
    record = house.captured()
    assert ask(house.staff.person("auditor"), record).status == 200
    house.ship()
    for role in StaffRole.values:
        page = text_of(house.browser(house.staff.person(role)).get(record_page(record)))
        assert (WHY in page) == (role in ("owner", "operator", "auditor")), role


def test_a_record_out_of_reach_is_no_page(house: House) -> None:
    record = house.captured()
    browser = house.browser(house.staff.person("auditor", scope_kind="department", scope="engineering"))
    assert browser.get(page_of(record)).status_code == 404
    assert browser.post(page_of(record), {"reason": WHY}).status_code == 404


@pytest.mark.parametrize("reason", ["", "short", "x" * 501, f"The key {AWS} stood in it", AWS + " x" * 250])
def test_a_reason_that_will_not_do_is_told_in_the_form(house: House, reason: str) -> None:
    record = house.captured()
    answer = house.browser(house.staff.person("auditor")).post(page_of(record), {"reason": reason})
    assert answer.status_code == 200
    assert 'class="errorlist"' in text_of(answer)
    assert MARK not in text_of(answer)
    assert AWS not in text_of(answer)
    house.ship()
    assert openings_of(house.row(record)) == []


def test_no_record_no_payload_on_the_page(house: House, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    record = house.captured()
    full = Journal(tmp_path / "full", node=house.process.runtime.journal.node, key=b"j" * 32, cap=0)
    monkeypatch.setattr(house.process.runtime, "journal", full)
    answer = house.browser(house.staff.person("auditor")).post(page_of(record), {"reason": WHY})
    assert answer.status_code == 503
    assert "could not be recorded, so nothing is shown" in text_of(answer)
    assert MARK not in text_of(answer)


def test_the_page_says_beforehand_what_will_not_open(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    record = house.captured()
    browser = house.browser(house.staff.person("auditor"))
    assert "Captured as digest" in text_of(browser.get(page_of(house.captured("read_digest"))))
    with monkeypatch.context() as patched:
        patched.setattr(keys, "capture_keys", CAPTURE.public_only)
        assert "TOOLGATE_CAPTURE_KEY" in text_of(browser.get(page_of(record)))
        assert browser.post(page_of(record), {"reason": WHY}).status_code == 503
    DayKey.objects.update(sealed="", destroyed_at="2026-03-04T00:00:00Z")
    assert "Erased on 2026-03-04" in text_of(browser.get(page_of(record)))
    assert browser.post(page_of(record), {"reason": WHY}).status_code == 409


def test_all_openings_are_listed_by_a_filter_of_the_trail(house: House) -> None:
    record = house.captured()
    auditor = house.staff.person("auditor")
    opening = ask(auditor, record).json["opening"]
    house.ship()
    answer = house.browser(auditor).get("/admin/audit/trailrecord/", {"code": "payload.opened", "span": "hour"})
    listed = {str(row.pk) for row in answer.context["cl"].queryset}
    assert opening in listed
    assert {row.code for row in TrailRecord.objects.filter(pk__in=listed)} == {"payload.opened"}


def test_an_opening_that_was_altered_is_said_to_be_unreadable(house: House) -> None:
    record = house.captured()
    auditor = house.staff.person("auditor")
    opening = UUID(ask(auditor, record).json["opening"])
    house.ship()
    planted(opening, lambda content: content["data"].update(invented="x"))
    browser = house.browser(auditor)
    assert "not readable: /data/invented" in text_of(browser.get(record_page(record)))
    page = browser.get(page_of(record))
    assert page.status_code == 200
    assert "One of them cannot be read: /data/invented" in text_of(page)


def test_a_record_that_was_altered_is_said_to_be_unreadable(house: House) -> None:
    copy = planted(house.captured(), lambda content: content["data"].update(arguments="x"))
    auditor = house.staff.person("auditor")
    answered = ask(auditor, copy)
    assert (answered.status, answered.json["code"]) == (409, "payload.none")
    assert "cannot be read" in text_of(house.browser(auditor).get(page_of(copy)))

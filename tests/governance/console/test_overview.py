"""The first page: numbers of the last day, what is in force, what is off."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from audit.intake.ingest import drain_outbox
from audit.writing import process
from audit.writing.outbox import record_prepared
from governance.console.pages import traffic
from governance.engine.decision import Effect
from governance.models import Release
from tests.audit.builders import decision
from tests.governance.admin.actors import signed_in, staff


@pytest.mark.django_db
def test_an_empty_installation_teaches_the_next_step() -> None:
    html = signed_in(staff("owner")).get(reverse("admin:index")).content.decode()
    assert "Nothing has been published yet" in html
    assert reverse("admin:review") in html


def test_it_says_what_is_in_force_and_what_is_in_shadow(demo: Release) -> None:
    html = signed_in(staff("viewer")).get(reverse("admin:index")).content.decode()
    assert "Release 1" in html
    assert "rules.no-night-rollbacks" in html


def test_a_page_costs_few_queries_and_little(demo: Release, django_assert_max_num_queries: Any) -> None:
    client = signed_in(staff("owner"))
    client.get(reverse("admin:index"))
    traffic.forget()
    with django_assert_max_num_queries(25):
        answer = client.get(reverse("admin:index"))
    assert len(answer.content) < 100_000


def _decided(**changes: Any) -> None:
    record_prepared(decision(**changes))
    with process.connect() as connection:
        drain_outbox(connection, alarm=lambda code, detail: None)


@pytest.mark.django_db(transaction=True)
def test_calls_are_counted_by_what_came_of_them_and_the_denied_ones_by_name() -> None:
    before = traffic.traffic_of_a_day()
    _decided()
    for _ in range(2):
        _decided(effect=Effect.DENY, tool="files/<b>hostile\u202e", layer="blocklist", code="block.host", reason="no")
    _decided(effect=Effect.ASK, layer="approval", code="approval.required", reason="ask")
    traffic.forget()
    now = traffic.traffic_of_a_day()
    assert now.counted
    assert (now.calls - before.calls, now.allow - before.allow) == (4, 1)
    assert (now.deny - before.deny, now.ask - before.ask) == (2, 1)
    assert dict(now.tools)["files/<b>hostile\u202e"] == 2
    week = traffic.hits_of_a_week()
    assert len(week.days) == 7
    assert week.by_entry["r1"][-1] >= 2
    html = signed_in(staff("owner")).get(reverse("admin:index")).content.decode()
    assert "files/&lt;b&gt;hostile\\u{202e}" in html
    assert "<b>hostile" not in html
    assert "r1" in signed_in(staff("viewer")).get(reverse("admin:try")).content.decode()


@pytest.mark.django_db
def test_numbers_over_everything_are_not_for_a_grant_that_reaches_one_department() -> None:
    local = signed_in(staff("auditor", scope_kind="department", scope="finance"))
    assert "Calls in the last 24 hours" not in local.get(reverse("admin:index")).content.decode()
    assert "What denied in the last 7 days" not in local.get(reverse("admin:try")).content.decode()


@pytest.mark.django_db
def test_a_count_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection

    def slow() -> traffic.Traffic:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")
        return traffic.Traffic(calls=1)

    monkeypatch.setattr(traffic, "LONGEST", "50ms")
    monkeypatch.setattr(traffic, "count_a_day", slow)
    assert not traffic.traffic_of_a_day().counted
    html = signed_in(staff("owner")).get(reverse("admin:index")).content.decode()
    assert "more than can be counted" in html

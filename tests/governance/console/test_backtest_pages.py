"""Backtests that are asked for on the review page: done by the worker, left and looked at again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.services.actor import Actor
from accounts.services.errors import NotPermitted
from governance.models import BacktestRun, BacktestStatus, Release, Rule
from governance.policy.tables.compiler import read_draft
from governance.services.authoring.objects import create_object
from governance.services.replaying import backtest_runs
from governance.services.replaying.backtest_runs import (
    MOST_TRIES,
    BacktestRefused,
    ask_for_backtest,
    carry_out_backtest,
    carry_out_waiting_backtests,
)
from tests.governance.admin.actors import signed_in, staff
from tests.governance.console.policies import SETUP, change_rule
from tests.governance.services.recorded import Recorder

pytestmark = pytest.mark.django_db


@pytest.fixture
def author(demo: Release) -> Client:
    return signed_in(staff("policy_author", name="anna"))


def _recorded() -> set[str]:
    """Calls of the last minutes, and those among them that the proposed rule would stop."""
    document = dict(read_draft().document)
    document.pop("principals", None)
    recorder = Recorder(document)
    stopped = {recorder.record("fetch", {"url": f"https://example.com/{number}"}, principal="bob") for number in (1, 2)}
    recorder.record("search", {"text": "ledger"}, principal="bob")
    recorder.store()
    return stopped


def _propose() -> None:
    create_object(
        actor=SETUP,
        instance=Rule(
            slug="no-fetch", effect="deny", subjects={"everyone": True}, entities=["tool:files/fetch"],
            justification="A proposal",
        ),
    )  # fmt: skip


def _ask(client: Client, days: object = 1) -> str:
    answer = client.post(reverse("admin:backtest"), {"days": days}, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def _review(client: Client) -> str:
    return str(client.get(reverse("admin:review")).content.decode())


def test_it_is_asked_for_left_and_names_exactly_what_would_flip(author: Client) -> None:
    stopped = _recorded()
    _propose()
    assert "not run on this draft" in _review(author)
    html = _ask(author)
    assert "waiting for the worker" in html
    assert "follow.js" in html
    assert carry_out_waiting_backtests() == 1
    html = _review(author)
    assert "flips" in html
    assert all(one in html for one in stopped)
    assert "no-fetch" in html
    run = BacktestRun.objects.get()
    assert (run.status, run.done, run.result["flipped"]) == (BacktestStatus.DONE, 3, 2)
    assert {flip["id"] for flip in run.result["flips"]} == stopped
    assert "https://example.com" not in str(run.result), "no values"


def test_a_result_is_of_exactly_one_draft(author: Client) -> None:
    _propose()
    _ask(author)
    carry_out_waiting_backtests()
    assert "not run on this draft" not in _review(author)
    change_rule()
    assert "not run on this draft" in _review(author)


def test_one_that_is_under_way_is_not_asked_for_twice(author: Client) -> None:
    _propose()
    _ask(author)
    _ask(author)
    assert BacktestRun.objects.count() == 1


def test_what_a_dead_worker_left_is_taken_up_again_and_given_up_in_the_end(demo: Release) -> None:
    _propose()
    run = ask_for_backtest(actor=SETUP, days=1)
    long_ago = datetime.now(tz=UTC) - timedelta(minutes=5)
    BacktestRun.objects.update(status=BacktestStatus.RUNNING, tries=1, beat_at=long_ago)
    assert carry_out_waiting_backtests() == 1
    run.refresh_from_db()
    assert (run.status, run.tries) == (BacktestStatus.DONE, 2)
    BacktestRun.objects.update(status=BacktestStatus.RUNNING, tries=MOST_TRIES, beat_at=long_ago)
    assert carry_out_waiting_backtests() == 0
    run.refresh_from_db()
    assert run.status == BacktestStatus.FAILED


def test_what_another_worker_is_at_is_left_to_it(demo: Release) -> None:
    _propose()
    run = ask_for_backtest(actor=SETUP, days=1)
    BacktestRun.objects.update(status=BacktestStatus.RUNNING, tries=1, beat_at=datetime.now(tz=UTC))
    assert carry_out_backtest(run.pk) is None


def test_a_failure_is_said_on_the_page(author: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("the trail is <unreadable>")

    _propose()
    _ask(author)
    monkeypatch.setattr(backtest_runs, "backtest", broken)
    carry_out_waiting_backtests()
    assert "the trail is &lt;unreadable&gt;" in _review(author)


@pytest.mark.parametrize("days", [0, 91, "", "x", -1])
def test_days_out_of_bounds_are_refused(author: Client, days: object) -> None:
    assert "1 to 90 days" in _ask(author, days)
    assert not BacktestRun.objects.exists()
    with pytest.raises(BacktestRefused):
        ask_for_backtest(actor=SETUP, days=0)


def test_whoever_only_looks_asks_for_none(demo: Release) -> None:
    viewer = staff("viewer")
    assert "Nothing was done" in _ask(signed_in(viewer))
    with pytest.raises(NotPermitted):
        ask_for_backtest(actor=Actor.person(viewer), days=1)

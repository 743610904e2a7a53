"""Which rules matched no call in 30 or 90 days: from decisions, through the trail, to every lint."""

from __future__ import annotations

import contextlib
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse

from audit.models import RuleUse
from governance.console.pages.releasing import review
from governance.policy.files.bundle import write_yaml
from governance.policy.lint.linter import lint
from governance.selectors import known as selector
from governance.selectors.known import known_beside
from governance.selectors.policy_versions import draft_version
from governance.services.authoring.draft import replace_draft
from tests.governance.admin.actors import signed_in, staff
from tests.governance.releases import backdate
from tests.governance.services.policies import COMMAND, policy, published
from tests.governance.services.recorded import Recorder

pytestmark = pytest.mark.django_db

DAY = 86_400.0


def document(**changed: Any) -> dict[str, Any]:
    """Rule `rule-0000N` is for tool `tN`; the third denies, the last is in shadow."""
    made = policy(rules=4)
    made["rules"][3] |= {"mode": "shadow"}
    for rule in made["rules"]:
        rule.pop("when", None)
        rule |= changed.get(rule["id"].replace("-", "_"), {})
    return made


def counted_for(days: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_head SET rules_since = now() - make_interval(secs => %s)", [days * DAY])


def stood_for(days: float, **changed: Any) -> dict[str, Any]:
    """The policy as the only release, published so many days ago, and as the draft."""
    said = document(**changed)
    published(said)
    backdate(1, days=days)
    return said


def decided(*tools: str, days_ago: float = 0.0) -> None:
    recorder = Recorder(document())
    for tool in tools:
        recorder.record(tool, {"amount": 0}, at=time.time() - days_ago * DAY)
    recorder.ingest()


def unused() -> dict[str, str]:
    said = draft_version().document
    now = time.time()
    found = lint(said, now=now, known=known_beside(said, now=now))
    return {one.path.removeprefix("rules."): one.message for one in found if one.code == "unused"}


def test_a_rule_whose_decisions_are_in_the_trail_is_not_reported_and_one_without_is() -> None:
    stood_for(40)
    counted_for(40)
    decided("t0", "t2", "t3")  # allowed, denied, matched in shadow
    assert unused() == {"rule-00001": "matched no call in 30 days"}
    decided("t1")
    assert unused() == {}


def test_a_rule_that_matched_long_ago_is_unused_since() -> None:
    stood_for(100)
    counted_for(100)
    decided("t0", days_ago=29)
    decided("t1", days_ago=36)
    found = unused()
    assert "rule-00000" not in found
    assert found["rule-00001"] == "matched no call in 30 days"
    assert found["rule-00002"] == "matched no call in 90 days"


@pytest.mark.parametrize(
    ("published_days", "counted_days"), [(20, 100), (100, 20)], ids=["a young rule", "a young trail"]
)
def test_nothing_is_said_where_it_could_not_have_been_seen(published_days: float, counted_days: float) -> None:
    stood_for(published_days)
    counted_for(counted_days)
    assert unused() == {}


def test_a_rule_that_is_new_changed_or_not_yet_valid_is_not_unused() -> None:
    stood_for(40, rule_00000={"valid_from": "2020-01-01T00:00:00Z"})
    counted_for(40)
    assert set(unused()) == {f"rule-0000{number}" for number in range(4)}
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 5 * DAY))
    said = document(rule_00000={"valid_from": "2020-01-01T00:00:00Z"}, rule_00001={"justification": "Other words"})
    said["rules"].append({**said["rules"][0], "id": "rule-new"})
    replace_draft(actor=COMMAND, document=said)
    assert set(unused()) == {"rule-00000", "rule-00002", "rule-00003"}
    published(said)
    assert set(unused()) == {"rule-00000", "rule-00002", "rule-00003"}, "the others are not 30 days in force"
    published(document(rule_00000={"valid_from": later}))
    backdate(3, days=40)
    assert "rule-00000" not in unused()


def test_page_and_command_say_the_same_and_a_bare_file_nothing(tmp_path: Path) -> None:
    said = stood_for(40)
    counted_for(40)
    decided("t0", "t2", "t3")
    review._kept.forget()
    author: Client = signed_in(staff("policy_author"))
    found = author.get(reverse("admin:review")).context["review"].findings
    assert [one.path for one in found if one.code == "unused"] == ["rules.rule-00001"]
    file = tmp_path / "policy.yaml"
    file.write_text(write_yaml(said), encoding="utf-8")
    for which, expected in (("draft", ["rules.rule-00001"]), ("current", ["rules.rule-00001"]), (str(file), [])):
        out = io.StringIO()
        with contextlib.suppress(SystemExit):
            call_command("policy", "lint", which, "--json", stdout=out)
        lines = [json.loads(line) for line in out.getvalue().splitlines()]
        assert [line["path"] for line in lines if line["code"] == "unused"] == expected


def test_what_cannot_be_read_is_said_and_nobody_counts_as_used_or_unused(monkeypatch: pytest.MonkeyPatch) -> None:
    stood_for(40)

    def away() -> None:
        raise DatabaseError("the trail is away")

    monkeypatch.setattr(selector, "rule_uses", away)
    said = draft_version().document
    found = lint(said, now=time.time(), known=known_beside(said, now=time.time()))
    assert ("incomplete", "rules") in {(one.code, one.path) for one in found}
    assert "the trail is away" in next(one.message for one in found if one.code == "incomplete")
    assert "unused" not in {one.code for one in found}


def test_an_hour_of_decisions_writes_a_rule_once() -> None:
    now = time.time() - 7_200
    recorder = Recorder(document())
    for second in range(0, 3_000, 60):
        recorder.record("t0", {"amount": 0}, at=now + second)
    first, rest = recorder.bodies[:1], recorder.bodies[1:]
    recorder.bodies = first
    recorder.ingest()
    noted = RuleUse.objects.get(rule="rule-00000").last
    recorder.bodies = rest
    recorder.ingest()
    assert RuleUse.objects.get(rule="rule-00000").last == noted
    recorder.bodies = []
    recorder.record("t0", {"amount": 0}, at=now + 4_000)
    recorder.ingest()
    assert RuleUse.objects.get(rule="rule-00000").last > noted
